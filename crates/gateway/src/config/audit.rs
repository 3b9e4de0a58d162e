//! `[audit]`: the sinks of the audit log.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The audit log: a record of logins, refusals and changes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// `none`, `stdout`, or `file:PATH`.
    pub to: AuditTarget,
    /// Whether events also go to a table of the directory's database.
    pub database: bool,
    /// How long events stay in that table.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub keep: Duration,
    /// How many events may wait for a disk or a database before further ones are lost.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub queue: NonZeroUsize,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            to: AuditTarget::None,
            database: false,
            keep: Duration::from_hours(24 * 90),
            queue: const { NonZeroUsize::new(10_000).unwrap() },
        }
    }
}

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum AuditTarget {
    /// Nowhere.
    None,
    /// To the standard output.
    Stdout,
    /// To the end of a file.
    File(PathBuf),
}

impl TryFrom<String> for AuditTarget {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split_once(':') {
            None if text == "none" => Ok(Self::None),
            None if text == "stdout" => Ok(Self::Stdout),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err("expected none, stdout or file:PATH"),
        }
    }
}

impl From<AuditTarget> for String {
    fn from(target: AuditTarget) -> Self {
        target.to_string()
    }
}

impl fmt::Display for AuditTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Stdout => f.write_str("stdout"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}
