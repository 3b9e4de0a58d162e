//! Growth: whether speed stays the same from few users and tokens to millions.

mod checks;
mod console;
mod embedded;
mod logins;
mod plans;
mod progress;
mod redis;
mod table_reads;
mod users;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Result;

use crate::report::Report;

/// A small and a large number of users or tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) few: usize,
    pub(crate) many: usize,
}

/// How many users and tokens there are, and how long is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    pub(crate) users: Range,
    pub(crate) tokens: Range,
    /// Number of tokens in the embedded store when its start is timed.
    pub(crate) at_start: usize,
    /// Days of usage that the console shows.
    pub(crate) days: usize,
    /// How often each page of the console is requested.
    pub(crate) requests: usize,
    pub(crate) rounds: usize,
    pub(crate) each: Duration,
}

/// The numbers in the targets.
pub(crate) const WHOLE: Growth = Growth {
    users: Range {
        few: 10,
        many: 1_000_000,
    },
    tokens: Range {
        few: 1_000,
        many: 5_000_000,
    },
    at_start: 1_000_000,
    days: 400,
    requests: 10,
    rounds: 5,
    each: Duration::from_secs(2),
};

/// A small run that takes half a minute.
pub(crate) const SMOKE: Growth = Growth {
    users: Range {
        few: 10,
        many: 5_000,
    },
    tokens: Range {
        few: 1_000,
        many: 20_000,
    },
    at_start: 10_000,
    days: 20,
    requests: 1,
    rounds: 1,
    each: Duration::from_secs(1),
};

/// Measures logins, then checks, then the console.
pub(crate) fn measure(program: &Path, growth: Growth, report: &mut Report) -> Result<()> {
    let directory = logins::measure(program, growth, report)?;
    let redis = checks::measure(program, growth, &directory, report)?;
    console::measure(program, growth, directory.postgres(), &redis, report)
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().replace('_', "").parse::<usize>().ok();
        let pair = text.split_once(',');
        let pair = pair.and_then(|(few, many)| Some((number(few)?, number(many)?)));
        match pair {
            Some((few, many)) if 0 < few && few < many => Ok(Self { few, many }),
            _ => Err("two numbers with a comma between them, the smaller one first".to_owned()),
        }
    }
}

/// Returns the number with separators: 1,000,000.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_goes_from_few_to_many() {
        let range: Range = "10,1_000_000".parse().unwrap();
        assert_eq!((range.few, range.many), (10, 1_000_000));
        for text in ["", "10", "10,", "10,5", "0,5", "a,b"] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(5_000_000), "5,000,000");
    }
}
