//! The parts of a run, one after another.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::report::Report;

type Measure<'a> = dyn Fn(&mut Report) -> Result<()> + 'a;

/// A part that is measured by itself.
pub(crate) struct Part<'a> {
    name: &'static str,
    measure: Box<Measure<'a>>,
}

impl<'a> Part<'a> {
    pub(crate) fn new(
        name: &'static str,
        measure: impl Fn(&mut Report) -> Result<()> + 'a,
    ) -> Self {
        let measure = Box::new(measure);
        Self { name, measure }
    }
}

/// Returns the part named `only`, or all parts for `None`. Fails if there is no such part.
pub(crate) fn chosen<'a>(mut parts: Vec<Part<'a>>, only: Option<&str>) -> Result<Vec<Part<'a>>> {
    let Some(only) = only else {
        return Ok(parts);
    };
    let names: Vec<_> = parts.iter().map(|part| part.name).collect();
    parts.retain(|part| part.name == only);
    if parts.is_empty() {
        bail!(
            "no part is named {only}: expected one of {}",
            names.join(", ")
        );
    }
    Ok(parts)
}

/// Runs all parts and prints progress. A part that fails is reported, and the others still run.
pub(crate) fn run(parts: &[Part<'_>], mut report: Report) -> Report {
    for (number, Part { name, measure }) in (1..).zip(parts) {
        let so_far = spoken(report.took());
        eprintln!("[{number} of {}, {so_far}] {name}", parts.len());
        if let Err(error) = measure(&mut report) {
            report.failed(name, &error);
        }
    }
    report
}

/// Returns a duration in words: `4 min 10 s`.
pub(crate) fn spoken(time: Duration) -> String {
    let (minutes, seconds) = (time.as_secs() / 60, time.as_secs() % 60);
    if minutes == 0 {
        return format!("{seconds} s");
    }
    format!("{minutes} min {seconds} s")
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;
    use crate::report::{Outcome, PAGE};
    use crate::targets::at_most;

    fn outcome(parts: &[Part<'_>]) -> (Outcome, String) {
        let folder = tempfile::tempdir().unwrap();
        let report = run(parts, Report::of(1, Duration::ZERO));
        let outcome = report.write(folder.path()).unwrap();
        let page = std::fs::read_to_string(folder.path().join(PAGE)).unwrap();
        (outcome, page)
    }

    fn judged(most: f64) -> Part<'static> {
        Part::new("memory", move |report| {
            report.judge(at_most("memory", "MB", 10.0, most));
            Ok(())
        })
    }

    #[test]
    fn a_part_that_fails_takes_nothing_from_the_others() {
        let broken = Part::new("storm", |report| {
            report.line("Begun.");
            bail!("no redis-server")
        });
        let (outcome, page) = outcome(&[judged(15.0), broken, judged(11.0)]);
        assert_eq!(outcome, Outcome::Failed);
        for line in [
            "| memory | ≤ 15 MB | 10.0 MB | met |",
            "Begun.",
            "**Not measured:** storm: no redis-server",
            "| memory | ≤ 11 MB | 10.0 MB | met |",
        ] {
            assert!(page.contains(line), "{line} in {page}");
        }
    }

    #[test]
    fn a_target_that_is_missed_is_no_failure() {
        assert_eq!(outcome(&[judged(15.0)]).0, Outcome::Met);
        assert_eq!(outcome(&[judged(15.0), judged(5.0)]).0, Outcome::Missed);
    }

    #[test]
    fn one_part_is_chosen_by_its_name() {
        let names = |only| {
            let parts = chosen(vec![judged(1.0), Part::new("storm", |_| Ok(()))], only)?;
            Ok(parts.iter().map(|part| part.name).collect())
        };
        let none: Result<Vec<_>> = names(Some("hail"));
        let refusal = none.unwrap_err().to_string();
        assert_eq!(
            refusal,
            "no part is named hail: expected one of memory, storm"
        );
        assert_eq!(names(Some("storm")).unwrap(), ["storm"]);
        assert_eq!(names(None).unwrap(), ["memory", "storm"]);
    }

    #[test]
    fn time_is_said_in_minutes_and_seconds() {
        let spoken = |seconds| spoken(Duration::from_secs(seconds));
        assert_eq!(spoken(7), "7 s");
        assert_eq!(spoken(250), "4 min 10 s");
        assert_eq!(spoken(3_600), "60 min 0 s");
    }
}
