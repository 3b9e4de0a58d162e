//! What is to be reached.

use crate::rounds::Series;

/// One contestant beside another.
pub(crate) struct Target<'a> {
    pub(crate) what: String,
    pub(crate) who: &'a str,
    pub(crate) other: &'a str,
    /// The ratio that is to be reached.
    pub(crate) least: f64,
}

/// What became of a target.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Verdict {
    pub(crate) what: String,
    pub(crate) target: String,
    pub(crate) measured: String,
    pub(crate) is_met: bool,
}

/// Judges a ratio. What is short of it by no more than the noise of this run is met.
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
    Verdict {
        what: target.what.clone(),
        target: format!("≥ {:.2}", target.least),
        measured: format!("{ratio:.2} ± {:.2}", ratio * noise),
        is_met: ratio * (1.0 + noise) >= target.least,
    }
}

/// Judges each second one beside the one before it.
pub(crate) fn beside_each(all: &[Series], what: &str, least: f64) -> Vec<Verdict> {
    let pairs = all.as_chunks::<2>().0.iter();
    let judged = pairs.map(|[few, many]| {
        let target = Target {
            what: format!("{what}: {}, beside {}", many.name, few.name),
            who: &many.name,
            other: &few.name,
            least,
        };
        beside(all, &target)
    });
    judged.collect()
}

/// Judges a figure that is to stay below another.
pub(crate) fn at_most(what: &str, unit: &str, measured: f64, most: f64) -> Verdict {
    Verdict {
        what: what.to_owned(),
        target: format!("≤ {most} {unit}"),
        measured: format!("{measured:.1} {unit}"),
        is_met: measured <= most,
    }
}
