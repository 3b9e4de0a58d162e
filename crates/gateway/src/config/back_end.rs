//! The settings of a dialect's back end, which are in the table of the dialect with its own settings.

mod proxy;
mod transport;

use std::fmt;

use ::config::{Map, Value, ValueKind};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use self::proxy::{ProxySettings, TokenForwarding};
use super::error::{self, ConfigError};
use super::{Jwt, key};
use crate::back_end::{PathPattern, PathPatterns};
use crate::dialects::Mount;

/// The keys in the table of a dialect that belong to its back end.
pub(crate) const KEYS: [&str; 5] = [
    "backend",
    "backend_paths",
    "public_paths",
    "backend_auth",
    "proxy",
];

/// The back end that gets the calls for which a dialect has no route.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BackEndSettings {
    /// The address of the back end, or a list of addresses of equal back ends: `http://HOST:PORT`, `https://HOST:PORT` or
    /// `unix:/PATH`. It gets every call below the path of the dialect for which the dialect has no route.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_several"
    )]
    #[schemars(schema_with = "text_or_list")]
    pub backend: Vec<String>,
    /// Further paths that go to the back end, even if the dialect has such a route or they are outside of its path:
    /// `/PATH`, `/PATH/*` for the path and all below it, or `METHOD /PATH`.
    pub backend_paths: Vec<String>,
    /// Paths of the back end that need no token, written like those of `backend_paths`.
    pub public_paths: Vec<String>,
    /// Whether calls to the back end need a token.
    pub backend_auth: BackEndAuth,
    /// How calls are sent to the back end.
    pub proxy: ProxySettings,
}

/// Whether calls to a back end need a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum BackEndAuth {
    /// A call without a valid token is refused.
    #[default]
    Required,
    /// A call without a token is sent without an identity. A call with an invalid token is refused.
    Optional,
}

impl TryFrom<String> for BackEndAuth {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "required" => Ok(Self::Required),
            "optional" => Ok(Self::Optional),
            _ => Err("expected required or optional"),
        }
    }
}

impl BackEndSettings {
    /// Removes the keys of the back end from the table of a dialect, and returns its settings. Fails if one of them is
    /// invalid.
    pub(super) fn take(section: &str, table: &mut Map<String, Value>) -> Result<Self, ConfigError> {
        let taken = KEYS.into_iter().filter_map(|name| {
            let value = table.remove(name)?;
            Some((name.to_owned(), value))
        });
        let table = Value::new(None, ValueKind::Table(taken.collect()));
        let settings: Self = error::deserialize(section, table)?;
        Ok(settings)
    }

    /// Returns whether there is a back end.
    pub(crate) fn is_set(&self) -> bool {
        !self.backend.is_empty()
    }

    /// Fails if the settings contradict each other or those of JWTs, or if a file cannot be used.
    pub(super) fn check(&self, mount: &Mount, jwt: &Jwt) -> Result<(), ConfigError> {
        let section = format!("dialects.{}", mount.name);
        let problem =
            |name: &str, reason: String| Err(ConfigError::new(key::join(&section, name), reason));
        for (name, paths) in [
            ("backend_paths", &self.backend_paths),
            ("public_paths", &self.public_paths),
        ] {
            if let Err(reason) = PathPatterns::parse(paths, mount.ignores_case()) {
                return problem(name, reason.to_string());
            }
            if !paths.is_empty() && !self.is_set() {
                return problem(name, format!("expected {section}.backend, too"));
            }
        }
        if let Some(login) = self.taken_logins(mount) {
            let reason = format!(
                "expected paths below {0}: all of {0} would take the logins, too (entry {login})",
                mount.path
            );
            return problem("backend_paths", reason);
        }
        self.proxy.check(&section, jwt)?;
        self.open(mount.name).map(drop)
    }

    /// Returns the number of the entry that sends every call below the path of the dialect to the back end, or `None` if
    /// none does.
    fn taken_logins(&self, mount: &Mount) -> Option<usize> {
        let all = format!("{}/*", mount.path);
        let mut entries = self.backend_paths.iter();
        entries
            .position(|entry| entry.eq_ignore_ascii_case(&all))
            .map(|index| index + 1)
    }
}

/// Fails if the back end of one dialect has a path that belongs to another dialect, or to its back end.
pub(super) fn check_paths(mounts: &[Mount]) -> Result<(), ConfigError> {
    let mut claimed: Vec<(&str, PathPattern)> = Vec::new();
    for mount in mounts {
        let settings = mount.back_end();
        let problem = |reason: String| {
            Err(ConfigError::new(
                format!("dialects.{}.backend_paths", mount.name),
                reason,
            ))
        };
        // They were parsed when the settings of the dialect were checked.
        let patterns = PathPatterns::parse(&settings.backend_paths, mount.ignores_case());
        let outside = patterns.map(|patterns| patterns.outside(&mount.path));
        for pattern in outside.iter().flat_map(PathPatterns::iter) {
            let owner = mounts.iter().find(|other| {
                other.name != mount.name && pattern.is_within(&other.path, other.ignores_case())
            });
            if let Some(owner) = owner {
                return problem(format!("{pattern} is below the path of {}", owner.name));
            }
            let mut others = claimed.iter().filter(|(name, _)| *name != mount.name);
            if let Some((name, _)) = others.find(|(_, other)| pattern.overlaps(other)) {
                return problem(format!("{pattern} is taken by {name}"));
            }
            claimed.push((mount.name, pattern.clone()));
        }
    }
    Ok(())
}

/// Returns the schema of a text or a list of texts.
fn text_or_list(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": ["string", "array"], "items": { "type": "string" } })
}

/// Reads one text or a list of texts.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(OneOrSeveral)
}

struct OneOrSeveral;

impl<'de> Visitor<'de> for OneOrSeveral {
    type Value = Vec<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an address or a list of addresses")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = items.next_element()? {
            texts.push(text);
        }
        Ok(texts)
    }
}
