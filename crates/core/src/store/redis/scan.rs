//! Listing keys, page by page.

use std::sync::Arc;

use ::redis::aio::MultiplexedConnection;
use ::redis::{ConnectionInfo, cmd};

use super::link::{Access, failed};
use crate::error::StoreError;

/// About so many keys are looked at for a page.
const PAGE: usize = 1000;

/// The rest of a listing.
pub(crate) struct Scan {
    access: Arc<Access>,
    left: Vec<ConnectionInfo>,
    pattern: String,
    /// A cursor means something to the server it came from only, and ends with its connection.
    now: Option<(MultiplexedConnection, u64)>,
}

impl Scan {
    pub(super) fn new(access: Arc<Access>, left: Vec<ConnectionInfo>, pattern: &str) -> Self {
        Self {
            access,
            left,
            pattern: pattern.to_owned(),
            now: None,
        }
    }

    /// The next keys, which may be none; `None` after the last page. An error ends it: what was
    /// listed so far is not all.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let (mut connection, cursor) = match self.now.take() {
            Some(now) => now,
            None => match self.left.pop() {
                Some(server) => (self.access.dialer.dial(&server).await.map_err(failed)?, 0),
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
            .map_err(failed)?;
        if cursor != 0 {
            self.now = Some((connection, cursor));
        }
        Ok(Some(keys))
    }
}
