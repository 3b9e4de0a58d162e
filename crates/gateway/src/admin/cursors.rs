//! Places in lists of events and users, as queries for the next page write them.

use isogloss_core::audit::EventCursor;
use isogloss_core::directory::SearchCursor;

/// Formats the place of an event for the next query.
pub(crate) fn format_event_cursor(cursor: EventCursor) -> String {
    format!("{},{}", cursor.time, cursor.id)
}

/// Parses the place of an event, as [`format_event_cursor`] returns it. Returns `None` for any other text.
pub(crate) fn parse_event_cursor(text: &str) -> Option<EventCursor> {
    let (time, id) = text.split_once(',')?;
    Some(EventCursor {
        time: time.parse().ok()?,
        id: id.parse().ok()?,
    })
}

/// Formats the place of a user who was found for the next query.
pub(crate) fn format_search_cursor(cursor: &SearchCursor) -> String {
    format!("{},{}", cursor.number, cursor.term)
}

/// Parses the place of a user, as [`format_search_cursor`] returns it. Returns `None` for any other text.
pub(crate) fn parse_search_cursor(text: &str) -> Option<SearchCursor> {
    let (number, term) = text.split_once(',')?;
    Some(SearchCursor {
        term: term.to_owned(),
        number: number.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_parsed_as_they_are_written() {
        let event = EventCursor { time: -1, id: 7 };
        assert_eq!(parse_event_cursor(&format_event_cursor(event)), Some(event));
        let user = SearchCursor {
            term: "a, b".to_owned(),
            number: 3,
        };
        let text = format_search_cursor(&user);
        assert_eq!(parse_search_cursor(&text), Some(user));
        assert_eq!(parse_event_cursor("x"), None);
        assert_eq!(parse_search_cursor("x"), None);
    }
}
