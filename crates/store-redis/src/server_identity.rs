//! The identity of the server that is queried, and of the one that sends invalidations.
//!
//! The pool, the connections of the workers and the one that receives invalidations resolve the same name
//! separately. It may lead each of them to a different server: while a failover moves it, or with several
//! addresses. The near cache is correct only if lookups go to the server that sends the invalidations. So the
//! `run_id` of both is compared.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, cmd};

use super::primary_check::is_forbidden;

/// The identifier of a server from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunId(String);

/// The server that is queried and the one that sends invalidations, as far as they reveal their identity.
#[derive(Default)]
pub(super) struct ServerIdentity {
    servers: Mutex<Servers>,
    differ: AtomicBool,
}

#[derive(Default)]
struct Servers {
    queried: Option<RunId>,
    /// When the connection to the queried server was opened.
    opened: Option<Instant>,
    invalidating: Option<RunId>,
}

/// What a new connection of the pool shows about the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueriedServer {
    /// They lead to the same server.
    Unchanged,
    /// Those that were opened before lead to another server.
    Changed,
    /// One that was opened after it leads to another server.
    Outdated,
}

impl ServerIdentity {
    /// Records the server of a new connection of the pool, which was opened at `opened`. Returns what that
    /// shows about the other connections. Responses may arrive in another order than connections were opened.
    pub(super) fn record_queried(&self, server: Option<RunId>, opened: Instant) -> QueriedServer {
        self.change(|servers| {
            let is_other = servers.queried.is_some() && servers.queried != server;
            if servers.opened.is_some_and(|newest| opened < newest) {
                return if is_other {
                    QueriedServer::Outdated
                } else {
                    QueriedServer::Unchanged
                };
            }
            servers.queried = server;
            servers.opened = Some(opened);
            if is_other {
                QueriedServer::Changed
            } else {
                QueriedServer::Unchanged
            }
        })
    }

    /// Records the server that sends invalidations from now on, with which queried servers are compared. `None` if
    /// its identity is not known.
    pub(super) fn record_invalidating(&self, server: Option<RunId>) {
        self.change(|servers| servers.invalidating = server);
    }

    /// Returns whether `server` may be the one that sends invalidations: `true` also if either of them is not
    /// known.
    pub(super) fn may_be_invalidating(&self, server: Option<&RunId>) -> bool {
        self.change(|servers| !are_different(servers.invalidating.as_ref(), server))
    }

    /// Returns whether one server is queried and another one sends invalidations. `false` if one of them is
    /// not known.
    pub(super) fn differs(&self) -> bool {
        self.differ.load(Ordering::Acquire)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Servers) -> T) -> T {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = change(&mut servers);
        let differ = are_different(servers.queried.as_ref(), servers.invalidating.as_ref());
        self.differ.store(differ, Ordering::Release);
        outcome
    }
}

fn are_different(one: Option<&RunId>, other: Option<&RunId>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

impl RunId {
    /// Queries the `run_id` of a server. `None` if its access list forbids that. Fails if the server does not
    /// respond.
    pub(super) async fn query(connection: &mut MultiplexedConnection) -> RedisResult<Option<Self>> {
        let response: RedisResult<String> = cmd("INFO").arg("server").query_async(connection).await;
        match response {
            Ok(text) => {
                let mut lines = text.lines();
                let id = lines.find_map(|line| line.trim().strip_prefix("run_id:"));
                Ok(id.map(|id| Self(id.to_owned())))
            }
            Err(error) if is_forbidden(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_connection_that_was_made_last_says_which_server_is_queried() {
        let [a, b] = ["a", "b"].map(|id| Some(RunId(id.to_owned())));
        let first = Instant::now();
        let [second, third] = [1, 2].map(|after| first + Duration::from_nanos(after));
        let identity = ServerIdentity::default();
        identity.record_invalidating(b.clone());
        assert_eq!(
            identity.record_queried(a.clone(), first),
            QueriedServer::Unchanged
        );
        assert!(identity.differs());
        assert_eq!(
            identity.record_queried(b.clone(), third),
            QueriedServer::Changed
        );
        assert!(!identity.differs());
        // Its response comes last.
        assert_eq!(identity.record_queried(a, second), QueriedServer::Outdated);
        assert!(!identity.differs());
        assert_eq!(identity.record_queried(b, second), QueriedServer::Unchanged);
    }
}
