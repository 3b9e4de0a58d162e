//! Timestamps as operators write them: an age, or a time.

use humantime_serde::re::humantime::parse_duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The texts that [`parse_timestamp_or_age`] accepts, for messages.
pub(crate) const EXPECTED: &str =
    "expected an age such as 1h or 30days, or a time such as 2026-11-22T09:00:00Z";

/// Parses an age, which counts back from `now`, or a time in RFC 3339. Returns `None` for any other text.
pub(crate) fn parse_timestamp_or_age(text: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    if let Ok(span) = parse_duration(text) {
        let span = span.try_into().unwrap_or(time::Duration::MAX);
        return Some(now.saturating_sub(span));
    }
    OffsetDateTime::parse(text, &Rfc3339).ok()
}
