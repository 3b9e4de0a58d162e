//! Whether searches for users and events read tables through indexes.

use std::path::Path;

use isogloss_core::audit::{EventCursor, EventFilter, EventKind, EventSearch, Outcome, Subject};
use isogloss_core::directory::{Directory, UserFilter, UserSearch};
use isogloss_core::{Role, UserState};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, Postgres, QueryBuilder, query, query_scalar, raw_sql};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{names, search};
use crate::{postgres, sqlite};

/// So many rows that reading a table as a whole takes longer than an index.
const POSTGRES: &str = "
    INSERT INTO users (id, number, user_name, first_name, last_name, image_url, role, organisation_id, disabled,
                       password_hash, generation, last_login_at)
    SELECT gen_random_uuid(), 1000 + n, 'user' || n, 'First' || n, 'Last' || n, '', 'LINGUIST', o.id, FALSE, '', 0, 1
    FROM organisations AS o, generate_series(1, 20000) AS n;
    INSERT INTO logins (login, user_id) SELECT user_name, id FROM users WHERE user_name LIKE 'user%';
    INSERT INTO audit (time, event, user_id, line, outcome, dialect, source)
    SELECT n, 'login', 'u' || n % 100, '{}', CASE n % 9 WHEN 0 THEN 'refused' ELSE 'done' END, 'd' || n % 4,
           '192.0.2.' || n % 200
    FROM generate_series(1, 20000) AS n;
    ANALYZE;";

const SQLITE: &str = "
    INSERT INTO users (id, number, user_name, first_name, last_name, image_url, role, organisation, disabled,
                       password_hash, generation, last_login_at)
    WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 20000)
    SELECT hex(randomblob(16)), 1000 + n, 'user' || n, 'First' || n, 'Last' || n, '', 'LINGUIST', o.id, 0, '', 0, 1
    FROM organisations AS o, counted;
    INSERT INTO logins (login, user) SELECT user_name, id FROM users WHERE user_name LIKE 'user%';";

/// Returns searches with one condition each, of which no one may read more than it finds.
fn event_searches() -> Vec<EventSearch> {
    let all = EventSearch::from(EventFilter {
        who: None,
        event: None,
        since: Some(OffsetDateTime::UNIX_EPOCH),
        limit: 20,
    });
    let with = |filter: EventFilter| EventSearch {
        filter,
        ..all.clone()
    };
    vec![
        all.clone(),
        EventSearch {
            after: Some(EventCursor { time: 9_000, id: 5 }),
            ..all.clone()
        },
        with(EventFilter {
            event: Some(EventKind::Login),
            ..all.filter.clone()
        }),
        with(EventFilter {
            who: Some(Subject {
                user: Some(Uuid::from_u128(1)),
                name_hashes: vec![[7; 16].into(), [8; 16].into()],
            }),
            ..all.filter.clone()
        }),
        EventSearch {
            outcome: Some(Outcome::Refused),
            ..all.clone()
        },
        EventSearch {
            dialect: Some("d1".to_owned()),
            ..all.clone()
        },
        EventSearch {
            source: Some("192.0.2.7".to_owned()),
            ..all.clone()
        },
    ]
}

/// Returns filters of lists of users with one condition each, which few users fulfil.
fn filters() -> Vec<UserFilter> {
    let none = UserFilter::default();
    vec![
        none.clone(),
        UserFilter {
            organisation: Some(Uuid::from_u128(7)),
            ..none.clone()
        },
        UserFilter {
            role: Some(Role::Admin),
            ..none.clone()
        },
        UserFilter {
            state: Some(UserState::Disabled),
            ..none.clone()
        },
        UserFilter {
            authority: Some("corp".to_owned()),
            ..none.clone()
        },
        UserFilter {
            never_logged_in: true,
            ..none
        },
    ]
}

async fn all_are_found(directory: &dyn Directory) {
    let of_many = UserSearch {
        limit: 700,
        ..search("last")
    };
    assert_eq!(names(directory, of_many).await.len(), 20_000);
    let of_few = search("user1999");
    assert_eq!(names(directory, of_few).await.len(), 11);
}

