//! Tests of reports from given rows.

use isogloss_core::Expired;
use isogloss_core::usage::Observed;
use time::Duration;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-26 12:00 UTC);

fn row(
    endpoint: &str,
    user_agent: &str,
    ago: Duration,
    user: Option<u64>,
) -> (UsageKey, UsageCount) {
    let key = UsageKey {
        dialect: "toy".to_owned(),
        revision: "v1".to_owned(),
        endpoint: endpoint.to_owned(),
        application: None,
        key: None,
        client: None,
        user_agent: user_agent.to_owned(),
        network: "192.0.2.0/24".to_owned(),
    };
    let count = UsageCount::one(&Observed {
        at: NOW - ago,
        refused: user.is_none(),
        is_login: false,
        user,
        expired: None,
    });
    (key, count)
}

fn toy(rows: Vec<(UsageKey, UsageCount)>) -> Report {
    let rows = rows.into_iter().collect();
    reports(rows, &[], &[("toy".to_owned(), true)], NOW).remove(0)
}

#[test]
fn the_verdict_outlasts_the_rows_of_the_clients() {
    let with = |served: Option<Duration>, used: Option<Duration>| {
        let last = LastUse {
            dialect: "toy".to_owned(),
            counted_since: Some(time::macros::date!(2026 - 01 - 02)),
            last_served: served.map(|ago| NOW - ago),
            last_used: used.map(|ago| NOW - ago),
        };
        let dialects = [("toy".to_owned(), true)];
        reports(UsageRows::default(), &[last], &dialects, NOW).remove(0)
    };
    let (days, hours) = (Duration::days, Duration::hours);
    let old = with(Some(days(43)), Some(days(44)));
    assert_eq!(old.verdict, "no clients for 43 days");
    assert_eq!(old.counted_since.as_deref(), Some("2026-01-02"));
    assert_eq!(
        with(Some(days(43)), Some(hours(3))).verdict,
        "last used 3 hours ago, by clients that are no longer listed"
    );
    assert_eq!(with(None, None).verdict, "no clients counted");
}

#[test]
fn the_verdict_is_about_who_was_let_in() {
    let minutes = |minutes| Duration::minutes(minutes);
    assert_eq!(toy(vec![]).verdict, "no clients counted");
    let scanned = toy(vec![row("/", "Scanner/1", minutes(2), None)]);
    assert_eq!(
        scanned.verdict,
        "no successful logins: 1 call refused, the last one 2 minutes ago"
    );
    let old = toy(vec![
        row("/", "Scanner/1", minutes(2), None),
        row("/", "okhttp/4", Duration::days(43), Some(1)),
    ]);
    assert_eq!(old.verdict, "no clients for 43 days (1 client before that)");
    let used = toy(vec![
        row("/a", "okhttp/4", minutes(2), Some(1)),
        row("/b", "okhttp/4", minutes(1), Some(2)),
        row("/b", "okhttp/3", Duration::seconds(1), Some(2)),
    ]);
    assert_eq!(used.verdict, "2 clients, 2 users, last seen 1 second ago");
    let clients: Vec<_> = used
        .clients
        .iter()
        .map(|c| (c.user_agent.as_str(), c.users))
        .collect();
    assert_eq!(clients, [("okhttp/3", 1), ("okhttp/4", 2)]);
    assert_eq!(used.clients[1].endpoints, ["/a", "/b"]);
}

#[test]
fn calls_of_unknown_clients_keep_no_dialect_alive() {
    let (key, _) = row("/", "Scanner/1", Duration::ZERO, None);
    let served = UsageCount::one(&Observed {
        at: NOW,
        refused: false,
        is_login: false,
        user: None,
        expired: None,
    });
    let report = toy(vec![
        (key.unknown(), served),
        row("/", "okhttp/4", Duration::days(43), Some(1)),
    ]);
    assert_eq!(
        report.verdict,
        "no clients for 43 days (1 client before that)"
    );
    let last_served = report.last_served.as_deref();
    assert_eq!(last_served, Some("2026-10-14T12:00:00Z"));
}

#[test]
fn a_client_whose_tokens_end_before_it_renews_them_gets_a_hint() {
    let presented = |ages: &[(u64, bool)]| {
        let (key, mut count) = row("/", "okhttp/4", Duration::ZERO, Some(1));
        for (age, first) in ages {
            count.record(&Observed {
                at: NOW,
                refused: true,
                is_login: false,
                user: None,
                expired: Some(Expired {
                    age: std::time::Duration::from_secs(*age),
                    first: *first,
                }),
            });
        }
        toy(vec![(key, count)]).clients.remove(0).hint
    };
    // Each token once: the client logs in as soon as it is refused.
    assert_eq!(presented(&[]), None);
    assert_eq!(presented(&[(3_700, true), (90_000, true)]), None);
    assert_eq!(
        presented(&[(3_660, true), (6_990, false)]).unwrap(),
        "2 calls with 1 token that had expired, 3660 to 6990 seconds after issue: the client may \
         expect a longer lifetime"
    );
}

#[test]
fn a_dialect_that_is_not_in_the_table_is_reported_too() {
    let found = reports(UsageRows::default(), &[], &[("toy".to_owned(), false)], NOW);
    assert_eq!(found.len(), 1);
    assert!(!found[0].enabled);
}
