//! Results of exchanges.

use std::time::Duration;

use isogloss_conformance::Case;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use toml::Table;

/// Result of an exchange.
pub(super) struct ExchangeResult {
    pub(super) case: Case,
    pub(super) verdict: Verdict,
    pub(super) took: Duration,
}

pub(super) enum Verdict {
    Ok,
    /// The responses differ; holds the report.
    Failed(String),
    /// The host lacks these settings.
    Skipped(Table),
}

impl From<isogloss_conformance::Result<()>> for Verdict {
    fn from(result: isogloss_conformance::Result<()>) -> Self {
        match result {
            Ok(()) => Self::Ok,
            Err(failure) => Self::Failed(failure.to_string()),
        }
    }
}

impl Verdict {
    /// Returns the name of the verdict in reports.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed(_) => "failed",
            Self::Skipped(_) => "left out",
        }
    }

    /// Returns whether the exchange failed.
    pub(super) fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// Returns why the exchange failed or was skipped, or `None` if it passed.
    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::Ok => None,
            Self::Failed(report) => Some(report.clone()),
            Self::Skipped(needed) => Some(format!("needs {}", flat("", needed).join(", "))),
        }
    }
}

impl ExchangeResult {
    /// Returns the row of the result in the table.
    pub(super) fn row(&self) -> Vec<String> {
        let mut name = self.case.name.clone();
        if let Verdict::Skipped(_) = self.verdict {
            let reason = self.verdict.reason().unwrap_or_default();
            name = format!("{name} ({reason})");
        }
        vec![
            self.verdict.name().to_owned(),
            self.case.dialect.clone(),
            name,
        ]
    }
}

impl Serialize for ExchangeResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut result = serializer.serialize_struct("ExchangeResult", 5)?;
        result.serialize_field("dialect", &self.case.dialect)?;
        result.serialize_field("conversation", &self.case.name)?;
        result.serialize_field("source", self.case.conversation.source())?;
        result.serialize_field("outcome", self.verdict.name())?;
        result.serialize_field("reason", &self.verdict.reason())?;
        result.end()
    }
}

/// Returns a line such as `a.b = 1` for each setting. `above` is the prefix of the keys.
fn flat(above: &str, table: &Table) -> Vec<String> {
    let line = |(key, value): (&String, &toml::Value)| match value.as_table() {
        Some(table) => flat(&format!("{above}{key}."), table),
        None => vec![format!("{above}{key} = {value}")],
    };
    table.iter().flat_map(line).collect()
}
