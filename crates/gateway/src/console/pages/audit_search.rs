//! The filter of the page of events.

use isogloss_core::audit::{EventFilter, EventKind, EventSearch, Outcome};
use maud::{Markup, html};
use time::OffsetDateTime;

use crate::admin::cursors::parse_event_cursor;
use crate::admin::timestamp;
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::markup::{choice, filter_field};
use crate::console::visitor::Visitor;
use crate::dialects;

/// The fields of the filter.
pub(super) const FIELDS: [&str; 8] = [
    "user", "event", "outcome", "dialect", "source", "since", "until", "limit",
];

/// How many events a page may have.
const LIMITS: [(&str, &str); 3] = [("50", "50"), ("200", "200"), ("1000", "1000")];

/// Returns the fields of the form.
pub(super) fn filter_fields(fields: &Fields) -> Markup {
    let value = |name| fields.get(name).unwrap_or_default();
    let mut kinds = vec![("", "Any")];
    kinds.extend(EventKind::ALL.map(|kind| (kind.name(), kind.name())));
    let mut outcomes = vec![("", "Any")];
    outcomes.extend(Outcome::ALL.map(|outcome| (outcome.name(), outcome.name())));
    let mut dialects_or_any = vec![("", "Any")];
    dialects_or_any.extend(dialects::names().into_iter().map(|name| (name, name)));
    html! {
        (filter_field("user", "User, or a name that was tried", value("user")))
        (choice("event", "Event", value("event"), &kinds))
        (choice("outcome", "Outcome", value("outcome"), &outcomes))
        (choice("dialect", "Dialect", value("dialect"), &dialects_or_any))
        (filter_field("source", "Address", value("source")))
        (filter_field("since", "Since: an age such as 2h, or a time", value("since")))
        (filter_field("until", "Before: an age, or a time", value("until")))
        (choice("limit", "Events on a page", value("limit"), &LIMITS))
    }
}

/// Returns the maximum number of events that a query asks for.
pub(super) fn limit(fields: &Fields) -> u32 {
    let named = fields.get("limit");
    let known = LIMITS.iter().find(|(value, _)| Some(*value) == named);
    known
        .and_then(|(value, _)| value.parse().ok())
        .unwrap_or(50)
}

/// Returns the search of a query, for at most `limit` events.
///
/// # Errors
/// A value is invalid, or the directory is unreachable.
pub(super) async fn event_search(
    visitor: &Visitor,
    fields: &Fields,
    limit: u32,
) -> Result<EventSearch, ConsoleError> {
    let event = fields.get("event").map(|name| {
        let kind = EventKind::from_name(name);
        kind.ok_or_else(|| ConsoleError::malformed("There is no such event."))
    });
    let outcome = fields.get("outcome").map(|name| {
        let outcome = Outcome::from_name(name);
        outcome.ok_or_else(|| ConsoleError::malformed("There is no such outcome."))
    });
    let after = fields.get("after").map(|text| {
        let expected = "after is not the place of an event.";
        parse_event_cursor(text).ok_or_else(|| ConsoleError::malformed(expected))
    });
    let now = visitor.auth.now();
    let (since, until) = (
        moment(fields, "since", "Since", now)?,
        moment(fields, "until", "Before", now)?,
    );
    let (event, outcome, after) = (event.transpose()?, outcome.transpose()?, after.transpose()?);
    let who = match fields.get("user") {
        None => None,
        Some(name) => Some(visitor.auth.event_subject(name).await?),
    };
    Ok(EventSearch {
        filter: EventFilter {
            who,
            event,
            since,
            limit,
        },
        until,
        outcome,
        dialect: fields.text("dialect"),
        source: fields.text("source"),
        after,
    })
}

/// Returns the time in a field, which the page names so. Fails if it is none.
fn moment(
    fields: &Fields,
    name: &str,
    label: &str,
    now: OffsetDateTime,
) -> Result<Option<OffsetDateTime>, ConsoleError> {
    let Some(text) = fields.get(name) else {
        return Ok(None);
    };
    let at = timestamp::parse_timestamp_or_age(text, now);
    let expected = || ConsoleError::malformed(format!("{label}: {}.", timestamp::EXPECTED));
    at.map(Some).ok_or_else(expected)
}
