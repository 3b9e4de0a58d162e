//! The table of what each setting brings.

use std::fmt::Write as _;

use anyhow::Result;

use crate::rounds::{Series, figure};

/// The same measurement with a feature and without it.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Comparison {
    pub(crate) what: &'static str,
    /// Settings that switch the feature off.
    pub(crate) off: Vec<String>,
    pub(crate) measured: String,
    pub(crate) unit: &'static str,
    /// With the feature, and without it.
    pub(crate) series: Vec<Series>,
}

/// Writes a table with a row for each comparison.
pub(super) fn write(page: &mut String, comparisons: &[Comparison]) -> Result<()> {
    if comparisons.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "## What a setting brings\n\n\
         | feature | switched off by | measured | on | off | on relative to off |\n\
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
            what: "token cache",
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
                "| token cache | `tokens.redis_near_cache = 0` | checks, Redis, 32 clients \
                 | 500 checks/s | 200 checks/s | 2.00 ± 0.50 |"
            ),
            "{page}"
        );
    }
}
