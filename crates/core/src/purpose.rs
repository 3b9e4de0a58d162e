//! What tokens are for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Speaks for the user on every call.
    Access,
    /// Logs the user in again without a password, any number of times.
    Remember,
    /// Logs the user in at another client, once.
    Handover,
    /// An administrator's token for another user: speaks for that user, and may once be
    /// exchanged for a browser session.
    Impersonation,
    /// Sets a new password, once.
    Reset,
}

impl Purpose {
    /// As lists and events have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Remember => "remember",
            Self::Handover => "handover",
            Self::Impersonation => "impersonation",
            Self::Reset => "reset",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
