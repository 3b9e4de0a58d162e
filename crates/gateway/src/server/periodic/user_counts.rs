//! Counts the users for `/metrics`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use isogloss_core::directory::{Directory, UserGroup};
use metrics::gauge;
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use crate::admin::users::state_name;

/// How often the users are counted: with a million of them, that takes the directory about a second.
const INTERVAL: Duration = Duration::from_mins(5);

/// The labels of a group: authority, whether it is adopted, state.
type Labels = [(&'static str, String); 3];

/// Counts the users at a fixed interval, for as long as the gateway runs.
pub(super) async fn run(directory: Arc<dyn Directory>) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = HashSet::new();
    loop {
        ticks.tick().await;
        match directory.user_groups().await {
            Ok(groups) => show(&groups, &mut known),
            Err(error) => warn!(%error, "cannot count the users, will retry"),
        }
    }
}

/// Sets the gauges. A group in which no user is left, of those in `known`, has zero.
fn show(groups: &[UserGroup], known: &mut HashSet<Labels>) {
    for labels in known.iter() {
        set(labels, [0; 4]);
    }
    for group in groups {
        let labels = labels(group);
        let UserGroup {
            users,
            without_password,
            with_foreign_hash,
            never_logged_in,
            ..
        } = *group;
        set(
            &labels,
            [users, without_password, with_foreign_hash, never_logged_in],
        );
        known.insert(labels);
    }
}

fn labels(group: &UserGroup) -> Labels {
    [
        ("authority", group.authority.clone().unwrap_or_default()),
        ("adopted", group.is_adopted.to_string()),
        ("state", state_name(group.state).to_owned()),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn set(labels: &Labels, counts: [u64; 4]) {
    let names = [
        "isogloss_users",
        "isogloss_users_without_password",
        "isogloss_users_with_foreign_hash",
        "isogloss_users_never_logged_in",
    ];
    for (name, count) in names.into_iter().zip(counts) {
        gauge!(name, labels).set(count as f64);
    }
}
