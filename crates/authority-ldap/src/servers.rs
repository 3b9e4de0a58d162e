//! Several servers with the same users, of which the first that works is used.

use isogloss_core::authority::{Cause, CauseKind};
use parking_lot::Mutex;
use tokio::time::{Duration, Instant};
use tokio_rustls::TlsConnector;

use crate::connection::Connection;
use crate::server::Server;
use crate::{LdapSettings, LdapSettingsError, tls};

/// How long a server that failed comes after the others.
const PENALTY: Duration = Duration::from_secs(30);

/// The servers.
pub(crate) struct Servers {
    list: Vec<Server>,
    failures: Mutex<Vec<Option<Instant>>>,
    connector: TlsConnector,
    connect_timeout: Duration,
}

impl Servers {
    /// Returns the servers of the settings. Fails if there is none, an address is not usable, or the file with the
    /// certificates of authorities cannot be used.
    pub(crate) fn new(settings: &LdapSettings) -> Result<Self, LdapSettingsError> {
        if settings.urls.is_empty() {
            return Err(LdapSettingsError::NoUrl);
        }
        let server = |url| Server::new(url, settings.start_tls, settings.allow_plain);
        let servers: Vec<_> = settings.urls.iter().map(server).collect::<Result<_, _>>()?;
        Ok(Self {
            failures: Mutex::new(vec![None; servers.len()]),
            list: servers,
            connector: tls::connector(settings.ca_file.as_deref())?,
            connect_timeout: settings.connect_timeout,
        })
    }

    /// Returns each server.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Server> {
        self.list.iter()
    }

    /// Returns what makes connections secure.
    pub(crate) fn connector(&self) -> &TlsConnector {
        &self.connector
    }

    /// Returns the name of a server.
    pub(crate) fn name(&self, index: usize) -> &str {
        self.list.get(index).map_or("", Server::name)
    }

    /// Connects to the preferred server, or to the first that works, and returns which it is. Fails if none works.
    pub(crate) async fn connect(
        &self,
        preferred: Option<usize>,
    ) -> Result<(usize, Connection), Cause> {
        let mut causes: Vec<Cause> = Vec::new();
        for (index, server) in self.order(preferred) {
            match server.connect(&self.connector, self.connect_timeout).await {
                Ok(connection) => {
                    self.set_failure(index, None);
                    return Ok((index, connection));
                }
                Err(cause) => {
                    self.failed(index);
                    causes.push(cause);
                }
            }
        }
        let kind = causes.last().map_or(CauseKind::Connect, |cause| cause.kind);
        let details: Vec<_> = causes.into_iter().map(|cause| cause.detail).collect();
        Err(Cause::new(kind, details.join("; ")))
    }

    /// Records that a server does not work: for a while, others come first.
    pub(crate) fn failed(&self, index: usize) {
        self.set_failure(index, Some(Instant::now()));
    }

    fn set_failure(&self, index: usize, failure: Option<Instant>) {
        if let Some(last) = self.failures.lock().get_mut(index) {
            *last = failure;
        }
    }

    /// Returns the preferred server, those that work, and those that failed lately.
    fn order(&self, preferred: Option<usize>) -> Vec<(usize, &Server)> {
        let failures = self.failures.lock().clone();
        let failed_lately = |index: usize| {
            let failure = failures.get(index).copied().flatten();
            failure.is_some_and(|at| at.elapsed() < PENALTY)
        };
        let mut order: Vec<_> = self.list.iter().enumerate().collect();
        order.sort_by_key(|(index, _)| (failed_lately(*index), Some(*index) != preferred));
        order
    }
}
