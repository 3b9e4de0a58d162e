//! One primary at a time, standing alone or found by sentinels, and a pool of connections to it.

use std::time::{Duration, Instant};

use ::redis::aio::MultiplexedConnection;
use ::redis::{
    ConnectionInfo, ErrorKind, FromRedisValue, RedisError, RedisResult, Role, ServerErrorKind, cmd,
};
use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, RecycleResult};
use tokio::time::timeout;

use super::RedisSettings;
use super::dialer::Dialer;
use super::fault::Fault;
use super::link::failed;
use super::question::{Manner, Question};
use super::replicas::Replicas;
use super::sentinel::Sentinels;
use crate::error::StoreError;

/// How long a server is taken for the primary without asking it.
const ROLE_HOLDS: Duration = Duration::from_secs(1);
/// How long a connection is taken for alive before what must not be asked twice.
const LIFE_HOLDS: Duration = Duration::from_millis(50);

/// A pool of connections to the primary.
pub(super) struct Primary {
    pool: managed::Pool<Doorman>,
    timeout: Duration,
    replicas: Replicas,
}

impl Primary {
    pub(super) fn new(
        place: Place,
        dialer: Dialer,
        settings: &RedisSettings,
    ) -> Result<Self, StoreError> {
        // Asking the sentinels, connecting, and asking for the role.
        let entering = settings.connect_timeout * 2 + settings.timeout;
        let timeout = settings.timeout;
        let doorman = Doorman {
            place,
            dialer,
            timeout,
        };
        let pool = managed::Pool::builder(doorman)
            .max_size(settings.connections)
            .wait_timeout(Some(settings.pool_timeout))
            .create_timeout(Some(entering))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(failed)?;
        Ok(Self {
            pool,
            timeout,
            replicas: Replicas::of(settings),
        })
    }

    /// Where the primary is.
    pub(super) async fn place(&self) -> RedisResult<ConnectionInfo> {
        self.pool.manager().place.find().await
    }

    pub(super) async fn put<T: FromRedisValue>(
        &self,
        question: Question<'_>,
        manner: Manner,
    ) -> Result<T, StoreError> {
        let mut again = true;
        loop {
            let mut server = self.server(manner).await?;
            let asked = timeout(self.timeout, question.put(&mut server.connection)).await;
            let error = match asked {
                Ok(Ok(answer)) => {
                    if manner == Manner::Revocation && self.replicas.are_wanted() {
                        let wait = self.replicas.wait();
                        let waited = wait.query_async(&mut server.connection).await;
                        self.replicas.suffice(waited)?;
                    }
                    return Ok(answer);
                }
                Ok(Err(error)) => error,
                Err(_) => {
                    drop(Object::take(server));
                    return Err(failed("no answer in time"));
                }
            };
            let fault = Fault::of(&error);
            if fault.spoils_the_connection() {
                drop(Object::take(server));
                self.look_anew().await;
            }
            let may_ask_again = match fault {
                Fault::Elsewhere => manner == Manner::Repeatable || question.is_one(),
                Fault::Broken => manner == Manner::Repeatable && !error.is_timeout(),
                Fault::Unfit | Fault::Refused => false,
            };
            if !again || !may_ask_again {
                return Err(failed(error));
            }
            again = false;
        }
    }

    /// A connection to what is the primary as far as anybody can tell.
    async fn server(&self, manner: Manner) -> Result<Object<Doorman>, StoreError> {
        let holds = match manner {
            Manner::Repeatable => ROLE_HOLDS,
            Manner::Once | Manner::Revocation => LIFE_HOLDS,
        };
        let mut server = self.pool.get().await.map_err(failed)?;
        if server.proven.elapsed() < holds || self.pool.manager().prove(&mut server).await.is_ok() {
            return Ok(server);
        }
        drop(Object::take(server));
        self.look_anew().await;
        // None is idle now: one is made, and proven by that.
        self.pool.get().await.map_err(failed)
    }

    /// Drops all idle connections: they lead where the broken one did.
    async fn look_anew(&self) {
        drop(self.pool.retain(|_, _| false));
        self.pool.manager().place.forget().await;
    }
}

/// Where the primary is said to be.
pub(super) enum Place {
    Fixed(Box<ConnectionInfo>),
    Sentinels(Box<Sentinels>),
}

impl Place {
    async fn find(&self) -> RedisResult<ConnectionInfo> {
        match self {
            Self::Fixed(server) => Ok(ConnectionInfo::clone(server)),
            Self::Sentinels(sentinels) => sentinels.primary().await,
        }
    }

    async fn forget(&self) {
        if let Self::Sentinels(sentinels) = self {
            sentinels.forget().await;
        }
    }
}

/// A connection, and when its server last showed that it is the primary.
pub(super) struct Server {
    connection: MultiplexedConnection,
    place: String,
    proven: Instant,
}

/// Lets nobody in but the primary.
struct Doorman {
    place: Place,
    dialer: Dialer,
    timeout: Duration,
}

impl managed::Manager for Doorman {
    type Type = Server;
    type Error = RedisError;

    async fn create(&self) -> RedisResult<Server> {
        let entered = self.enter().await;
        if entered.is_err() {
            self.place.forget().await;
        }
        entered
    }

    async fn recycle(&self, _: &mut Server, _: &Metrics) -> RecycleResult<RedisError> {
        Ok(())
    }
}

impl Doorman {
    async fn enter(&self) -> RedisResult<Server> {
        let place = self.place.find().await?;
        let mut server = Server {
            connection: self.dialer.dial(&place).await?,
            place: place.addr().to_string(),
            proven: Instant::now(),
        };
        self.ask_for_role(&mut server).await?;
        Ok(server)
    }

    /// Whether this is still the primary, in the eyes of the sentinels and in its own.
    async fn prove(&self, server: &mut Server) -> RedisResult<()> {
        if let Place::Sentinels(sentinels) = &self.place
            && sentinels.name_another_than(&server.place).await
        {
            return Err(not_the_primary());
        }
        self.ask_for_role(server).await
    }

    async fn ask_for_role(&self, server: &mut Server) -> RedisResult<()> {
        let question = cmd("ROLE");
        let asked = question.query_async::<Role>(&mut server.connection);
        let role = timeout(self.timeout, asked).await;
        match role.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))? {
            Ok(Role::Primary { .. }) => {}
            Ok(_) => return Err(not_the_primary()),
            // It may not tell us. Then READONLY has to.
            Err(error) if is_forbidden(&error) => {}
            Err(error) => return Err(error),
        }
        server.proven = Instant::now();
        Ok(())
    }
}

/// Whether a command was refused because it is unknown here or we may not use it.
pub(super) fn is_forbidden(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::NoPerm | ServerErrorKind::ResponseError)
    )
}

fn not_the_primary() -> RedisError {
    (ErrorKind::Client, "this server is not the primary").into()
}
