//! Searches in the directory, over connections of the pool and at any server that works.

use deadpool::managed::{Manager, Object};
use isogloss_core::authority::{Cause, CauseKind};
use ldap3::asn1::Tag;
use tokio::time::{Duration, timeout};

use crate::connection::{Connection, Found};
use crate::identity::Attributes;
use crate::message::Entry;
use crate::pool::{ServiceConnections, ServicePool, take};
use crate::request::{Depth, Search};
use crate::servers::Servers;
use crate::{LdapSettings, LdapSettingsError, Scope, result_codes};

/// The servers with the users, as the service sees them.
pub(crate) struct Directory {
    pool: ServicePool,
    base: String,
    depth: Depth,
    search_timeout: Duration,
}

impl Directory {
    /// Returns the directory of the settings; opens no connection. Fails if the settings cannot be used.
    pub(crate) fn new(settings: &LdapSettings) -> Result<Self, LdapSettingsError> {
        Ok(Self {
            pool: ServiceConnections::pool(settings)?,
            base: settings.base.clone(),
            depth: match settings.scope {
                Scope::OneLevel => Depth::OneLevel,
                Scope::Subtree => Depth::Subtree,
            },
            search_timeout: settings.search_timeout,
        })
    }

    /// Returns what opens connections of the service.
    pub(crate) fn service(&self) -> &ServiceConnections {
        self.pool.manager()
    }

    /// Returns the servers.
    pub(crate) fn servers(&self) -> &Servers {
        &self.service().servers
    }

    /// Returns the entry below which the users are.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Returns how far below the base users are looked for.
    pub(crate) fn depth(&self) -> Depth {
        self.depth
    }

    /// Returns the only entry that the filter finds, and the server that has it. `None` if there is none. Fails if there
    /// are several, or if no server can be searched.
    pub(crate) async fn find(
        &self,
        filter: Tag,
        attributes: &Attributes,
    ) -> Result<Option<(Entry, usize)>, Cause> {
        let search = Search {
            base: &self.base,
            depth: self.depth,
            filter,
            attributes: &attributes.wanted(),
            limit: 2,
            page: None,
        };
        let (found, server) = self.search(&search).await?;
        only(found).map(|entry| entry.map(|entry| (entry, server)))
    }

    /// Searches, and returns what was found and which server said so. Another server is asked, or the same over a new
    /// connection, if one cannot answer. Fails if none can.
    pub(crate) async fn search(&self, search: &Search<'_>) -> Result<(Found, usize), Cause> {
        let mut servers_left = self.servers().iter().count();
        loop {
            let mut pooled = take(&self.pool).await?;
            let server = pooled.server;
            let cause = match self.search_over(&mut pooled.connection, search).await {
                Ok(found) => return Ok((found, server)),
                Err(cause) => cause,
            };
            let is_reused = pooled.is_reused;
            drop(Object::take(pooled));
            // What the server closed while it was idle says nothing about the server; all others may be closed, too.
            self.pool.retain(|other, _| other.server != server);
            if !is_reused || cause.kind != CauseKind::Closed {
                self.servers().failed(server);
                servers_left = servers_left.saturating_sub(1);
            }
            if servers_left == 0 && !is_reused {
                let name = self.servers().name(server);
                return Err(Cause::new(cause.kind, format!("{name}: {}", cause.detail)));
            }
        }
    }

    /// Searches over a connection of its own for an entry that may be as large as a group with many members. Fails if no
    /// server can be asked.
    pub(crate) async fn search_large(&self, search: Search<'_>) -> Result<Found, Cause> {
        let mut connection = self.service().create().await?.connection;
        connection.expect_large_entries();
        let found = self.search_over(&mut connection, &search).await?;
        connection.close().await;
        Ok(found)
    }

    /// Searches over a connection. Fails if the server does not answer in time, or is busy.
    pub(crate) async fn search_over(
        &self,
        connection: &mut Connection,
        search: &Search<'_>,
    ) -> Result<Found, Cause> {
        let found = timeout(self.search_timeout, connection.search(search.clone())).await;
        let late = || Cause::new(CauseKind::Timeout, "no answer to the search in time");
        let found = found.unwrap_or_else(|_| Err(late()))?;
        match found.outcome.code {
            51 | 52 => Err(result_codes::failure(&found.outcome)),
            _ => Ok(found),
        }
    }
}

/// Returns the only entry that was found. `None` if there is none. Fails if there are several, or if the search did not
/// end well.
pub(crate) fn only(found: Found) -> Result<Option<Entry>, Cause> {
    let mut entries = found.entries.into_iter();
    let (entry, other) = (entries.next(), entries.next());
    if other.is_some() {
        let detail = "more than one user has this name";
        return Err(Cause::new(CauseKind::Ambiguous, detail));
    }
    result_codes::search(&found.outcome)?;
    match entry {
        // A bind without a name is anonymous, whatever the password.
        Some(entry) if entry.dn.trim().is_empty() => {
            let detail = "the user's entry has no distinguished name";
            Err(Cause::new(CauseKind::Response, detail))
        }
        entry => Ok(entry),
    }
}
