//! Usage in the directory's database.

use std::time::Duration;

use isogloss_core::Expired;
use isogloss_core::directory::Directory;
use isogloss_core::usage::{ExpiredUse, Observed, UsageBatch, UsageCount, UsageKey, UsageRows};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, query_scalar, raw_sql};
use time::OffsetDateTime;
use time::macros::datetime;

use isogloss_testkit::Postgres;

const START: OffsetDateTime = datetime!(2026-11-26 09:00:00 UTC);

fn key(client: &str) -> UsageKey {
    UsageKey {
        dialect: "toy".to_owned(),
        revision: "v1".to_owned(),
        endpoint: "/v1/login".to_owned(),
        application: None,
        key: Some("a\0 \"label\"".to_owned()),
        client: Some(client.to_owned()),
        user_agent: "okhttp/4".to_owned(),
        network: "192.0.2.0/24".to_owned(),
    }
}

fn call(minute: u64, refused: bool, user: u64) -> UsageCount {
    UsageCount::one(&Observed {
        at: START + Duration::from_mins(minute),
        refused,
        is_login: !refused,
        user: Some(user),
        expired: None,
    })
}

/// Returns the count of a refused call without a user. Its token expired `age` seconds ago; there is no expired token
/// if `age` is `None`.
fn refused(age: Option<u64>) -> UsageCount {
    UsageCount::one(&Observed {
        at: START + Duration::from_mins(9),
        refused: true,
        is_login: false,
        user: None,
        expired: age.map(|age| Expired {
            age: Duration::from_secs(age),
            first: age < 4_000,
        }),
    })
}

fn batch(rows: impl Iterator<Item = (UsageKey, UsageCount)>) -> UsageBatch {
    rows.collect::<UsageRows>().into()
}

async fn what_two_gateways_add_adds_up(directory: &dyn Directory) {
    assert_eq!(directory.usage(START).await.unwrap(), UsageRows::default());
    directory
        .add_usage(&UsageRows::default().into(), 10)
        .await
        .unwrap();
    let one = UsageRows::from_iter([
        (key("desk"), call(5, false, 1)),
        (key("lab"), call(1, true, 1)),
    ]);
    let other = UsageRows::from_iter([(key("desk"), call(3, true, 2))]);
    let (one, other) = (one.into(), other.into());
    let (one, other) = tokio::join!(
        directory.add_usage(&one, 10),
        directory.add_usage(&other, 10)
    );
    one.and(other).unwrap();

    let rows = directory.usage(START).await.unwrap();
    assert_eq!(rows.len(), 2);
    let desk = rows
        .iter()
        .find(|(key, _)| key.client.as_deref() == Some("desk"));
    let (found, count) = desk.unwrap();
    assert_eq!(found.key.as_deref(), Some("a\u{FFFD} \"label\""));
    let mut expected = call(5, false, 1);
    expected.add(&call(3, true, 2));
    expected.logins = 0;
    assert_eq!(*count, expected);
    assert_eq!((count.calls, count.refused, count.users.count()), (2, 1, 2));
}

async fn old_rows_are_left_out_and_removed(directory: &dyn Directory) {
    let late = START + Duration::from_mins(2);
    assert_eq!(directory.usage(late).await.unwrap().len(), 1);
    assert_eq!(directory.remove_usage(late).await.unwrap(), 1);
    assert_eq!(directory.usage(START).await.unwrap().len(), 1);
}

async fn the_table_has_an_end(directory: &dyn Directory) {
    for number in 0..5 {
        let rows = (0..10).map(|n| (key(&format!("c{number}-{n}")), call(9, false, n)));
        directory.add_usage(&batch(rows), 20).await.unwrap();
    }
    let rows = directory.usage(START).await.unwrap();
    assert_eq!(rows.len(), 21);
    let rest = &rows[&key("").rest()];
    assert_eq!((rest.calls, rest.users.count()), (31, 10));
}

async fn unknown_clients_share_a_row_and_take_no_room(directory: &dyn Directory) {
    let scanner = |number| UsageKey {
        user_agent: format!("Scanner/{number}"),
        client: None,
        ..key("")
    };
    for _ in 0..2 {
        let rows = (0..50).map(|number| (scanner(number), refused(None)));
        directory.add_usage(&batch(rows), 20).await.unwrap();
    }
    let rows = directory.usage(START).await.unwrap();
    assert_eq!(rows.len(), 22);
    let unknown = &rows[&key("").unknown()];
    assert_eq!((unknown.calls, unknown.users.count()), (100, 0));
    // In the meantime, a user has logged in with this client.
    let login = UsageRows::from_iter([(scanner(7), call(9, false, 1))]);
    directory.add_usage(&login.into(), 30).await.unwrap();
    let again = UsageRows::from_iter([(scanner(7), refused(None))]);
    directory.add_usage(&again.into(), 30).await.unwrap();
    let rows = directory.usage(START).await.unwrap();
    let known = rows.iter().find(|(key, _)| key.user_agent == "Scanner/7");
    assert_eq!(
        known.map(|(_, count)| (count.calls, count.refused)),
        Some((2, 1))
    );
}

