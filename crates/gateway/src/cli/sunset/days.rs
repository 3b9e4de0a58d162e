//! `isogloss sunset report --days`: how often dialects were used, day by day.

use anyhow::Result;
use isogloss_core::directory::Directory;
use isogloss_core::usage::DayFilter;
use serde_json::json;
use time::OffsetDateTime;

use super::super::output;
use crate::usage::days::{DayView, recent};

/// Prints the days of each dialect, the first one first. Fails if the directory is unreachable or the standard output
/// cannot be written.
pub(super) async fn list(
    directory: &dyn Directory,
    dialects: &[String],
    (since, now): (Option<OffsetDateTime>, OffsetDateTime),
    as_json: bool,
) -> Result<()> {
    let default = recent(now, u32::MAX);
    let mut days = Vec::new();
    for dialect in dialects {
        let filter = DayFilter {
            dialect: Some(dialect.clone()),
            since: since.map_or(default.since, |since| since.to_utc().date()),
            ..default.clone()
        };
        let counted = directory.usage_days(&filter).await?;
        days.extend(counted.into_iter().map(DayView::from));
    }
    if as_json {
        return output::json(&json!({ "days": days }));
    }
    let rows: Vec<_> = days.iter().map(row).collect();
    let heading = [
        "DIALECT", "DAY", "CALLS", "REFUSED", "LOGINS", "CLIENTS", "USERS",
    ];
    output::table(&heading, &rows)
}

fn row(shown: &DayView) -> Vec<String> {
    vec![
        shown.dialect.clone(),
        shown.day.clone(),
        shown.calls.to_string(),
        shown.refused.to_string(),
        shown.logins.to_string(),
        shown.clients.to_string(),
        shown.users.to_string(),
    ]
}
