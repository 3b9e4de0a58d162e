//! The section `logging`: what is logged.

use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::log_target::LogTarget;

/// Log messages, and the access log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// The format of a line.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, `off`, or directives like `info,isogloss_core=debug`. If
    /// directives contain no general level, it is `info`.
    pub level: String,
    /// Where the access log of the public listener goes: `none`, `stdout`, or `file:PATH`.
    pub access_to: LogTarget,
    /// The format of a line of the access log.
    pub access_format: AccessFormat,
    /// How many lines of the access log may wait for a disk before further ones are lost.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub access_queue: NonZeroUsize,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: "info".to_owned(),
            access_to: LogTarget::None,
            access_format: AccessFormat::Json,
            access_queue: const { NonZeroUsize::new(10_000).unwrap() },
        }
    }
}

impl Logging {
    /// Fails if `logging.level` has a word that is neither a level nor a directive: the library would take it
    /// for the name of a module, and log only that module.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = self.level.split(',').find(|part| !is_directive(part));
        let Some(part) = wrong else {
            return Ok(());
        };
        let hint = match suggested(part) {
            Some(level) => format!("; did you mean {level}?"),
            None => String::new(),
        };
        let expected = format!("expected {EXPECTED}{hint}");
        Err(ConfigError::new("logging.level", expected))
    }

    /// Returns the directives for the library. If only modules have a level, adds a general one, without which
    /// the library would log nothing else.
    pub(crate) fn directives(&self) -> String {
        let has_level = self.level.split(',').any(|part| !part.contains('='));
        let all_else = if has_level { "" } else { "info," };
        format!("{all_else}{}", self.level)
    }
}

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
const EXPECTED: &str =
    "error, warn, info, debug, trace, off, or directives like info,isogloss_core=debug";

/// Returns whether the text is a level, or a module and a level such as `isogloss_core::auth=debug`.
fn is_directive(part: &str) -> bool {
    let (target, level) = part.split_once('=').unwrap_or(("isogloss", part));
    let is_level = LEVELS.iter().any(|known| level.eq_ignore_ascii_case(known));
    is_level && target.split("::").all(is_name)
}

fn is_name(segment: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !segment.is_empty() && segment.chars().all(is_of_name)
}

/// Returns the level that other programs call by this name, or `None` if there is none.
fn suggested(part: &str) -> Option<&'static str> {
    let word = part.rsplit('=').next().unwrap_or(part);
    match word.to_ascii_lowercase().as_str() {
        "warning" | "warnings" => Some("warn"),
        "err" | "errors" | "fatal" | "critical" | "crit" | "alert" | "emerg" => Some("error"),
        "notice" | "information" | "informational" | "normal" | "default" => Some("info"),
        "verbose" | "debugging" => Some("debug"),
        "all" | "finest" => Some("trace"),
        "none" | "silent" | "quiet" | "disabled" => Some("off"),
        _ => None,
    }
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl TryFrom<String> for LogFormat {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json"),
        }
    }
}

/// How a line of the access log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum AccessFormat {
    /// One JSON object a line.
    Json,
    /// The Common Log Format.
    Common,
    /// The Common Log Format with referrer and `User-Agent`.
    Combined,
}

impl TryFrom<String> for AccessFormat {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "json" => Ok(Self::Json),
            "common" => Ok(Self::Common),
            "combined" => Ok(Self::Combined),
            _ => Err("expected json, common or combined"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(level: &str) -> Option<String> {
        let logging = Logging {
            level: level.to_owned(),
            ..Logging::default()
        };
        logging.check().err().map(|problem| problem.to_string())
    }

    #[test]
    fn levels_and_directives_are_taken() {
        for level in [
            "error",
            "WARN",
            "off",
            "info,isogloss_core=debug",
            "warn,isogloss_core::auth=trace,actix-web=off",
        ] {
            assert_eq!(refusal(level), None, "{level}");
            assert!(
                tracing_subscriber::EnvFilter::try_new(level).is_ok(),
                "{level}"
            );
        }
    }

    #[test]
    fn a_module_that_is_not_there_silences_nothing() {
        for (level, directives) in [
            ("warn", "warn"),
            ("isogloss_kore=debug", "info,isogloss_kore=debug"),
            ("isogloss_core=debug,warn", "isogloss_core=debug,warn"),
        ] {
            let logging = Logging {
                level: level.to_owned(),
                ..Logging::default()
            };
            assert_eq!(logging.directives(), directives);
        }
    }

    #[test]
    fn any_other_word_is_refused_and_the_level_that_is_meant_is_named() {
        let expected = format!("logging.level: expected {EXPECTED}");
        for (level, hint) in [
            ("warning", "; did you mean warn?"),
            ("info,isogloss_core=verbose", "; did you mean debug?"),
            ("notice", "; did you mean info?"),
            ("fatal", "; did you mean error?"),
            ("", ""),
            ("info,", ""),
            ("isogloss_core", ""),
            ("isogloss core=debug", ""),
            ("=debug", ""),
            ("isogloss_core=", ""),
            ("[span]=debug", ""),
            ("3", ""),
            ("warn, isogloss_core=debug", ""),
        ] {
            assert_eq!(refusal(level), Some(format!("{expected}{hint}")), "{level}");
        }
    }
}