pub(super) async fn hold_in_postgres(directory: &dyn Directory, address: &str) {
    let mut connection = PgConnection::connect(address).await.unwrap();
    raw_sql(POSTGRES).execute(&mut connection).await.unwrap();
    all_are_found(directory).await;
    let statements = [postgres::user_search::LOGINS].into_iter();
    for statement in statements.chain(postgres::user_search::NAMES) {
        let explained = format!("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {statement}");
        // Of nothing that there is, at the end of each index.
        let plan: Vec<String> = query_scalar(AssertSqlSafe(explained))
            .bind(vec!["zzz".to_owned(), "zzzz".to_owned()])
            .bind(vec![i64::MIN; 2])
            .bind(vec!["zzz~".to_owned(), "zzzz~".to_owned()])
            .bind(256_i64)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let buffers = plan.iter().find_map(|line| pages(line));
        let plan = plan.join("\n");
        assert!(plan.contains("Index Cond"), "{statement}:\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{statement}:\n{plan}");
        assert!(
            buffers.is_some_and(|pages| pages < 20),
            "{statement}:\n{plan}"
        );
    }
    for filter in filters() {
        let statement = postgres::read::users_statement("EXPLAIN (COSTS OFF) ", &filter, (0, 20));
        let plan = explained(&mut connection, statement).await;
        assert!(!plan.contains("Seq Scan on users"), "{filter:?}:\n{plan}");
        assert!(!plan.contains("Sort"), "{filter:?}:\n{plan}");
        let is_filtered = filter != UserFilter::default();
        let reads_number = plan.contains("users_number_key");
        assert!(!(is_filtered && reads_number), "{filter:?}:\n{plan}");
    }
    for search in event_searches() {
        let statement = postgres::audit_search::statement("EXPLAIN (COSTS OFF) ", &search);
        let plan = explained(&mut connection, statement).await;
        assert!(!plan.contains("Seq Scan"), "{search:?}:\n{plan}");
        let is_sorted = search.filter.who.is_none() && plan.contains("Sort");
        assert!(!is_sorted, "{search:?}:\n{plan}");
    }
}

/// Returns the lines that PostgreSQL returns for an `EXPLAIN`.
async fn explained(connection: &mut PgConnection, mut statement: QueryBuilder<Postgres>) -> String {
    let lines = statement.build_query_scalar().fetch_all(connection).await;
    let lines: Vec<String> = lines.unwrap();
    lines.join("\n")
}

/// Returns the number of pages in a line of a plan such as `Buffers: shared hit=3 read=1`. `None` for other lines.
fn pages(line: &str) -> Option<u64> {
    let counts = line.trim().strip_prefix("Buffers: shared ")?.split(' ');
    let counts = counts.filter_map(|count| count.split_once('=')?.1.parse::<u64>().ok());
    Some(counts.sum())
}

pub(super) async fn hold_in_sqlite(directory: &dyn Directory, file: &Path) {
    let address = format!("sqlite:{}", file.display());
    let mut connection = SqliteConnection::connect(&address).await.unwrap();
    raw_sql(SQLITE).execute(&mut connection).await.unwrap();
    all_are_found(directory).await;
    let statements = [sqlite::user_search::LOGINS].into_iter();
    for statement in statements.chain(sqlite::user_search::NAMES) {
        let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let rows = query(explained).fetch_all(&mut connection).await.unwrap();
        judge(statement, &rows, true);
    }
    for filter in filters() {
        let mut statement = sqlite::read::users_statement("EXPLAIN QUERY PLAN ", &filter, (0, 20));
        let rows = statement.build().fetch_all(&mut connection).await.unwrap();
        judge(&format!("{filter:?}"), &rows, true);
    }
    for search in event_searches() {
        let mut statement = sqlite::audit_search::statement("EXPLAIN QUERY PLAN ", &search);
        let rows = statement.build().fetch_all(&mut connection).await.unwrap();
        let is_merged = search.filter.who.is_some();
        judge(&format!("{search:?}"), &rows, !is_merged);
    }
    connection.close().await.unwrap();
}

/// Checks that no table is read as a whole, and, unless parts are merged, that no rows are sorted.
fn judge(what: &str, rows: &[sqlx::sqlite::SqliteRow], is_ordered: bool) {
    use sqlx::Row as _;
    let steps = rows.iter().map(|row| row.get::<String, _>("detail"));
    let plan: Vec<String> = steps.collect();
    for step in &plan {
        let is_scan = step.starts_with("SCAN audit")
            || step.starts_with("SCAN users")
            || step.starts_with("SCAN l");
        assert!(!is_scan || step.contains("USING"), "{what}: {plan:?}");
        let is_sorted = is_ordered && step.contains("TEMP B-TREE");
        assert!(!is_sorted, "{what}: {plan:?}");
    }
    assert!(
        plan.iter()
            .any(|step| step.contains("INDEX") || step.contains("PRIMARY KEY")),
        "{what}: {plan:?}"
    );
}
