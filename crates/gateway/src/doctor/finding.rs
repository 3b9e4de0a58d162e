//! Findings of the doctor: result, severity and hint.

use isogloss_core::store::{self, Level};
use serde::Serialize;

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The check passed.
    Ok,
    /// The gateway works, but may fail later or for some clients.
    Warning,
    /// The check failed.
    Failed,
}

impl Severity {
    /// Returns the name of the severity for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
        }
    }
}

/// Result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) check: String,
    pub(crate) verdict: Severity,
    pub(crate) text: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            verdict: Severity::Ok,
            text: text.into(),
            hint: None,
        }
    }

    pub(crate) fn warning(
        check: impl Into<String>,
        text: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Severity::Warning,
            hint: Some(hint.into()),
            ..Self::ok(check, text)
        }
    }

    /// Returns the finding of the doctor for a finding of a store: a failure if the store refused something, else a
    /// warning. `check` is the name of the check in the report.
    pub(crate) fn of_store(check: &str, found: store::Finding) -> Self {
        let verdict = match found.level {
            Level::Refused => Severity::Failed,
            Level::Warning | Level::Unknown => Severity::Warning,
        };
        Self {
            verdict,
            hint: found.hint,
            ..Self::ok(check, found.text)
        }
    }

    pub(crate) fn failed(
        check: impl Into<String>,
        text: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Severity::Failed,
            ..Self::warning(check, text, hint)
        }
    }
}

/// All findings, in the order of the checks.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// Returns the number of findings of that severity.
    pub(crate) fn count(&self, verdict: Severity) -> usize {
        self.iter().filter(|one| one.verdict == verdict).count()
    }
}
