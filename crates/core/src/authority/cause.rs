//! Why an authority did not judge a password.

use std::fmt;

/// Why an authority could not be asked, or what it said that is no judgement.
#[derive(Clone, PartialEq, Eq)]
pub struct Cause {
    /// The kind, for metrics and the audit log.
    pub kind: CauseKind,
    /// A text for operators. Holds no password and no name that a client typed.
    pub detail: String,
}

impl Cause {
    /// Creates a cause.
    pub fn new(kind: CauseKind, detail: impl fmt::Display) -> Self {
        Self {
            kind,
            detail: detail.to_string(),
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cause({self})")
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.detail)
    }
}

/// The kind of a [`Cause`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseKind {
    /// No connection to any of its servers.
    Connect,
    /// No secure connection: the certificate is not valid, or TLS failed.
    Tls,
    /// It took too long.
    Timeout,
    /// The connection was closed before the whole answer came.
    Closed,
    /// The answer cannot be understood, is too long, or is of another type than expected.
    Response,
    /// It refuses to answer: busy, in maintenance, an internal error.
    Refused,
    /// It does not accept our own credentials, or does not permit what we ask.
    Configuration,
    /// More than one of its users has the name.
    Ambiguous,
    /// As many logins as permitted already wait for it.
    Busy,
    /// It failed several times in a row, and is not asked again for a moment.
    CircuitOpen,
    /// It accepts the password, but of a person who cannot be the user: another one has that name here.
    NotLinked,
    /// It accepts the password, but the user cannot be created here from what it says.
    InvalidUser,
}

impl CauseKind {
    /// Returns whether the authority failed, so that it may not be worth asking again at once.
    pub(super) const fn is_failure(self) -> bool {
        match self {
            Self::Connect
            | Self::Tls
            | Self::Timeout
            | Self::Closed
            | Self::Response
            | Self::Refused
            | Self::Configuration => true,
            Self::Ambiguous
            | Self::Busy
            | Self::CircuitOpen
            | Self::NotLinked
            | Self::InvalidUser => false,
        }
    }

    /// Returns the name of the kind in metrics and the audit log, such as `timeout`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Response => "response",
            Self::Refused => "refused",
            Self::Configuration => "configuration",
            Self::Ambiguous => "ambiguous",
            Self::Busy => "busy",
            Self::CircuitOpen => "circuit_open",
            Self::NotLinked => "not_linked",
            Self::InvalidUser => "invalid_user",
        }
    }
}
