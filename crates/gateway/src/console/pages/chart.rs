//! Charts of the use of a dialect by day, as SVG that needs neither scripts nor inline styles.

use std::collections::BTreeMap;

use isogloss_core::usage::{CardinalitySketch, DayFilter, UsageDay};
use maud::{Markup, html};
use time::{Date, Duration};

use crate::console::error::ConsoleError;
use crate::console::markup::{number, table, timestamp_text};
use crate::console::visitor::Visitor;
use crate::usage::days::{DAYS, format_day, recent};

/// Width of a day and height of the chart, in units of the drawing.
const STEP: i64 = 10;
const HEIGHT: u64 = 100;

/// The most rows that are read: those of all dialects of this and earlier releases.
const ROWS: u32 = 2_000;

/// The days of a chart.
pub(super) struct Days {
    /// The first day.
    first: Date,
    by_dialect: BTreeMap<String, Vec<UsageDay>>,
}

/// What is counted in a chart.
#[derive(Default)]
struct Sums {
    calls: u64,
    logins: u64,
    refused: u64,
    /// The calls of the day that has the most.
    most: u64,
}

impl Days {
    /// Returns the counts of the last 90 days, of one dialect or of all.
    ///
    /// # Errors
    /// The directory is unreachable.
    pub(super) async fn read(
        visitor: &Visitor,
        dialect: Option<&str>,
    ) -> Result<Self, ConsoleError> {
        let filter = recent(visitor.auth.now(), ROWS);
        let first = filter.since.saturating_add(Duration::DAY);
        let filter = DayFilter {
            dialect: dialect.map(str::to_owned),
            since: first,
            ..filter
        };
        let mut by_dialect: BTreeMap<String, Vec<UsageDay>> = BTreeMap::new();
        for day in visitor.directory().usage_days(&filter).await? {
            by_dialect.entry(day.dialect.clone()).or_default().push(day);
        }
        Ok(Self { first, by_dialect })
    }

    /// Returns the days of a dialect on which there were calls.
    fn of(&self, dialect: &str) -> &[UsageDay] {
        self.by_dialect.get(dialect).map_or(&[], Vec::as_slice)
    }

    /// Returns the number of different users of a dialect on those days. Exact up to 128, then approximate.
    pub(super) fn users(&self, dialect: &str) -> u64 {
        let mut users = CardinalitySketch::default();
        for day in self.of(dialect) {
            users.merge(&day.users);
        }
        users.count()
    }

    /// Returns the charts of these dialects.
    pub(super) fn charts<'d>(&self, dialects: impl Iterator<Item = &'d str>) -> Markup {
        html! {
            h2 { "The last " (DAYS) " days" }
            div.charts { @for dialect in dialects { (self.chart(dialect)) } }
        }
    }

    /// Returns the chart of a dialect, and its numbers in a table.
    pub(super) fn chart_and_table(&self, dialect: &str) -> Markup {
        let row = |day: &UsageDay| {
            html! {
                tr {
                    td { (timestamp_text(&format_day(day.day))) }
                    td { (number(day.calls)) }
                    td { (number(day.logins)) }
                    td { (number(day.refused)) }
                    td { (number(day.users.count())) }
                }
            }
        };
        let rows: Vec<_> = self.of(dialect).iter().rev().map(row).collect();
        let headings = ["Day", "Calls", "Logins", "Refused", "Users"];
        html! {
            h2 { "The last " (DAYS) " days" }
            (self.chart(dialect))
            @if !rows.is_empty() {
                details.question {
                    summary { "The numbers of each day" }
                    (table("Days with calls (UTC), the latest first", &headings, &rows))
                }
            }
        }
    }

    fn chart(&self, dialect: &str) -> Markup {
        let days = self.of(dialect);
        let sums = Sums::of(days);
        let last = self.first.saturating_add(Duration::days(DAYS - 1));
        let (from, to) = (format_day(self.first), format_day(last));
        let Sums {
            calls,
            logins,
            refused,
            most,
        } = sums;
        let text = format!(
            "{dialect}, {from} to {to}: {calls} calls, {logins} logins, {refused} refused calls; at most {most} calls a day"
        );
        html! {
            figure.chart {
                figcaption {
                    strong { (dialect) }
                    span.key.calls { (number(calls)) " calls" }
                    span.key.logins { (number(logins)) " logins" }
                    span.key.refused { (number(refused)) " refused" }
                }
                svg role="img" aria-label=(text) viewBox={ "0 0 " (STEP * DAYS) " " (HEIGHT) } preserveAspectRatio="none" {
                    @for day in days { (self.bars(day, most)) }
                    line.base x1="0" x2=(STEP * DAYS) y1=(HEIGHT) y2=(HEIGHT) {}
                }
                div.axis { (timestamp_text(&from)) span { "at most " (number(most)) " calls a day" } (timestamp_text(&to)) }
            }
        }
    }

    /// Returns the bars of a day: one of all calls, and narrower ones of the refused calls and of the logins before it.
    fn bars(&self, day: &UsageDay, most: u64) -> Markup {
        let left = (day.day - self.first).whole_days() * STEP;
        let bar = |class: &str, count: u64, offset: i64, width: i64| {
            let height = height(count, most);
            html! { rect class=(class) x=(left + offset) y=(HEIGHT - height) width=(width) height=(height) {} }
        };
        html! {
            (bar("calls", day.calls, 1, 8))
            (bar("logins", day.logins, 2, 3))
            (bar("refused", day.refused, 5, 3))
        }
    }
}

impl Sums {
    fn of(days: &[UsageDay]) -> Self {
        let mut sums = Self::default();
        for day in days {
            sums.calls += day.calls;
            sums.logins += day.logins;
            sums.refused += day.refused;
            sums.most = sums.most.max(day.calls);
        }
        sums
    }
}

/// Returns the height of a bar. What was counted at all is visible.
fn height(count: u64, most: u64) -> u64 {
    let height = u128::from(count) * u128::from(HEIGHT) / u128::from(most.max(1));
    let height = u64::try_from(height).unwrap_or(HEIGHT).min(HEIGHT);
    if count > 0 { height.max(2) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fit_into_the_chart_and_small_counts_are_visible() {
        assert_eq!(height(0, 0), 0);
        assert_eq!(height(0, 5), 0);
        assert_eq!(height(1, 1_000_000), 2);
        assert_eq!(height(500, 1_000), 50);
        assert_eq!(height(u64::MAX, u64::MAX), HEIGHT);
    }
}
