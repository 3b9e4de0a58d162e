//! Counts of days in the directory's database.

use std::time::Duration;

use isogloss_core::directory::Directory;
use isogloss_core::usage::{
    DayFilter, Observed, UNKNOWN, UsageBatch, UsageCount, UsageDay, UsageKey, UsageRows,
};
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};

const NOON: OffsetDateTime = datetime!(2026-11-26 12:00 UTC);

fn key(dialect: &str, endpoint: &str, client: &str) -> UsageKey {
    UsageKey {
        dialect: dialect.to_owned(),
        revision: "v1".to_owned(),
        endpoint: endpoint.to_owned(),
        application: None,
        key: Some("la\0bel".to_owned()),
        client: Some(client.to_owned()),
        user_agent: format!("{client}/1"),
        network: "192.0.2.0/24".to_owned(),
    }
}

fn call(hours: u64, user: Option<u64>, is_login: bool) -> UsageCount {
    UsageCount::one(&Observed {
        at: NOON + Duration::from_hours(hours),
        refused: user.is_none(),
        is_login,
        user,
        expired: None,
    })
}

fn batch(rows: impl IntoIterator<Item = (UsageKey, UsageCount)>) -> UsageBatch {
    let mut batch = UsageBatch::new(1_000, 3);
    batch.add(rows.into_iter().collect::<UsageRows>());
    batch
}

fn filter(dialect: Option<&str>, is_by_client: bool) -> DayFilter {
    DayFilter {
        dialect: dialect.map(str::to_owned),
        since: date!(2026 - 11 - 01),
        until: Date::MAX,
        is_by_client,
        after: None,
        limit: 1_000,
    }
}

/// Returns the numbers of a day: calls, refused ones, logins, clients and users.
fn numbers(day: &UsageDay) -> (u64, u64, u64, u64, u64) {
    (
        day.calls,
        day.refused,
        day.logins,
        day.clients,
        day.users.count(),
    )
}

async fn calls_add_up_by_day_whichever_endpoint_they_were_to(directory: &dyn Directory) {
    let first = batch([
        (key("day", "/login", "desk"), call(0, Some(1), true)),
        (key("day", "/me", "desk"), call(1, Some(1), false)),
        (key("day", "/me", "lab"), call(13, Some(2), false)),
    ]);
    let second = batch([
        (key("day", "/me", "desk"), call(2, Some(2), false)),
        (key("day", "/login", "scan"), call(3, None, false)),
        (key("night", "/me", "desk"), call(3, Some(9), false)),
    ]);
    let (first, second) = tokio::join!(
        directory.add_usage(&first, 10),
        directory.add_usage(&second, 10)
    );
    first.and(second).unwrap();
    let days = directory.usage_days(&filter(Some("day"), false)).await;
    let days = days.unwrap();
    assert_eq!(days.len(), 2);
    assert_eq!(days[0].day, date!(2026 - 11 - 26));
    assert_eq!(days[0].client, None);
    assert_eq!(numbers(&days[0]), (4, 1, 1, 1, 2));
    assert_eq!(days[0].last_served, Some(NOON + Duration::from_hours(2)));
    assert_eq!(numbers(&days[1]), (1, 0, 0, 1, 1));
    assert_eq!(
        directory
            .usage_days(&filter(None, false))
            .await
            .unwrap()
            .len(),
        3
    );
    let clients = directory
        .usage_days(&filter(Some("day"), true))
        .await
        .unwrap();
    let of_desk = |day: &&UsageDay| {
        let client = day.client.as_ref().unwrap();
        client.client.as_deref() == Some("desk")
    };
    let desk = clients.iter().find(of_desk).unwrap();
    assert_eq!(numbers(desk), (3, 0, 1, 1, 2));
    let client = desk.client.as_ref().unwrap();
    assert_eq!(
        (client.key.as_deref(), client.endpoint.as_str()),
        (Some("la\u{FFFD}bel"), "")
    );
    let of_unknown = |day: &&UsageDay| day.client.as_ref().unwrap().user_agent == UNKNOWN;
    let unknown = clients.iter().find(of_unknown).unwrap();
    assert_eq!(numbers(unknown), (1, 1, 0, 0, 0));
}

async fn a_day_has_an_end(directory: &dyn Directory) {
    for round in 0..3 {
        let rows = (0..3).map(|n| {
            (
                key("many", "/me", &format!("c{round}{n}")),
                call(0, Some(n), false),
            )
        });
        directory.add_usage(&batch(rows), 1_000).await.unwrap();
        let rows = (0..50).map(|n| {
            (
                key("many", "/me", &format!("s{round}{n}")),
                call(0, None, false),
            )
        });
        directory.add_usage(&batch(rows), 1_000).await.unwrap();
    }
    let clients = directory
        .usage_days(&filter(Some("many"), true))
        .await
        .unwrap();
    // Three clients, and the two rows that all others share.
    assert_eq!(clients.len(), 5);
    let all = directory
        .usage_days(&filter(Some("many"), false))
        .await
        .unwrap();
    assert_eq!(numbers(&all[0]), (159, 150, 0, 3, 3));
}

async fn days_are_paged_and_removed(directory: &dyn Directory) {
    let all = directory.usage_days(&filter(None, true)).await.unwrap();
    let mut paged = Vec::new();
    let mut page = DayFilter {
        limit: 2,
        ..filter(None, true)
    };
    loop {
        let found = directory.usage_days(&page).await.unwrap();
        let Some(last) = found.last() else { break };
        page.after = Some(last.cursor.clone());
        paged.extend(found);
    }
    assert_eq!(paged, all);
    let last = directory
        .last_uses(&["day".to_owned(), "never".to_owned()])
        .await
        .unwrap();
    assert_eq!(last[0].counted_since, Some(date!(2026 - 11 - 26)));
    assert_eq!(last[0].last_served, Some(NOON + Duration::from_hours(13)));
    assert_eq!((last[1].counted_since, last[1].last_used), (None, None));
    assert_ne!(
        directory
            .remove_usage_days(date!(2026 - 11 - 27))
            .await
            .unwrap(),
        0
    );
    let left = directory.usage_days(&filter(None, false)).await.unwrap();
    assert_eq!(left.len(), 1);
    directory
        .remove_usage_days(date!(2027 - 01 - 01))
        .await
        .unwrap();
}

pub(super) async fn the_contract_holds(directory: &dyn Directory) {
    directory.remove_usage_days(Date::MAX).await.unwrap();
    calls_add_up_by_day_whichever_endpoint_they_were_to(directory).await;
    a_day_has_an_end(directory).await;
    days_are_paged_and_removed(directory).await;
    directory
        .remove_usage(datetime!(2100-01-01 0:00 UTC))
        .await
        .unwrap();
}
