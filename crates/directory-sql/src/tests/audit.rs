//! The audit log in the directory's database.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use isogloss_core::audit::{
    Audit, AuditTable, Event, EventActor, EventFilter, EventKind, EventSearch, Outcome, Subject,
    TableSink, prune,
};
use isogloss_core::directory::Directory;
use isogloss_core::{ClientIp, TokenDigest};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

const START: OffsetDateTime = datetime!(2026-11-22 09:00:00 UTC);
const ADA: Uuid = Uuid::from_u128(1);
const ADMIN: Uuid = Uuid::from_u128(2);
const HASH: [u8; 16] = [7; 16];

const ALL: EventFilter = EventFilter {
    who: None,
    event: None,
    since: None,
    limit: 10_000,
};

fn event(kind: EventKind, second: u64) -> Event {
    Event::new(kind, START + Duration::from_secs(second))
}

fn events() -> Vec<Arc<Event>> {
    let events = [
        Event {
            user: Some(ADA),
            client: Some("a\0 \"client\"".to_owned()),
            ..event(EventKind::Login, 0)
        },
        Event {
            name_hash: Some(TokenDigest::from(HASH)),
            ..event(EventKind::Login, 1)
        },
        Event {
            actor: Some(EventActor::User(ADMIN)),
            user: Some(ADA),
            ..event(EventKind::Impersonate, 2)
        },
        Event {
            actor: Some(EventActor::CommandLine),
            user: Some(ADMIN),
            ..event(EventKind::DisableUser, 2)
        },
    ];
    events.map(Arc::new).into()
}

async fn find(directory: &dyn Directory, filter: EventFilter) -> Vec<String> {
    directory.find_events(&filter).await.unwrap()
}

/// Returns the lines of the selected events.
fn lines(events: &[Arc<Event>], which: &[usize]) -> Vec<String> {
    which.iter().map(|number| events[*number].line()).collect()
}

async fn events_are_found_by_what_is_asked(directory: &dyn Directory) {
    let events = events();
    assert_eq!(find(directory, ALL).await, [""; 0]);
    directory.insert_events(Vec::new()).await.unwrap();
    directory.insert_events(events.clone()).await.unwrap();
    let by = |user: Option<Uuid>, hashes: &[[u8; 16]]| {
        let name_hashes = hashes.iter().copied().map(TokenDigest::from).collect();
        Some(Subject { user, name_hashes })
    };
    for (filter, expected) in [
        (ALL, &[3, 2, 1, 0][..]),
        (EventFilter { limit: 2, ..ALL }, &[3, 2]),
        (
            EventFilter {
                event: Some(EventKind::Login),
                ..ALL
            },
            &[1, 0],
        ),
        (
            EventFilter {
                since: Some(START + Duration::from_secs(1)),
                ..ALL
            },
            &[3, 2, 1],
        ),
        (
            EventFilter {
                who: by(Some(ADA), &[]),
                ..ALL
            },
            &[2, 0],
        ),
        (
            EventFilter {
                who: by(Some(ADMIN), &[]),
                ..ALL
            },
            &[3, 2],
        ),
        (
            EventFilter {
                who: by(Some(ADA), &[[1; 16], HASH]),
                event: Some(EventKind::Login),
                ..ALL
            },
            &[1, 0],
        ),
        (
            EventFilter {
                who: by(None, &[]),
                ..ALL
            },
            &[],
        ),
    ] {
        let found = find(directory, filter.clone()).await;
        assert_eq!(found, lines(&events, expected), "{filter:?}");
    }
}

async fn old_events_are_removed_in_steps(directory: &dyn Directory) {
    let before = START + Duration::from_secs(2);
    assert_eq!(directory.remove_events(before, 1).await.unwrap(), 1);
    assert_eq!(
        find(directory, ALL).await,
        lines(&events(), &[3, 2, 1]),
        "the oldest goes first"
    );
    let many: Vec<_> = (0..1100)
        .map(|_| Arc::new(event(EventKind::Issue, 0)))
        .collect();
    directory.insert_events(many).await.unwrap();
    let removed = prune(directory, before).await.unwrap();
    assert_eq!(removed, 1101);
    assert_eq!(find(directory, ALL).await, lines(&events(), &[3, 2]));
    assert_eq!(prune(directory, before).await.unwrap(), 0);
}

