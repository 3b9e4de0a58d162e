//! Users' way over: how many were imported, have logged in, and still have a hash of another system.

use std::iter::Sum;
use std::sync::Arc;

use actix_web::{HttpResponse, rt};
use isogloss_core::directory::{Directory, UserGroup};
use isogloss_core::{Auth, StoreError, UserState};
use maud::{Markup, html};
use parking_lot::Mutex;
use time::{Duration, OffsetDateTime};
use tokio::time::timeout;

use super::people::state;
use crate::console::error::ConsoleError;
use crate::console::layout;
use crate::console::markup::{facts, filter_field, number, shown, table, timestamp};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;

/// How long a count of the users is shown before they are counted again.
const LIFETIME: Duration = Duration::minutes(1);

/// How long a page waits for a count: with a million users, one takes the directory about a second.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(200);

/// A count of the users, and when it was made.
type Count = (OffsetDateTime, Arc<[UserGroup]>);

/// The last count of the users.
#[derive(Default)]
pub(in crate::console) struct CountedUsers {
    last: Mutex<Option<Count>>,
    /// Held while the users are counted.
    counting: Arc<tokio::sync::Mutex<()>>,
}

impl CountedUsers {
    /// Returns the last count if it is young. Otherwise counts again, and returns the new count, or the last one if that
    /// takes longer than a page may; `None` if there is none yet.
    ///
    /// # Errors
    /// The directory is unreachable.
    async fn get(
        self: &Arc<Self>,
        auth: &Auth,
        directory: &Arc<dyn Directory>,
    ) -> Result<Option<Count>, StoreError> {
        let last = self.last.lock().clone();
        if let Some(last) = last.filter(|(at, _)| auth.now() - *at < LIFETIME) {
            return Ok(Some(last));
        }
        if let Ok(turn) = Arc::clone(&self.counting).try_lock_owned() {
            let (counted, auth, directory) = (Arc::clone(self), auth.clone(), directory.clone());
            let count = rt::spawn(async move {
                let _turn = turn;
                let groups = directory.user_groups().await?;
                *counted.last.lock() = Some((auth.now(), groups.into()));
                Ok::<_, StoreError>(())
            });
            if let Ok(Ok(ended)) = timeout(PATIENCE, count).await {
                ended?;
            }
        }
        Ok(self.last.lock().clone())
    }
}

/// Shows how many users there are, by authority and state.
///
/// # Errors
/// The key lacks the scope, or the directory is unreachable.
pub(in crate::console) async fn show(visitor: Visitor) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::WayOver).await?;
    let counted = &visitor.console.counted_users;
    let counted = counted.get(&visitor.auth, visitor.directory()).await?;
    let Some((counted_at, groups)) = counted else {
        let text = "The users are being counted. Open this page again in a moment.";
        let content = html! { p.empty { (text) } };
        let title = ConsolePage::WayOver.name();
        return Ok(layout::page(
            &visitor,
            ConsolePage::WayOver,
            title,
            &content,
        ));
    };
    let all = Counts::of(&groups.iter());
    let active = groups
        .iter()
        .filter(|group| group.state == UserState::Active);
    let active = Counts::of(&active);
    let rows: Vec<_> = groups.iter().map(row).collect();
    let content = html! {
        p { "Counted at " (timestamp(counted_at)) "." }
        (facts(&[
            ("Users", number(all.users)),
            ("Have logged in here", number(all.users - all.never_logged_in)),
            ("Never seen", number(all.never_logged_in)),
            ("Never seen, and active", number(active.never_logged_in)),
            ("Hash of another system left", number(all.with_foreign_hash)),
            ("Without a password here", number(all.without_password)),
        ]))
        progress.progress max=(all.users.max(1)) value=(all.users - all.never_logged_in) aria-label="Users who have logged in here" {}
        @if !rows.is_empty() { (table("Users by authority and state", &HEADINGS, &rows)) }
        h2 { "Who they are" }
        form.filters method="get" action="/console/people" {
            input type="hidden" name="login" value="never";
            (filter_field("organisation", "Never seen, of the organisation", ""))
            button type="submit" { "Show" }
        }
        ul {
            li { a href="/console/people?login=never" { "Users who were never seen" } ", "
                a href="/console/way-over/users.csv?which=never" download { "as CSV" } }
            li { a href="/console/way-over/users.csv?which=foreign" download { "Users with a hash of another system, as CSV" } }
            li { a href="/console/way-over/users.csv" download { "All users, as CSV" } }
        }
    };
    let title = ConsolePage::WayOver.name();
    Ok(layout::page(
        &visitor,
        ConsolePage::WayOver,
        title,
        &content,
    ))
}

const HEADINGS: [&str; 6] = [
    "Authority",
    "State",
    "Users",
    "Never seen",
    "Hash of another system",
    "Without a password",
];

fn row(group: &UserGroup) -> Markup {
    html! {
        tr {
            td { (shown(group.authority.as_deref().unwrap_or("local"))) @if group.is_adopted { ", adopted" } }
            td { (state(group.state)) }
            td { (number(group.users)) }
            td { (number(group.never_logged_in)) }
            td { (number(group.with_foreign_hash)) }
            td { (number(group.without_password)) }
        }
    }
}

/// Sums over groups of users.
struct Counts {
    users: u64,
    never_logged_in: u64,
    with_foreign_hash: u64,
    without_password: u64,
}

impl Counts {
    fn of<'g>(groups: &(impl Iterator<Item = &'g UserGroup> + Clone)) -> Self {
        fn sum<'g, N: Sum>(
            groups: &(impl Iterator<Item = &'g UserGroup> + Clone),
            count: impl Fn(&UserGroup) -> N,
        ) -> N {
            groups.clone().map(count).sum()
        }
        Self {
            users: sum(groups, |group| group.users),
            never_logged_in: sum(groups, |group| group.never_logged_in),
            with_foreign_hash: sum(groups, |group| group.with_foreign_hash),
            without_password: sum(groups, |group| group.without_password),
        }
    }
}
