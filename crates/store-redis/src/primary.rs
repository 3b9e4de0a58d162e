//! A single primary, at a fixed address or found by sentinels, and a pool of connections to it.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::{
    Connection, HookError, Pool, PoolConfig, PoolError, QueueMode, Runtime, TimeoutType, Timeouts,
};
use isogloss_core::{PoolStatus, StoreError};
use redis::{ConnectionInfo, FromRedisValue};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::RedisSettings;
use super::dialer::Dialer;
use super::doorman::Doorman;
use super::error::failed;
use super::fault::Fault;
use super::name::{failed_at, name_of};
use super::place::Place;
use super::question::{Answered, Manner, Question};
use super::replicas::Replicas;

/// The primary, at its current address.
pub(super) struct Primary {
    place: Place,
    dialer: Dialer,
    way: Mutex<Option<Way>>,
    pool: PoolConfig,
    /// Time limit for getting a connection, including the wait for a free one.
    entering: Duration,
    timeout: Duration,
    replicas: Replicas,
}

/// A pool of connections to one server.
#[derive(Clone)]
struct Way {
    place: String,
    pool: Pool,
    doorman: Arc<Doorman>,
    /// Whether the next caller that needs a connection must look up the primary, and wait for that.
    doubted: bool,
}

impl Way {
    /// Returns the name of the server and the connection that its pool returned.
    fn entered(
        self,
        got: Result<Connection, PoolError>,
    ) -> Result<(String, Connection), StoreError> {
        match got {
            Ok(connection) => Ok((self.place, connection)),
            // Without the pool's own text before that of the connection.
            Err(
                PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)),
            ) => Err(failed_at(&self.place, error)),
            Err(error) => Err(failed_at(&self.place, error)),
        }
    }
}

impl Primary {
    pub(super) fn new(place: Place, dialer: Dialer, settings: &RedisSettings) -> Self {
        Self {
            place,
            dialer,
            way: Mutex::default(),
            pool: PoolConfig {
                max_size: settings.connections,
                timeouts: Timeouts {
                    wait: Some(settings.pool_timeout),
                    ..Timeouts::new()
                },
                queue_mode: QueueMode::default(),
            },
            entering: settings.entering(),
            timeout: settings.timeout,
            replicas: Replicas::of(settings),
        }
    }

    /// Returns the address of the primary.
    pub(super) async fn place(&self) -> Result<ConnectionInfo, StoreError> {
        self.place.find().await
    }

    /// Returns the name of the primary, as far as it is known without a request.
    pub(super) fn name(&self) -> String {
        let known = self.way.try_lock().ok();
        let known = known.and_then(|way| Some(way.as_ref()?.place.clone()));
        known.unwrap_or_else(|| self.place.name())
    }

    /// Returns the status of the pool. `None` if there is no pool yet, or while the primary is looked up.
    pub(super) fn connections(&self) -> Option<PoolStatus> {
        let way = self.way.try_lock().ok()?;
        let status = way.as_ref()?.pool.status();
        Some(PoolStatus {
            most: status.max_size,
            open: status.size,
            in_use: status.size.saturating_sub(status.available),
            waiting: status.waiting,
        })
    }

    pub(super) async fn put<T: FromRedisValue>(
        &self,
        question: Question<'_>,
        manner: Manner,
    ) -> Result<Answered<T>, StoreError> {
        let mut again = true;
        loop {
            let (place, mut connection) = self.connection().await?;
            let asked = timeout(self.timeout, question.put(&mut connection)).await;
            let error = match asked {
                Ok(Ok(answer)) => {
                    let mut replicated = Ok(());
                    if manner == Manner::Revocation && self.replicas.are_wanted() {
                        let waited = self.replicas.wait().query_async(&mut connection).await;
                        if let Err(error) = &waited
                            && Fault::of(error).spoils_the_connection()
                        {
                            self.discard(connection).await;
                        }
                        replicated = self.replicas.suffice(&place, waited);
                    }
                    return Ok(Answered { answer, replicated });
                }
                Ok(Err(error)) => error,
                Err(_) => {
                    self.dialer.silence().log(&place);
                    self.discard(connection).await;
                    return Err(failed_at(&place, "no answer in time"));
                }
            };
            let fault = Fault::of(&error);
            if error.is_timeout() {
                self.dialer.silence().log(&place);
            }
            if fault.spoils_the_connection() {
                self.discard(connection).await;
            }
            let may_ask_again = match fault {
                Fault::Elsewhere => manner == Manner::Repeatable || question.is_one(),
                Fault::Broken => manner == Manner::Repeatable && !error.is_timeout(),
                Fault::Unfit | Fault::Refused => false,
            };
            if !again || !may_ask_again {
                return Err(failed_at(&place, error));
            }
            again = false;
        }
    }

    /// Returns the name of the primary and a live connection to it, as far as can be determined.
    async fn connection(&self) -> Result<(String, Connection), StoreError> {
        let entering = timeout(self.entering, self.dialer.inside(self.enter()));
        if let Ok(entered) = entering.await {
            return entered;
        }
        let place = self.name();
        self.look_anew().await;
        Err(failed_at(&place, "no connection in time"))
    }

    async fn enter(&self) -> Result<(String, Connection), StoreError> {
        let way = self.way().await?;
        let error = match way.pool.get().await {
            Err(error) if !is_busy(&error) => error,
            got => return way.entered(got),
        };
        self.look_anew().await;
        let found = self.way().await?;
        if found.place == way.place {
            return found.entered(Err(error));
        }
        let got = found.pool.get().await;
        found.entered(got)
    }

    /// Returns the pool of the server that is reported as the primary.
    async fn way(&self) -> Result<Way, StoreError> {
        let known = self.way.lock().await.clone();
        if let Some(way) = known
            && !way.doubted
            && !self.place.is_other_than(&way.place).await
        {
            return Ok(way);
        }
        let mut known = self.way.lock().await;
        let server = self.place.find().await?;
        let place = name_of(&server);
        let same = known.take().filter(|way| way.place == place);
        let way = match same {
            Some(way) => way,
            None => self.open(place, &server)?,
        };
        let way = known.insert(Way {
            doubted: false,
            ..way
        });
        Ok(way.clone())
    }

    fn open(&self, place: String, server: &ConnectionInfo) -> Result<Way, StoreError> {
        let manager = self.dialer.manager(server).map_err(failed)?;
        let doorman = Doorman::new(self.timeout, Arc::clone(self.dialer.identity()));
        let pool = Pool::builder(manager)
            .config(self.pool)
            .runtime(Runtime::Tokio1);
        Ok(Way {
            place,
            pool: doorman.guard(pool).build().map_err(failed)?,
            doorman,
            doubted: false,
        })
    }

    /// Drops a connection that failed, and marks all others as unusable.
    async fn discard(&self, connection: Connection) {
        drop(Connection::take(connection));
        self.look_anew().await;
    }

    /// Marks all existing connections as unusable, as they lead to the same server as the broken one. The next
    /// caller looks up the primary again.
    pub(super) async fn look_anew(&self) {
        let mut known = self.way.lock().await;
        if let Some(way) = known.as_mut() {
            way.doorman.doubt_all().await;
            way.doubted = true;
        }
        self.place.forget().await;
    }
}

/// Returns whether the only reason is that all connections are in use.
fn is_busy(error: &PoolError) -> bool {
    matches!(error, PoolError::Timeout(TimeoutType::Wait))
}
