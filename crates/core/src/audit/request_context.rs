//! The context of a request, which events record.

use std::fmt;

use uuid::Uuid;

use crate::throttle::ClientIp;

tokio::task_local! {
    static CONTEXT: RequestContext;
}

/// The context of a request. Set once, around everything that is done for the request; all calls on
/// [`Auth`](crate::Auth) find it there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestContext {
    /// The dialect of the request.
    pub dialect: Option<&'static str>,
    /// The client IP.
    pub source: Option<ClientIp>,
    /// The id of the request in log lines and in the response.
    pub request_id: Option<Uuid>,
    /// The actor. `None` if the user acts.
    pub actor: Option<EventActor>,
}

impl RequestContext {
    /// Returns the context of the current request, or an empty one outside of any request.
    pub fn current() -> Self {
        CONTEXT.try_with(Self::clone).unwrap_or_default()
    }

    /// Runs `work` in this context and returns its output. A task that `work` spawns does not inherit the
    /// context: pass it [`RequestContext::current`].
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CONTEXT.scope(self, work).await
    }

    /// Runs `work`, a synchronous function, in this context and returns its result.
    pub fn within<T>(self, work: impl FnOnce() -> T) -> T {
        CONTEXT.sync_scope(self, work)
    }
}

/// An actor who is not the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventActor {
    /// The administrator who logged in as the user.
    User(Uuid),
    /// The holder of the key with that label.
    Key(String),
    /// The operator who runs commands on the machine.
    CommandLine,
    /// The configuration, at a start.
    Configuration,
}

/// Writes a GUID, `key LABEL`, `command line` or `configuration`.
impl fmt::Display for EventActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Key(label) => write!(f, "key {label}"),
            Self::CommandLine => f.write_str("command line"),
            Self::Configuration => f.write_str("configuration"),
        }
    }
}
