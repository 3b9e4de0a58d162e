//! Brownout windows: once, each day, or each week.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, Time, UtcOffset, Weekday};

use super::Timestamp;

/// A window in which calls are refused. Times are UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "BrownoutWindowToml", into = "BrownoutWindowToml")]
#[schemars(with = "BrownoutWindowToml")]
pub enum BrownoutWindow {
    /// From one time to another, once.
    Once {
        /// The begin, inclusive.
        from: Timestamp,
        /// The end, exclusive.
        until: Timestamp,
    },
    /// At the same time each day, or each week on that day.
    Every {
        /// On which day; none is each.
        day: Option<Weekday>,
        /// The begin, inclusive.
        from: Time,
        /// The end, exclusive.
        until: Time,
    },
}

/// As it is written in the configuration.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BrownoutWindowToml {
    /// `day`, or a day of the week. Without it, `from` and `until` are times with a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every: Option<String>,
    /// The begin: a time like `2027-01-01T00:00:00Z`, or a time of day like `10:00`.
    from: String,
    /// The end, in the same format.
    until: String,
}

const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl BrownoutWindow {
    /// Returns the end of the window if `now` is within it, otherwise `None`.
    pub(crate) fn end(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        match *self {
            Self::Once { from, until } => (from.0 <= now && now < until.0).then_some(until.0),
            Self::Every { day, from, until } => {
                let now = now.to_offset(UtcOffset::UTC);
                let is_day = day.is_none_or(|day| day == now.weekday());
                let is_open = is_day && from <= now.time() && now.time() < until;
                is_open.then(|| now.replace_time(until))
            }
        }
    }
}

impl TryFrom<BrownoutWindowToml> for BrownoutWindow {
    type Error = &'static str;

    fn try_from(written: BrownoutWindowToml) -> Result<Self, Self::Error> {
        let BrownoutWindowToml { every, from, until } = written;
        let Some(every) = every else {
            let (from, until) = (Timestamp::try_from(from)?, Timestamp::try_from(until)?);
            if until.0 - from.0 <= Duration::ZERO {
                return Err("expected until after from");
            }
            return Ok(Self::Once { from, until });
        };
        let every = every.to_ascii_lowercase();
        let day = DAYS.iter().find(|(name, _)| *name == every);
        let day = match day {
            Some((_, day)) => Some(*day),
            None if every == "day" => None,
            None => {
                return Err("expected every = \"day\", or a day of the week such as \"monday\"");
            }
        };
        let expected = "expected times such as 10:00 of one day in UTC, with until after from";
        let (from, until) = (time(&from).ok_or(expected)?, time(&until).ok_or(expected)?);
        if until <= from {
            return Err(expected);
        }
        Ok(Self::Every { day, from, until })
    }
}

impl From<BrownoutWindow> for BrownoutWindowToml {
    fn from(window: BrownoutWindow) -> Self {
        match window {
            BrownoutWindow::Once { from, until } => Self {
                every: None,
                from: from.into(),
                until: until.into(),
            },
            BrownoutWindow::Every { day, from, until } => {
                let name = DAYS.iter().find(|(_, known)| Some(*known) == day);
                let text = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
                Self {
                    every: Some(name.map_or("day", |(name, _)| name).to_owned()),
                    from: text(from),
                    until: text(until),
                }
            }
        }
    }
}

/// Parses a time of day such as `10:00`. Returns `None` for any other text.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn window(
        every: Option<&str>,
        from: &str,
        until: &str,
    ) -> Result<BrownoutWindow, &'static str> {
        BrownoutWindow::try_from(BrownoutWindowToml {
            every: every.map(str::to_owned),
            from: from.to_owned(),
            until: until.to_owned(),
        })
    }

    #[test]
    fn a_window_is_open_from_its_beginning_to_before_its_end() {
        let once = window(None, "2027-03-01T10:00:00Z", "2027-03-01T10:15:00Z").unwrap();
        // A Tuesday.
        let weekly = window(Some("Tuesday"), "10:00", "10:15").unwrap();
        let daily = window(Some("day"), "10:00", "10:15").unwrap();
        for (window, now, end) in [
            (once, datetime!(2027-03-01 09:59:59 UTC), None),
            (
                once,
                datetime!(2027-03-01 10:00 UTC),
                Some(datetime!(2027-03-01 10:15 UTC)),
            ),
            (once, datetime!(2027-03-01 10:15 UTC), None),
            (
                weekly,
                datetime!(2027-03-02 10:14:59 UTC),
                Some(datetime!(2027-03-02 10:15 UTC)),
            ),
            (
                weekly,
                datetime!(2027-03-02 12:05 +2),
                Some(datetime!(2027-03-02 10:15 UTC)),
            ),
            (weekly, datetime!(2027-03-03 10:05 UTC), None),
            (
                daily,
                datetime!(2027-03-03 10:05 UTC),
                Some(datetime!(2027-03-03 10:15 UTC)),
            ),
            (daily, datetime!(2027-03-03 10:15 UTC), None),
        ] {
            assert_eq!(window.end(now), end, "{window:?} {now}");
        }
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for (every, from, until) in [
            (None, "10:00", "10:15"),
            (None, "2027-03-01T10:15:00Z", "2027-03-01T10:15:00Z"),
            (Some("tuesday"), "10:15", "10:00"),
            (Some("tuesday"), "10:00", "24:00"),
            (Some("someday"), "10:00", "10:15"),
        ] {
            assert!(
                window(every, from, until).is_err(),
                "{every:?} {from} {until}"
            );
        }
    }
}
