//! Changes of optional values.

use serde::{Deserialize, Deserializer};

/// A change of an optional value, as in a JSON merge patch (RFC 7396): null is [`Patch::Remove`]; with
/// `#[serde(default)]`, a missing member is [`Patch::Keep`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Keeps the value.
    #[default]
    Keep,
    /// Removes the value.
    Remove,
    /// Sets the value.
    Set(T),
}

impl<T> Patch<T> {
    /// Returns the value after the change.
    pub(crate) fn after(self, known: Option<T>) -> Option<T> {
        match self {
            Self::Keep => known,
            Self::Remove => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::deserialize(deserializer)?;
        Ok(value.map_or(Self::Remove, Self::Set))
    }
}