async fn refusals_of_a_known_place_are_counted_there(directory: &dyn Directory) {
    let unnamed = UsageKey {
        endpoint: "/v1/logout".to_owned(),
        client: None,
        ..key("")
    };
    for age in [3_700, 6_900, 5_000] {
        let rows = UsageRows::from_iter([(unnamed.clone(), refused(Some(age)))]);
        directory.add_usage(&rows.into(), 100).await.unwrap();
    }
    let rows = directory.usage(START).await.unwrap();
    let found = rows.iter().find(|(key, _)| key.endpoint == "/v1/logout");
    let (key, count) = found.unwrap();
    assert_eq!(key.user_agent, "okhttp/4");
    let expected = ExpiredUse {
        tokens: 1,
        calls: 3,
        youngest: Some(3_700),
        oldest: Some(6_900),
    };
    assert_eq!((count.calls, count.expired), (3, expected));
}

pub(super) async fn the_contract_holds(directory: &dyn Directory) {
    what_two_gateways_add_adds_up(directory).await;
    old_rows_are_left_out_and_removed(directory).await;
    the_table_has_an_end(directory).await;
    unknown_clients_share_a_row_and_take_no_room(directory).await;
    refusals_of_a_known_place_are_counted_there(directory).await;
    assert_ne!(
        directory
            .remove_usage(datetime!(2100-01-01 0:00 UTC))
            .await
            .unwrap(),
        0
    );
    super::usage_clients::hold(directory).await;
}

/// Rows as the previous release wrote them: a scanner with a published key was known.
const WRITTEN_BEFORE: &str = "
    INSERT INTO usage (id, dialect, revision, endpoint, key_label, user_agent, network, known,
                       first_seen, last_seen, calls, refused, users)
    VALUES ('scanner', 'toy', 'v1', '/a', 'published', 'Scanner/1', '192.0.2.0/24', TRUE, 1, 1, 1, 1, EMPTY),
           ('client', 'toy', 'v1', '/a', 'published', 'okhttp/4', '192.0.2.0/24', TRUE, 1, 1, 1, 0, SOMEBODY),
           ('refused', 'toy', 'v1', '/b', NULL, 'okhttp/4', '192.0.2.0/24', FALSE, 1, 1, 1, 1, EMPTY);
    UPDATE usage SET known = TRUE WHERE id = 'refused';
";

/// Returns the statements that create the former table, insert these rows, and migrate the table to this release.
fn steps(made: &str, changed: &str, (empty, somebody): (&str, &str)) -> [AssertSqlSafe<String>; 3] {
    let written = WRITTEN_BEFORE.replace("EMPTY", empty);
    let written = written.replace("SOMEBODY", somebody);
    [made.to_owned(), written, changed.to_owned()].map(AssertSqlSafe)
}

const KNOWN: &str = "SELECT id FROM usage WHERE known AND expired_calls = 0 ORDER BY id";

#[tokio::test]
async fn a_table_of_the_release_before_keeps_its_known_clients_in_sqlite() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let steps = steps(
        include_str!("../../migrations/sqlite/0005_usage.sql"),
        include_str!("../../migrations/sqlite/0008_usage_of_known_clients.sql"),
        ("X'01'", "X'010000000000000001'"),
    );
    for step in steps {
        raw_sql(step).execute(&mut connection).await.unwrap();
    }
    let known: Vec<String> = query_scalar(KNOWN)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(known, ["client", "refused"]);
}

#[tokio::test]
async fn a_table_of_the_release_before_keeps_its_known_clients_in_postgres() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let mut connection = PgConnection::connect(&address).await.unwrap();
    let steps = steps(
        include_str!("../../migrations/postgres/0005_usage.sql"),
        include_str!("../../migrations/postgres/0008_usage_of_known_clients.sql"),
        ("'\\x01'", "'\\x010000000000000001'"),
    );
    for step in steps {
        raw_sql(step).execute(&mut connection).await.unwrap();
    }
    let known: Vec<String> = query_scalar(KNOWN)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(known, ["client", "refused"]);
}
