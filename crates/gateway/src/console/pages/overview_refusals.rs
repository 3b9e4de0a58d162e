//! The refused requests of the last hour, by cause.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use isogloss_core::refusals::RefusalFilter;
use maud::{Markup, html};
use time::{Duration, OffsetDateTime};

use super::refusals::none;
use crate::admin::explanation::explain;
use crate::console::error::ConsoleError;
use crate::console::markup::{number, sentences, shown, shown_if_any, table, timestamp};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;

/// How many refused requests are read at most.
const READ: u32 = 1_000;
/// How many causes are shown.
const CAUSES: usize = 8;

const HEADINGS: [&str; 5] = [
    "Cause",
    "Dialect",
    "Requests",
    "Last one",
    "Explanation of it",
];

/// The refused requests of one cause in one dialect.
struct Group {
    count: u64,
    last: OffsetDateTime,
    /// What the cause of the last one means.
    text: String,
}

/// Returns the section of the refused requests of the last hour, by cause, the most frequent one first.
///
/// # Errors
/// The directory is unreachable.
pub(super) async fn last_hour(visitor: &Visitor) -> Result<Markup, ConsoleError> {
    let filter = RefusalFilter {
        since: Some(visitor.auth.now() - Duration::HOUR),
        limit: READ,
        ..RefusalFilter::default()
    };
    let refused = visitor.directory().find_refusals(&filter).await?;
    let is_cut = refused.len() >= usize::try_from(READ).unwrap_or(usize::MAX);
    let mut groups: BTreeMap<(String, Option<String>), Group> = BTreeMap::new();
    // The latest one comes first.
    for request in refused {
        let of = (request.cause.clone(), request.dialect.clone());
        let group = groups.entry(of).or_insert_with(|| Group {
            count: 0,
            last: request.time,
            text: explain(&request).text,
        });
        group.count += 1;
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| Reverse(group.count));
    let rows: Vec<_> = groups.iter().take(CAUSES).map(row).collect();
    Ok(html! {
        h2 { "Refused requests of the last hour" }
        @if rows.is_empty() { (none(visitor)) } @else {
            (table("Causes, the most frequent one first", &HEADINGS, &rows))
        }
        @if is_cut { p { "Only the latest " (number(READ)) " requests are counted." } }
        p { a href=(ConsolePage::Refusals.path()) { "All refused requests" } }
    })
}

fn row(((cause, dialect), group): &((String, Option<String>), Group)) -> Markup {
    html! {
        tr {
            td { (shown(cause)) }
            td { (shown_if_any(dialect.as_deref())) }
            td { (number(group.count)) }
            td { (timestamp(group.last)) }
            td { (sentences(&group.text)) }
        }
    }
}
