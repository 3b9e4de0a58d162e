//! The brake of synchronisations: how many users one may disable.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How many users of an authority a synchronisation may disable: a share of those who are active, such as `10%`, or a
/// number, such as `25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum MaxDisable {
    /// At most this many of a hundred active users.
    Percent(u8),
    /// At most this many users.
    Users(u64),
}

/// The text is not a share or a number of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected a share of the users from 0% to 100%, like 10%, or a number of users, like 25")]
pub struct InvalidMaxDisable;

impl MaxDisable {
    /// Returns whether that many of `active` users may be disabled.
    pub const fn permits(self, disabled: u64, active: u64) -> bool {
        match self {
            Self::Percent(percent) => {
                disabled.saturating_mul(100) <= active.saturating_mul(percent as u64)
            }
            Self::Users(users) => disabled <= users,
        }
    }
}

/// A tenth of the users.
impl Default for MaxDisable {
    fn default() -> Self {
        Self::Percent(10)
    }
}

impl FromStr for MaxDisable {
    type Err = InvalidMaxDisable;

    fn from_str(text: &str) -> Result<Self, InvalidMaxDisable> {
        match text.trim().strip_suffix('%') {
            Some(percent) => match percent.trim_end().parse() {
                Ok(percent @ 0..=100) => Ok(Self::Percent(percent)),
                Ok(_) | Err(_) => Err(InvalidMaxDisable),
            },
            None => match text.trim().parse() {
                Ok(users) => Ok(Self::Users(users)),
                Err(_) => Err(InvalidMaxDisable),
            },
        }
    }
}

impl TryFrom<String> for MaxDisable {
    type Error = InvalidMaxDisable;

    fn try_from(text: String) -> Result<Self, InvalidMaxDisable> {
        text.parse()
    }
}

impl From<MaxDisable> for String {
    fn from(limit: MaxDisable) -> Self {
        limit.to_string()
    }
}

impl fmt::Display for MaxDisable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Users(users) => users.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_permitted_and_one_more_is_not() {
        let limit = MaxDisable::default();
        assert!(limit.permits(2000, 20_000));
        assert!(!limit.permits(2001, 20_000));
        assert!(limit.permits(0, 0));
        assert!(!limit.permits(1, 9));
        assert!(MaxDisable::Users(3).permits(3, 3));
        assert!(!MaxDisable::Users(3).permits(4, 10_000));
        assert!(!MaxDisable::Percent(0).permits(1, 1000));
    }

    #[test]
    fn only_shares_and_numbers_are_read() {
        for text in ["10%", "0%", "100%", "0", "25"] {
            let limit: MaxDisable = text.parse().unwrap();
            assert_eq!(limit.to_string(), text);
        }
        assert_eq!(" 5 % ".parse(), Ok(MaxDisable::Percent(5)));
        for text in ["", "%", "101%", "-1%", "0.5%", "-1", "ten", "10 percent"] {
            assert_eq!(text.parse::<MaxDisable>(), Err(InvalidMaxDisable), "{text}");
        }
    }
}