/// Returns the counts of the events on all pages of a search, two at a time.
async fn counts(directory: &dyn Directory, search: EventSearch) -> Vec<u64> {
    let mut counts = Vec::new();
    let mut page = EventSearch {
        filter: EventFilter {
            limit: 2,
            ..search.filter.clone()
        },
        ..search
    };
    loop {
        let found = directory.search_events(&page).await.unwrap();
        let Some(last) = found.last() else {
            return counts;
        };
        page.after = Some(last.cursor);
        for event in found {
            let event: serde_json::Value = serde_json::from_str(&event.line).unwrap();
            counts.push(event["count"].as_u64().unwrap());
        }
    }
}

async fn events_are_searched_page_by_page(directory: &dyn Directory) {
    let source = |last: u8| ClientIp::from(IpAddr::from([192, 0, 2, last]));
    let events = (0..7_u8).map(|number| Event {
        outcome: if number % 2 == 0 {
            Outcome::Done
        } else {
            Outcome::Refused
        },
        dialect: Some(if number < 4 { "toy" } else { "day" }.to_owned()),
        source: Some(source(number / 3)),
        count: Some(number.into()),
        user: Some(ADMIN),
        // Some happen at the same time.
        ..event(EventKind::Email, 100 + u64::from(number / 2))
    });
    directory
        .insert_events(events.map(Arc::new).collect())
        .await
        .unwrap();
    let all = EventSearch::from(EventFilter {
        event: Some(EventKind::Email),
        ..ALL
    });
    let outcome = Some(Outcome::Refused);
    let dialect = Some("toy".to_owned());
    let from = Some(source(1).to_string());
    let until = Some(START + Duration::from_secs(102));
    let who = Some(Subject {
        user: Some(ADMIN),
        name_hashes: vec![TokenDigest::from(HASH)],
    });
    for (search, expected) in [
        (all.clone(), &[6, 5, 4, 3, 2, 1, 0][..]),
        (
            EventSearch {
                outcome,
                ..all.clone()
            },
            &[5, 3, 1],
        ),
        (
            EventSearch {
                dialect,
                ..all.clone()
            },
            &[3, 2, 1, 0],
        ),
        (
            EventSearch {
                source: from,
                ..all.clone()
            },
            &[5, 4, 3],
        ),
        (
            EventSearch {
                until,
                ..all.clone()
            },
            &[3, 2, 1, 0],
        ),
        (
            EventSearch {
                until,
                outcome,
                ..all.clone()
            },
            &[3, 1],
        ),
        (
            EventSearch {
                filter: EventFilter {
                    who,
                    ..all.filter.clone()
                },
                ..all.clone()
            },
            &[6, 5, 4, 3, 2, 1, 0],
        ),
        (
            EventSearch {
                filter: EventFilter {
                    who: Some(Subject::default()),
                    ..all.filter.clone()
                },
                ..all.clone()
            },
            &[],
        ),
    ] {
        assert_eq!(
            counts(directory, search.clone()).await,
            expected,
            "{search:?}"
        );
    }
}

pub(super) async fn the_contract_holds(directory: &dyn Directory) {
    events_are_searched_page_by_page(directory).await;
    directory
        .remove_events(START + Duration::from_hours(1), 100)
        .await
        .unwrap();
    events_are_found_by_what_is_asked(directory).await;
    old_events_are_removed_in_steps(directory).await;
}

/// Records events through a queue, as the gateway does.
pub(super) async fn events_reach_it_through_a_queue(directory: Arc<dyn Directory>) {
    let table: Arc<dyn AuditTable> = directory.clone();
    let room = const { std::num::NonZeroUsize::new(1000).unwrap() };
    let audit = Audit::start(vec![Box::new(TableSink::new(table))], room).unwrap();
    for event in events() {
        audit.record(Event::clone(&event));
    }
    assert_eq!(audit.close().await, 0);
    // Two of these events were stored before.
    let kept = find(directory.as_ref(), ALL).await;
    assert_eq!(kept, lines(&events(), &[3, 2, 3, 2, 1, 0]));
}
