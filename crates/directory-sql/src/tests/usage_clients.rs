//! Sums and pages of the clients in the table of usage, tested with each backend.

use std::time::Duration;

use isogloss_core::directory::Directory;
use isogloss_core::usage::{
    ClientPage, ClientPattern, Observed, UsageCount, UsageKey, UsageRows, UsageSummary,
};
use time::OffsetDateTime;
use time::macros::datetime;

const START: OffsetDateTime = datetime!(2026-11-26 09:00:00 UTC);

fn at(minute: u64) -> OffsetDateTime {
    START + Duration::from_mins(minute)
}

fn key(client: Option<&str>, endpoint: &str) -> UsageKey {
    UsageKey {
        dialect: "paged".to_owned(),
        revision: "v1".to_owned(),
        endpoint: endpoint.to_owned(),
        application: None,
        key: None,
        client: client.map(str::to_owned),
        user_agent: "okhttp/4".to_owned(),
        network: "192.0.2.0/24".to_owned(),
    }
}

fn call(minute: u64, refused: bool, user: Option<u64>) -> UsageCount {
    UsageCount::one(&Observed {
        at: at(minute),
        refused,
        is_login: !refused,
        user,
        expired: None,
    })
}

/// Returns the page of the dialect with at most two clients.
fn page() -> ClientPage {
    ClientPage {
        dialect: "paged".to_owned(),
        attributes: ClientPattern::default(),
        served_since: None,
        after: 0,
        limit: 2,
    }
}

/// Returns the clients and endpoints of a page, in the order of their names.
async fn found(directory: &dyn Directory, page: &ClientPage) -> Vec<(String, String)> {
    let rows = directory.usage_of_clients(page).await.unwrap();
    let name = |key: &UsageKey| key.client.clone().unwrap_or_else(|| key.user_agent.clone());
    let mut rows: Vec<_> = rows
        .keys()
        .map(|key| (name(key), key.endpoint.clone()))
        .collect();
    rows.sort();
    rows
}

fn named(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    let rows = rows.iter();
    rows.map(|(client, endpoint)| ((*client).to_owned(), (*endpoint).to_owned()))
        .collect()
}

/// Checks sums and pages. Removes all usage before and after.
pub(super) async fn hold(directory: &dyn Directory) {
    let end = datetime!(2100-01-01 0:00 UTC);
    directory.remove_usage(end).await.unwrap();
    let other = UsageKey {
        dialect: "another".to_owned(),
        ..key(Some("desk"), "/login")
    };
    let scanner = UsageKey {
        user_agent: "Scanner/1".to_owned(),
        ..key(None, "/login")
    };
    let unnamed = key(None, "/login");
    let rows = UsageRows::from_iter([
        (key(Some("desk"), "/login"), call(1, false, Some(1))),
        (key(Some("desk"), "/logout"), call(9, true, Some(1))),
        (key(Some("lab"), "/login"), call(5, true, Some(2))),
        (unnamed, call(3, false, Some(3))),
        (scanner.clone(), call(7, true, None)),
        (
            UsageKey {
                endpoint: "/other".to_owned(),
                ..scanner
            },
            call(6, true, None),
        ),
        (other, call(2, false, Some(1))),
    ]);
    directory.add_usage(&rows.into(), 100).await.unwrap();

    let summaries = directory.usage_summaries().await.unwrap();
    let paged = UsageSummary {
        dialect: "paged".to_owned(),
        // The scanner's two rows are of one client, as are the desk's.
        clients: 4,
        served_clients: 2,
        calls: 6,
        refused: 4,
        last_seen: at(9),
        last_served: Some(at(3)),
    };
    let dialects: Vec<_> = summaries.iter().map(|sum| sum.dialect.as_str()).collect();
    assert_eq!(dialects, ["another", "paged"]);
    assert_eq!(summaries[1], paged);

    let first = found(directory, &page()).await;
    let scanner = [("(unknown)", "/login"), ("(unknown)", "/other")];
    let desk = [("desk", "/login"), ("desk", "/logout")];
    assert_eq!(first, named(&[scanner, desk].concat()));
    let second = ClientPage { after: 2, ..page() };
    let second = found(directory, &second).await;
    assert_eq!(second, named(&[("lab", "/login"), ("okhttp/4", "/login")]));
    let served = ClientPage {
        served_since: Some(at(2)),
        ..page()
    };
    assert_eq!(
        found(directory, &served).await,
        named(&[("okhttp/4", "/login")])
    );
    let of_lab = ClientPage {
        attributes: ClientPattern {
            client: Some("lab".to_owned()),
            user_agent: Some("okhttp/4".to_owned()),
            ..ClientPattern::default()
        },
        ..page()
    };
    assert_eq!(found(directory, &of_lab).await, named(&[("lab", "/login")]));
    directory.remove_usage(end).await.unwrap();
    assert_eq!(directory.usage_summaries().await.unwrap(), []);
}
