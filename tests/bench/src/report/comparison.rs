//! What a setting brings.

use std::fmt::Write as _;

use anyhow::Result;

use crate::rounds::{Series, figure};

/// The same, measured with something and without.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Comparison {
    pub(crate) what: &'static str,
    /// The settings that switch it off.
    pub(crate) off: Vec<String>,
    pub(crate) measured: String,
    pub(crate) unit: &'static str,
    /// With it, and without.
    pub(crate) series: Vec<Series>,
}

/// A table with a row for each.
pub(super) fn write(page: &mut String, comparisons: &[Comparison]) -> Result<()> {
    if comparisons.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "## What a setting brings\n\n\
         | what | switched off by | measured | on | off | on beside off |\n\
         | --- | --- | --- | --- | --- | --- |"
    )?;
    for comparison in comparisons {
        let [on, off] = comparison.series.as_slice() else {
            continue;
        };
        let (what, measured, unit) = (comparison.what, &comparison.measured, comparison.unit);
        let ratio = on.beside(off);
        writeln!(
            page,
            "| {what} | `{}` | {measured} | {} {unit} | {} {unit} | {ratio:.2} ± {:.2} |",
            comparison.off.join("`, `"),
            figure(on.median()),
            figure(off.median()),
            ratio * on.noise(off)
        )?;
    }
    Ok(writeln!(page)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_is_switched_off_how_and_what_it_brings() {
        let series = |name: &str, rounds: &[f64]| Series {
            name: name.to_owned(),
            rounds: rounds.to_vec(),
        };
        let comparison = Comparison {
            what: "tokens are kept near",
            off: vec!["tokens.redis_near_cache = 0".to_owned()],
            measured: "checks, Redis, 32 clients".to_owned(),
            unit: "checks/s",
            series: vec![
                series("on", &[500.0, 400.0, 600.0]),
                series("off", &[250.0, 200.0, 200.0]),
            ],
        };
        let mut page = String::new();
        write(&mut page, &[comparison]).unwrap();
        assert!(
            page.contains(
                "| tokens are kept near | `tokens.redis_near_cache = 0` | checks, Redis, 32 clients \
                 | 500 checks/s | 200 checks/s | 2.00 ± 0.50 |"
            ),
            "{page}"
        );
    }
}
