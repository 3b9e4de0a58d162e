//! What becomes of something that need not be there.

use serde::{Deserialize, Deserializer};

/// What is to become of it. Read from JSON, null is [`Setting::None`]; with `#[serde(default)]`,
/// what is left out is [`Setting::Same`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// It stays as it is.
    #[default]
    Same,
    /// It goes.
    None,
    /// It is this.
    To(T),
}

impl<T> Setting<T> {
    pub(in crate::directory) fn after(self, known: Option<T>) -> Option<T> {
        match self {
            Self::Same => known,
            Self::None => None,
            Self::To(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Setting<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::deserialize(deserializer)?;
        Ok(value.map_or(Self::None, Self::To))
    }
}
