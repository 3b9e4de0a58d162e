//! What becomes of something that need not be there.

use serde::{Deserialize, Deserializer};

/// What is to become of it. Read from JSON, null is [`Patch::Remove`]; with `#[serde(default)]`,
/// what is left out is [`Patch::Keep`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It goes.
    Remove,
    /// It is this.
    Set(T),
}

impl<T> Patch<T> {
    pub(in crate::directory) fn after(self, known: Option<T>) -> Option<T> {
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
