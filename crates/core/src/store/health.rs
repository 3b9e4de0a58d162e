//! Results of health checks of the stores for tokens, users and attempts.

use serde::Serialize;

/// The result of a health check of a token store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StoreHealth {
    /// The servers that were queried, if there are any.
    pub servers: Vec<ServerHealth>,
    /// What an operator should know, the worst first.
    pub findings: Vec<Finding>,
}

impl StoreHealth {
    /// Returns `true` if a finding says that the store must not be used as it is.
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|one| one.level == Level::Refused)
    }
}

/// One server. Values that the server does not report are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ServerHealth {
    /// Host and port.
    pub address: String,
    /// The version of the server.
    pub version: Option<String>,
    /// `primary` or `replica`.
    pub role: Option<String>,
    /// What the server does when its memory is full, in the server's own words.
    pub eviction: Option<String>,
    /// How the server persists its data: `none`, `snapshots`, `log` or `snapshots and log`.
    pub persistence: Option<String>,
    /// How far the server's clock is ahead of ours, in milliseconds.
    pub clock_ahead_ms: Option<i64>,
}

/// Something an operator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The severity.
    pub level: Level,
    /// What was found.
    pub text: String,
    /// What to do about the finding, if the text does not say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// Creates a finding without a hint: its text says what to do, or nothing can be done.
    pub fn new(level: Level, text: impl Into<String>) -> Self {
        Self {
            level,
            text: text.into(),
            hint: None,
        }
    }

    /// Returns this finding with a hint, which says what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Logins or token checks fail, or the store must not be used as it is.
    Refused,
    /// Logins and token checks work; something else does not, or may not one day.
    Warning,
    /// The check had no result.
    Unknown,
}
