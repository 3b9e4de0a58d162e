//! The purposes of tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Authenticates the user on every call.
    Access,
    /// Logs the user in again without a password, any number of times.
    Remember,
    /// Logs the user in at another client, once.
    Handover,
    /// An administrator's token for another user: authenticates as that user, and may be exchanged once for a
    /// browser session.
    Impersonation,
    /// Sets a new password, once.
    Reset,
}

impl Purpose {
    /// Returns the name of the purpose in lists and events, such as `access`.
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
