//! What is found where tokens, users and tries are stored.

use serde::Serialize;

/// What was found where tokens live.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StoreHealth {
    /// The servers that were asked, if there are any.
    pub servers: Vec<ServerHealth>,
    /// What an operator should know, the worst first.
    pub findings: Vec<Finding>,
}

impl StoreHealth {
    /// Whether it must not be used as it is.
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|one| one.level == Level::Refused)
    }
}

/// One server. What it does not tell us is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ServerHealth {
    /// Host and port.
    pub address: String,
    /// Its version.
    pub version: Option<String>,
    /// `primary` or `replica`.
    pub role: Option<String>,
    /// What it does when its memory is full, in its own words.
    pub eviction: Option<String>,
    /// How it keeps what it holds: `none`, `snapshots`, `log` or `snapshots and log`.
    pub persistence: Option<String>,
    /// How far its clock is ahead of ours.
    pub clock_ahead_ms: Option<i64>,
}

/// Something an operator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub text: String,
    /// What to do about it, where it is not part of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// Makes a finding that says what to do in its text, or for which nothing can be done.
    pub fn new(level: Level, text: impl Into<String>) -> Self {
        Self {
            level,
            text: text.into(),
            hint: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Logins or token checks fail, or the store must not be used as it is.
    Refused,
    /// Logins and token checks work; something else does not, or may not one day.
    Warning,
    /// It could not be found out.
    Unknown,
}
