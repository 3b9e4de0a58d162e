//! Moments as people write them: so long ago, or at that time.

use humantime_serde::re::humantime::parse_duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What [`read`] understands.
pub(crate) const EXPECTED: &str =
    "expected an age such as 1h or 30days, or a time such as 2026-11-22T09:00:00Z";

/// A span before `now`, or a moment.
pub(crate) fn parse_timestamp_or_age(text: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    if let Ok(span) = parse_duration(text) {
        let span = span.try_into().unwrap_or(time::Duration::MAX);
        return Some(now.saturating_sub(span));
    }
    OffsetDateTime::parse(text, &Rfc3339).ok()
}
