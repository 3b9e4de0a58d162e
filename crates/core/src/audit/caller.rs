//! Whose request it is that core works on, for events to tell.

use std::fmt;

use uuid::Uuid;

use crate::throttle::Source;

tokio::task_local! {
    static CALLER: Caller;
}

/// Whose request it is. Set once, around all that is done for it; calls on [`Auth`](crate::Auth)
/// find it there, whatever they are about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The dialect that it is spoken in.
    pub dialect: Option<&'static str>,
    /// The address it came from.
    pub source: Option<Source>,
    /// What log lines and the answer name it by.
    pub request_id: Option<Uuid>,
    /// Who acts, if it is not the user.
    pub actor: Option<Actor>,
}

impl Caller {
    /// Whose request this is; nobody's outside of any.
    pub fn current() -> Self {
        CALLER.try_with(Self::clone).unwrap_or_default()
    }

    /// Does something for this caller. A task that is spawned meanwhile is not part of it: hand
    /// it [`Caller::current`].
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CALLER.scope(self, work).await
    }

    /// The same for what waits for nothing.
    pub fn within<T>(self, work: impl FnOnce() -> T) -> T {
        CALLER.sync_scope(self, work)
    }
}

/// Who acts, if it is not the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The administrator who logged in as the user.
    User(Uuid),
    /// Whoever has the key of that label.
    Key(String),
    /// Whoever runs commands on the machine.
    CommandLine,
    /// The configuration, at a start.
    Configuration,
}

/// A GUID, `key LABEL`, `command line` or `configuration`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Key(label) => write!(f, "key {label}"),
            Self::CommandLine => f.write_str("command line"),
            Self::Configuration => f.write_str("configuration"),
        }
    }
}
