//! `isogloss sunset report --users`: who used a dialect, by name.

use anyhow::Result;
use isogloss_core::directory::Directory;
use isogloss_core::usage::{UseFilter, UseOf};
use serde_json::json;
use time::OffsetDateTime;

use super::super::output;
use crate::usage::users::UserUseView;

/// Prints at most `limit` users of each dialect, the last use first. Fails if the directory is unreachable or the
/// standard output cannot be written.
pub(super) async fn list(
    directory: &dyn Directory,
    dialects: &[String],
    (since, limit): (Option<OffsetDateTime>, u32),
    as_json: bool,
) -> Result<()> {
    let mut users = Vec::new();
    for dialect in dialects {
        let filter = UseFilter {
            of: UseOf::Dialect(dialect.clone()),
            since,
            after: None,
            limit,
        };
        let found = directory.user_uses(&filter).await?;
        users.extend(found.into_iter().map(UserUseView::from));
    }
    if as_json {
        return output::json(&json!({ "users": users }));
    }
    let rows: Vec<_> = users.iter().map(row).collect();
    let heading = [
        "DIALECT",
        "LAST USE",
        "LAST LOGIN",
        "USER",
        "ORGANISATION",
        "E-MAIL",
        "FROM",
        "CLIENT",
        "USER AGENT",
    ];
    output::table(&heading, &rows)
}

fn row(shown: &UserUseView) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        shown.dialect.clone(),
        shown.last_used.clone(),
        text(&shown.last_login),
        shown.user.clone(),
        shown.organisation.clone(),
        text(&shown.email),
        text(&shown.address),
        text(&shown.client),
        shown.user_agent.clone(),
    ]
}
