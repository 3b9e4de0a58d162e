//! Searches for events, page by page.

use time::OffsetDateTime;

use super::{EventFilter, Outcome};

/// A search for events. All conditions that are set must match. Events that a release before stored have neither
/// outcome, dialect nor source: no condition on these finds them in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSearch {
    /// User, kind, earliest timestamp and maximum number of the events.
    pub filter: EventFilter,
    /// The first timestamp after those of the events.
    pub until: Option<OffsetDateTime>,
    /// How the operation ended.
    pub outcome: Option<Outcome>,
    /// The dialect.
    pub dialect: Option<String>,
    /// The whole address of the client.
    pub source: Option<String>,
    /// Only earlier events than this place in the list.
    pub after: Option<EventCursor>,
}

impl From<EventFilter> for EventSearch {
    fn from(filter: EventFilter) -> Self {
        Self {
            filter,
            until: None,
            outcome: None,
            dialect: None,
            source: None,
            after: None,
        }
    }
}

/// A place in a list of events, which begins with the latest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventCursor {
    /// The timestamp of the event, in milliseconds since 1970.
    pub time: i64,
    /// The number of the event in the table.
    pub id: i64,
}

/// An event that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEvent {
    /// Its place in the list.
    pub cursor: EventCursor,
    /// The event, as a line of JSON.
    pub line: String,
}
