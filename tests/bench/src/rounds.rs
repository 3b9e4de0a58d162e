//! Contestants take turns, so that other load of the machine affects all of them alike.

use anyhow::Result;

/// A measurement that takes turns with others.
pub(crate) struct Contestant<'a> {
    pub(crate) name: String,
    pub(crate) run: Box<dyn Fn() -> Result<f64> + 'a>,
}

impl<'a> Contestant<'a> {
    pub(crate) fn new(name: impl Into<String>, run: impl Fn() -> Result<f64> + 'a) -> Self {
        Self {
            name: name.into(),
            run: Box::new(run),
        }
    }
}

/// Results of one contestant, one value per round.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) rounds: Vec<f64>,
}

impl Series {
    pub(crate) fn median(&self) -> f64 {
        median(self.rounds.clone())
    }

    /// Returns the ratio to another contestant's rate: the median of the ratios of all rounds.
    pub(crate) fn beside(&self, other: &Self) -> f64 {
        median(self.ratios(other))
    }

    /// Returns half of the interquartile range of these ratios, relative to the ratio.
    pub(crate) fn noise(&self, other: &Self) -> f64 {
        let mut ratios = self.ratios(other);
        ratios.sort_by(f64::total_cmp);
        let last = ratios.len().saturating_sub(1);
        let (low, high) = (ratios[last / 4], ratios[last - last / 4]);
        (high - low) / 2.0 / self.beside(other)
    }

    fn ratios(&self, other: &Self) -> Vec<f64> {
        let pairs = self.rounds.iter().zip(&other.rounds);
        pairs.map(|(this, other)| this / other).collect()
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Formats a value with a useful number of digits.
pub(crate) fn figure(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// Runs all contestants, round after round, and prints progress.
pub(crate) fn run(
    what: &str,
    unit: &str,
    rounds: usize,
    contestants: &[Contestant<'_>],
) -> Result<Vec<Series>> {
    let mut all: Vec<_> = contestants
        .iter()
        .map(|contestant| Series {
            name: contestant.name.clone(),
            rounds: Vec::new(),
        })
        .collect();
    for round in 1..=rounds {
        for (series, contestant) in all.iter_mut().zip(contestants) {
            let value = (contestant.run)()?;
            eprintln!(
                "{what}, round {round} of {rounds}: {}: {} {unit}",
                series.name,
                figure(value)
            );
            series.rounds.push(value);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_figures_have_a_decimal() {
        assert_eq!(figure(3.27), "3.3");
        assert_eq!(figure(99.2), "99.2");
        assert_eq!(figure(51_234.6), "51235");
    }
}
