//! Connections that look for users, kept open between logins.

use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult};
use isogloss_core::authority::{Cause, CauseKind};
use secrecy::SecretString;
use tokio::time::{Duration, timeout};

use crate::connection::Connection;
use crate::message::Outcome;
use crate::result_codes;
use crate::servers::Servers;
use crate::{LdapSettings, LdapSettingsError};

/// How long a connection may be idle. Firewalls and servers forget connections without a word.
const MAX_IDLE: Duration = Duration::from_mins(1);

/// A pool of connections that are bound as the service, or anonymous.
pub(crate) type ServicePool = Pool<ServiceConnections>;

/// A connection that is bound as the service, or anonymous.
pub(crate) struct ServiceConnection {
    /// The connection.
    pub(crate) connection: Connection,
    /// Which server it leads to.
    pub(crate) server: usize,
    /// Whether it was used before.
    pub(crate) is_reused: bool,
}

/// Opens connections and binds them.
pub(crate) struct ServiceConnections {
    pub(crate) servers: Servers,
    pub(crate) credentials: Option<(String, SecretString)>,
    search_timeout: Duration,
}

impl ServiceConnections {
    /// Returns a pool that has no connection yet. Fails if the settings cannot be used.
    pub(crate) fn pool(settings: &LdapSettings) -> Result<ServicePool, LdapSettingsError> {
        let credentials = match (&settings.bind_dn, &settings.bind_password) {
            (None, None) => None,
            (Some(dn), Some(password)) => Some((dn.clone(), password.clone())),
            (None, Some(_)) | (Some(_), None) => return Err(LdapSettingsError::BindPassword),
        };
        let manager = Self {
            servers: Servers::new(settings)?,
            credentials,
            search_timeout: settings.search_timeout,
        };
        let pool = Pool::builder(manager).max_size(settings.connections);
        // Fails only for time-outs without a runtime, and there are none.
        let pool = pool.build();
        pool.map_err(|error| LdapSettingsError::Connections(error.to_string()))
    }

    /// Binds a connection as the service. Does nothing if the service is anonymous. Fails if the server does not answer
    /// in time or does not accept the service.
    pub(crate) async fn bind(&self, connection: &mut Connection) -> Result<Option<Outcome>, Cause> {
        let Some((dn, password)) = &self.credentials else {
            return Ok(None);
        };
        let bound = timeout(self.search_timeout, connection.bind(dn, password)).await;
        let late = || Cause::new(CauseKind::Timeout, "no answer to the bind in time");
        bound.unwrap_or_else(|_| Err(late())).map(Some)
    }
}

impl Manager for ServiceConnections {
    type Type = ServiceConnection;
    type Error = Cause;

    async fn create(&self) -> Result<ServiceConnection, Cause> {
        let mut last = None;
        for _ in self.servers.iter() {
            let (server, mut connection) = self.servers.connect(None).await?;
            let bound = self.bind(&mut connection).await;
            let bound = bound.and_then(|outcome| {
                outcome.map_or(Ok(()), |outcome| result_codes::service_bind(&outcome))
            });
            match bound {
                Ok(()) => {
                    return Ok(ServiceConnection {
                        connection,
                        server,
                        is_reused: false,
                    });
                }
                // A wrong password is wrong at each server, and each would count it.
                Err(cause) if cause.kind == CauseKind::Configuration => {
                    return Err(self.named(server, &cause));
                }
                Err(cause) => {
                    self.servers.failed(server);
                    last = Some(self.named(server, &cause));
                }
            }
        }
        Err(last.unwrap_or_else(|| Cause::new(CauseKind::Connect, "there is no server")))
    }

    async fn recycle(
        &self,
        pooled: &mut ServiceConnection,
        metrics: &Metrics,
    ) -> RecycleResult<Cause> {
        if metrics.last_used() > MAX_IDLE || !pooled.connection.is_usable() {
            return Err(RecycleError::message("it is closed or too old"));
        }
        pooled.is_reused = true;
        Ok(())
    }
}

impl ServiceConnections {
    fn named(&self, server: usize, cause: &Cause) -> Cause {
        let name = self.servers.name(server);
        Cause::new(cause.kind, format!("{name}: {}", cause.detail))
    }
}

/// Returns a connection of the pool. Fails if no server can be used.
pub(crate) async fn take(pool: &ServicePool) -> Result<Object<ServiceConnections>, Cause> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(cause) => cause,
        PoolError::Timeout(_)
        | PoolError::Closed
        | PoolError::NoRuntimeSpecified
        | PoolError::PostCreateHook(_) => Cause::new(CauseKind::Connect, error),
    })
}
