//! Whether a value stays flat.

use crate::rounds::median;
use crate::targets::Verdict;

/// Allowed increase: a share of the earlier value, and a fixed amount in addition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    pub(super) unit: &'static str,
    part: f64,
    besides: f64,
}

impl Allowance {
    pub(super) fn new(unit: &'static str, part: f64, besides: f64) -> Self {
        Self {
            unit,
            part,
            besides,
        }
    }

    fn most(&self, before: f64) -> f64 {
        before * (1.0 + self.part) + self.besides
    }
}

/// Judges the median of the last fifth against that of the second fifth. In the first fifth caches fill.
pub(super) fn judge(what: &str, values: &[f64], allowance: Allowance) -> Verdict {
    let fifth = (values.len() / 5).max(1);
    let part = |from: usize| values.get(from..(from + fifth).min(values.len()));
    let (early, late) = (part(fifth), part(values.len().saturating_sub(fifth)));
    let (Some(early @ [_, ..]), Some(late @ [_, ..])) = (early, late) else {
        return Verdict {
            what: format!("flatness of {what}"),
            target: "flat".to_owned(),
            measured: "too few values".to_owned(),
            is_met: false,
        };
    };
    let (early, late) = (median(early.to_vec()), median(late.to_vec()));
    let (most, unit) = (allowance.most(early), allowance.unit);
    Verdict {
        what: format!("{what} in the last fifth of the time, {early:.2} {unit} in the second"),
        target: format!("≤ {most:.2} {unit}"),
        measured: format!("{late:.2} {unit}"),
        is_met: late <= most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_flat(values: impl IntoIterator<Item = u32>) -> bool {
        let values: Vec<_> = values.into_iter().map(f64::from).collect();
        judge("memory", &values, Allowance::new("MB", 0.10, 1.0)).is_met
    }

    #[test]
    fn what_grows_is_not_flat() {
        assert!(is_flat([30; 100]));
        assert!(is_flat((0..100).map(|second| 30 + second / 40)));
        assert!(!is_flat((0..100).map(|second| 30 + second / 5)));
    }

    #[test]
    fn the_first_fifth_may_grow_and_one_peak_is_none() {
        assert!(is_flat((0..100).map(|second| 30 + second.min(19))));
        assert!(is_flat((0..100).map(|second| if second == 90 {
            99
        } else {
            30
        })));
    }

    #[test]
    fn too_little_is_no_proof() {
        assert!(!is_flat([]));
        assert!(!is_flat([30]));
    }
}
