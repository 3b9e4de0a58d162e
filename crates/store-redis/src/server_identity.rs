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
pub(super) struct Identity {
    servers: Mutex<Servers>,
    differ: AtomicBool,
}

#[derive(Default)]
struct Servers {
    queried: Option<RunId>,
    /// When the connection to the queried server was opened.
    made: Option<Instant>,
    telling: Option<RunId>,
}

/// What a new connection of the pool shows about the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queried {
    /// They lead to the same server.
    Still,
    /// Those that were opened before lead to another server.
    FromNowOn,
    /// One that was opened after it leads to another server.
    Before,
}

impl Identity {
    /// Records the server of a new connection of the pool, which was opened at `made`. Responses may arrive in
    /// another order than connections were opened.
    pub(super) fn is_queried(&self, server: Option<RunId>, made: Instant) -> Queried {
        self.change(|servers| {
            let is_other = servers.queried.is_some() && servers.queried != server;
            if servers.made.is_some_and(|newest| made < newest) {
                return if is_other {
                    Queried::Before
                } else {
                    Queried::Still
                };
            }
            servers.queried = server;
            servers.made = Some(made);
            if is_other {
                Queried::FromNowOn
            } else {
                Queried::Still
            }
        })
    }

    /// Records the server that sends invalidations from now on.
    pub(super) fn tells(&self, server: Option<RunId>) {
        self.change(|servers| servers.telling = server);
    }

    /// Returns whether a server may be the one that sends invalidations.
    pub(super) fn may_tell(&self, server: Option<&RunId>) -> bool {
        self.change(|servers| !are_different(servers.telling.as_ref(), server))
    }

    /// Returns whether one server is queried and another one sends invalidations.
    pub(super) fn differs(&self) -> bool {
        self.differ.load(Ordering::Acquire)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Servers) -> T) -> T {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = change(&mut servers);
        let differ = are_different(servers.queried.as_ref(), servers.telling.as_ref());
        self.differ.store(differ, Ordering::Release);
        outcome
    }
}

fn are_different(one: Option<&RunId>, other: Option<&RunId>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

impl RunId {
    /// Queries the identifier of a server. `None` if the server does not reveal it.
    pub(super) async fn of(connection: &mut MultiplexedConnection) -> RedisResult<Option<Self>> {
        let told: RedisResult<String> = cmd("INFO").arg("server").query_async(connection).await;
        match told {
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
        let identity = Identity::default();
        identity.tells(b.clone());
        assert_eq!(identity.is_queried(a.clone(), first), Queried::Still);
        assert!(identity.differs());
        assert_eq!(identity.is_queried(b.clone(), third), Queried::FromNowOn);
        assert!(!identity.differs());
        // Its response comes last.
        assert_eq!(identity.is_queried(a, second), Queried::Before);
        assert!(!identity.differs());
        assert_eq!(identity.is_queried(b, second), Queried::Still);
    }
}
