//! `isogloss user summary`: how many users there are.

use anyhow::Result;

use super::{Outcome, output};
use crate::cli::audited_admin::AuditedAdmin;

pub(super) async fn summary(json: bool, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let summary = admin
        .run(async |service| service.user_summary().await)
        .await?;
    if json {
        output::json(&summary)?;
        return Ok(Outcome::Done);
    }
    let rows: Vec<_> = summary
        .groups
        .into_iter()
        .map(|group| {
            let authority = super::list::authority(group.authority, group.adopted);
            let counts = [
                group.users,
                group.without_password,
                group.with_foreign_hash,
                group.never_logged_in,
            ];
            let names = [authority, group.state.to_owned()].into_iter();
            names.chain(counts.map(|count| count.to_string())).collect()
        })
        .collect();
    let heading = [
        "AUTHORITY",
        "STATE",
        "USERS",
        "NO PASSWORD",
        "FOREIGN HASH",
        "NEVER LOGGED IN",
    ];
    output::table(&heading, &rows)?;
    Ok(Outcome::Done)
}
