//! Targets, and whether they are met.

use crate::rounds::Series;

/// A ratio of one contestant to another.
pub(crate) struct Target<'a> {
    pub(crate) what: String,
    pub(crate) who: &'a str,
    pub(crate) other: &'a str,
    /// The least ratio that meets the target.
    pub(crate) least: f64,
    /// A contestant that shows what is possible, if `other` does not.
    pub(crate) limit: Option<&'a str>,
}

/// Result for a target.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Verdict {
    pub(crate) what: String,
    pub(crate) target: String,
    pub(crate) measured: String,
    pub(crate) is_met: bool,
}

/// Judges a ratio. A ratio that is short by no more than the noise of this run is met.
pub(crate) fn beside(all: &[Series], target: &Target<'_>) -> Verdict {
    let find = |name: &str| all.iter().find(|series| series.name == name);
    let (Some(who), Some(other)) = (find(target.who), find(target.other)) else {
        return Verdict {
            what: target.what.clone(),
            target: format!("≥ {}", target.least),
            measured: "nothing".to_owned(),
            is_met: false,
        };
    };
    let (ratio, noise) = (who.beside(other), who.noise(other));
    let mut measured = format!("{ratio:.2} ± {:.2}", ratio * noise);
    if let Some(limit) = target.limit.and_then(find) {
        let reached = limit.beside(other);
        measured = format!("{measured} ({} itself: {reached:.2})", limit.name);
    }
    Verdict {
        what: target.what.clone(),
        target: format!("≥ {:.2}", target.least),
        measured,
        is_met: ratio * (1.0 + noise) >= target.least,
    }
}

/// Judges each second contestant relative to the one before it.
pub(crate) fn beside_each(all: &[Series], what: &str, least: f64) -> Vec<Verdict> {
    let pairs = all.as_chunks::<2>().0.iter();
    let judged = pairs.map(|[few, many]| {
        let target = Target {
            what: format!("{what}: {}, relative to {}", many.name, few.name),
            who: &many.name,
            other: &few.name,
            least,
            limit: None,
        };
        beside(all, &target)
    });
    judged.collect()
}

/// Judges a figure that must not exceed a limit.
pub(crate) fn at_most(what: &str, unit: &str, measured: f64, most: f64) -> Verdict {
    Verdict {
        what: what.to_owned(),
        target: format!("≤ {most} {unit}"),
        measured: format!("{measured:.1} {unit}"),
        is_met: measured <= most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_by_the_noise_is_met_and_the_limit_is_told() {
        let series = |name: &str, rounds: &[f64]| Series {
            name: name.to_owned(),
            rounds: rounds.to_vec(),
        };
        let all = [
            series("gateway", &[150.0, 140.0, 130.0]),
            series("peer", &[100.0, 100.0, 100.0]),
            series("hello", &[220.0, 230.0, 240.0]),
        ];
        let judged = |least| {
            let target = Target {
                what: "checks".to_owned(),
                who: "gateway",
                other: "peer",
                least,
                limit: Some("hello"),
            };
            beside(&all, &target)
        };
        assert_eq!(judged(1.45).measured, "1.40 ± 0.10 (hello itself: 2.30)");
        assert!(judged(1.45).is_met);
        assert!(!judged(1.55).is_met);
    }
}
