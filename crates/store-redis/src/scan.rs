//! Lists keys, page by page.

use std::sync::Arc;

use isogloss_core::StoreError;
use redis::aio::MultiplexedConnection;
use redis::{ConnectionInfo, cmd};

use super::access::Access;
use super::server_name::{error_at, server_name};

/// About how many keys are examined for a page.
const PAGE: usize = 1000;

/// The listing of the current server: its name, a connection to it, and the cursor.
type Listing = (String, MultiplexedConnection, u64);

/// A listing in progress.
///
/// While slots move between the servers of a cluster, a key may move from a server that has yet to be listed to
/// one that was listed, or to one that had no slot before. So a cluster is listed twice, and again until it has
/// the same primaries before and after.
pub(crate) struct Scan {
    access: Arc<Access>,
    servers: Vec<ConnectionInfo>,
    remaining: Vec<ConnectionInfo>,
    may_be_last: bool,
    pattern: String,
    /// A cursor is valid only at the server that returned it, and only on its connection.
    listing: Option<Listing>,
}

impl Scan {
    pub(super) fn new(access: Arc<Access>, servers: Vec<ConnectionInfo>, pattern: String) -> Self {
        Self {
            remaining: servers.clone(),
            servers,
            may_be_last: !access.is_cluster(),
            access,
            pattern,
            listing: None,
        }
    }

    /// Returns the next keys (the list may be empty), and `None` after the last page. Fails if a server cannot be
    /// queried; the listing is then incomplete and cannot be continued.
    pub(crate) async fn next_page(&mut self) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let (name, mut connection, cursor) = match self.listing.take() {
            Some(listing) => listing,
            None => match self.next_server().await? {
                Some(server) => {
                    let name = server_name(&server);
                    let connected = self.access.connector.connect(&server).await;
                    let connection = connected.map_err(|error| error_at(&name, error))?;
                    (name, connection, 0)
                }
                None => return Ok(None),
            },
        };
        let (cursor, keys): (u64, _) = cmd("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(&self.pattern)
            .arg("COUNT")
            .arg(PAGE)
            .query_async(&mut connection)
            .await
            .map_err(|error| error_at(&name, error))?;
        if cursor != 0 {
            self.listing = Some((name, connection, cursor));
        }
        Ok(Some(keys))
    }

    async fn next_server(&mut self) -> Result<Option<ConnectionInfo>, StoreError> {
        if self.remaining.is_empty() && self.access.is_cluster() {
            let servers = self.access.primaries().await?;
            let has_moved = !names(&servers).eq(names(&self.servers));
            if has_moved || !self.may_be_last {
                self.may_be_last = true;
                self.remaining.clone_from(&servers);
                self.servers = servers;
            }
        }
        Ok(self.remaining.pop())
    }
}

fn names(servers: &[ConnectionInfo]) -> impl Iterator<Item = String> {
    servers.iter().map(server_name)
}
