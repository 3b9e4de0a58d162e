//! Refused requests in the directory's database.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::TokenDigest;
use isogloss_core::audit::Subject;
use isogloss_core::directory::Directory;
use isogloss_core::refusals::{RefusalFilter, RefusalPruning, RefusedRequest};
use secrecy::ExposeSecret as _;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

const START: OffsetDateTime = datetime!(2026-11-22 09:00:00 UTC);
const ADA: Uuid = Uuid::from_u128(1);
const REQUEST: Uuid = Uuid::from_u128(7);
const HASH: [u8; 16] = [7; 16];

fn all() -> RefusalFilter {
    RefusalFilter {
        limit: 1000,
        ..RefusalFilter::default()
    }
}

fn refused(second: u64, cause: &str) -> RefusedRequest {
    RefusedRequest {
        time: START + Duration::from_secs(second),
        request_id: None,
        dialect: Some("toy".to_owned()),
        method: "POST".to_owned(),
        route: "/v1/login".to_owned(),
        status: 401,
        cause: cause.to_owned(),
        detail: None,
        by: None,
        judged_by: None,
        user: None,
        name_hash: None,
        handle: None,
        client: None,
        application: None,
        key: None,
        user_agent: None,
        source: Some("192.0.2.7".to_owned()),
        name: None,
    }
}

async fn causes(directory: &dyn Directory, filter: &RefusalFilter) -> Vec<String> {
    let found = directory.find_refusals(filter).await.unwrap();
    found.into_iter().map(|refused| refused.cause).collect()
}

pub(super) async fn hold(directory: &dyn Directory) {
    refusals_are_found_by_what_is_asked(directory).await;
    old_refusals_and_names_are_removed(directory).await;
}

async fn refusals_are_found_by_what_is_asked(directory: &dyn Directory) {
    assert_eq!(causes(directory, &all()).await, [""; 0]);
    directory.insert_refusals(Vec::new()).await.unwrap();
    let inserted = [
        RefusedRequest {
            request_id: Some(REQUEST),
            client: Some("a\0 \"client\"".to_owned()),
            user: Some(ADA),
            ..refused(0, "disabled")
        },
        RefusedRequest {
            name_hash: Some(TokenDigest::from(HASH).to_string()),
            name: Some("a\0 name".into()),
            ..refused(1, "unknown_name")
        },
        RefusedRequest {
            dialect: None,
            source: None,
            ..refused(2, "no_route")
        },
    ];
    let inserted = inserted.map(Arc::new).to_vec();
    directory.insert_refusals(inserted).await.unwrap();
    let of = |user: Option<Uuid>, hashes: &[[u8; 16]]| {
        let name_hashes = hashes.iter().copied().map(TokenDigest::from).collect();
        Some(Subject { user, name_hashes })
    };
    let (disabled, unknown, unrouted) = ("disabled", "unknown_name", "no_route");
    let second = |second| Some(START + Duration::from_secs(second));
    for (filter, expected) in [
        (all(), &[unrouted, unknown, disabled][..]),
        (RefusalFilter { limit: 2, ..all() }, &[unrouted, unknown]),
        (
            RefusalFilter {
                request_id: Some(REQUEST),
                ..all()
            },
            &[disabled],
        ),
        (
            RefusalFilter {
                who: of(Some(ADA), &[[1; 16], HASH]),
                ..all()
            },
            &[unknown, disabled],
        ),
        (
            RefusalFilter {
                who: of(None, &[]),
                ..all()
            },
            &[],
        ),
        (
            RefusalFilter {
                source: Some("192.0.2.7".to_owned()),
                since: second(1),
                ..all()
            },
            &[unknown],
        ),
        (
            RefusalFilter {
                dialect: Some("toy".to_owned()),
                until: second(1),
                ..all()
            },
            &[disabled],
        ),
    ] {
        assert_eq!(causes(directory, &filter).await, expected, "{filter:?}");
    }
    let found = directory.find_refusals(&all()).await.unwrap();
    assert_eq!(found[2].client.as_deref(), Some("a\0 \"client\""));
    assert_eq!(found[2].time, START);
    let name = found[1].name.as_ref().unwrap().expose_secret();
    assert!(name.starts_with('a') && name.ends_with(" name"), "{name:?}");
}

async fn old_refusals_and_names_are_removed(directory: &dyn Directory) {
    let pruning = RefusalPruning {
        before: START + Duration::from_secs(1),
        names_before: START + Duration::from_secs(2),
        room: 1000,
    };
    assert_eq!(directory.prune_refusals(pruning).await.unwrap(), 1);
    let found = directory.find_refusals(&all()).await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|refused| refused.name.is_none()));
    let many = (0..10).map(|number| Arc::new(refused(10 + number, "wrong_password")));
    directory.insert_refusals(many.collect()).await.unwrap();
    let pruning = RefusalPruning { room: 4, ..pruning };
    assert_eq!(directory.prune_refusals(pruning).await.unwrap(), 8);
    assert_eq!(causes(directory, &all()).await, ["wrong_password"; 4]);
}
