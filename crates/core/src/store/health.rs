//! What a store says of its own fitness.

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
    /// What was found, and what to do.
    pub text: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The store must not be used as it is.
    Refused,
    /// It works, and may one day lose tokens or keep them too long.
    Warning,
    /// It could not be found out.
    Unknown,
}
