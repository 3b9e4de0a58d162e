//! The verdict of a report: whether anybody still uses a dialect, in words.

use time::{Duration, OffsetDateTime};

/// What was counted of a dialect.
pub(super) struct Counted {
    pub(super) refused: u64,
    pub(super) last_seen: OffsetDateTime,
    pub(super) users: u64,
    /// Clients with which a user has logged in, and which were not always refused.
    pub(super) served_clients: u64,
}

/// Returns the verdict in words. `counted` is `None` if no call was counted, `last_served` if no call of a known client
/// was ever successful.
pub(super) fn verdict(
    counted: Option<&Counted>,
    last_served: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> String {
    let ago = |at| span(now - at);
    let served = counted.map_or(0, |counted| counted.served_clients);
    match (counted, last_served) {
        (None, None) => "no clients counted".to_owned(),
        (Some(counted), None) => {
            let last = ago(counted.last_seen);
            format!(
                "no successful logins: {} refused, the last one {last} ago",
                number_of(counted.refused, "call")
            )
        }
        (_, Some(at)) if now - at >= Duration::DAY && served == 0 => {
            format!("no clients for {}", ago(at))
        }
        (_, Some(at)) if now - at >= Duration::DAY => {
            format!(
                "no clients for {} ({} before that)",
                ago(at),
                number_of(served, "client")
            )
        }
        (_, Some(at)) if served == 0 => {
            format!(
                "last used {} ago, by clients that are no longer listed",
                ago(at)
            )
        }
        (counted, Some(at)) => format!(
            "{}, {}, last seen {} ago",
            number_of(served, "client"),
            number_of(counted.map_or(0, |counted| counted.users), "user"),
            ago(at)
        ),
    }
}

/// Returns a number with its noun, in the plural unless the number is one.
pub(super) fn number_of(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Returns a duration in words, in the largest unit that is not zero.
fn span(span: Duration) -> String {
    let (days, hours, minutes) = (span.whole_days(), span.whole_hours(), span.whole_minutes());
    let (count, noun) = match (days, hours, minutes) {
        (1.., _, _) => (days, "day"),
        (_, 1.., _) => (hours, "hour"),
        (_, _, 1..) => (minutes, "minute"),
        _ => (span.whole_seconds().max(0), "second"),
    };
    number_of(count.unsigned_abs(), noun)
}
