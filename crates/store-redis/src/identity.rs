//! Which server is queried, and which one tells of changes.
//!
//! The pool, the connections of the workers and the one that tells of changes resolve the same name separately,
//! and it may lead each of them to a different server: while a failover moves it, or with several addresses. The
//! near cache is right only if lookups go to the server that tells of changes. So the `run_id` of both is compared.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, cmd};

use super::doorman::is_forbidden;

/// What a server calls itself from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunId(String);

/// Which server is queried, and which one tells of changes, as far as they say who they are.
#[derive(Default)]
pub(super) struct Identity {
    servers: Mutex<Servers>,
    differ: AtomicBool,
}

#[derive(Default)]
struct Servers {
    queried: Option<RunId>,
    /// When the connection to that one was made.
    made: Option<Instant>,
    telling: Option<RunId>,
}

/// What a new connection of the pool says of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queried {
    /// They lead to the same server.
    Still,
    /// Those that were made before lead to another server.
    FromNowOn,
    /// One that was made after it leads to another server.
    Before,
}

impl Identity {
    /// Records the server of a new connection of the pool, which was made at that moment. Responses may come in
    /// another order than connections were made in.
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

    /// Records the server that tells of changes from now on.
    pub(super) fn tells(&self, server: Option<RunId>) {
        self.change(|servers| servers.telling = server);
    }

    /// Returns whether a server may be the one that tells of changes.
    pub(super) fn may_tell(&self, server: Option<&RunId>) -> bool {
        self.change(|servers| !are_different(servers.telling.as_ref(), server))
    }

    /// Returns whether one server is queried and another one tells of changes.
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
    /// Asks a server who it is. `None` if it may not tell.
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
