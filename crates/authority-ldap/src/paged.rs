//! Searches that find many entries, page by page.

use std::collections::VecDeque;

use deadpool::managed::Manager;
use isogloss_core::authority::{Cause, CauseKind};
use ldap3::asn1::Tag;
use tokio::time::{Duration, timeout};

use crate::connection::Connection;
use crate::directory::Directory;
use crate::message::{Entry, page_cookie};
use crate::request::{Depth, PAGED_RESULTS, Search};
use crate::{result_codes, wire};

/// Where, for what and in which pages is searched.
pub(crate) struct PagedSearch<'a> {
    /// The entry where the search begins.
    pub(crate) base: &'a str,
    /// How far it goes.
    pub(crate) depth: Depth,
    /// The parsed filter.
    pub(crate) filter: Tag,
    /// The attributes that are wanted.
    pub(crate) attributes: Vec<&'a str>,
    /// How many entries a page has at most.
    pub(crate) page_size: usize,
    /// How long a page may take.
    pub(crate) timeout: Duration,
}

/// The entries that a search finds, over a connection of its own.
pub(crate) struct Paged<'a> {
    connection: Option<Connection>,
    search: PagedSearch<'a>,
    /// The cookie of the next page; empty at first. `None` after the last page.
    cookie: Option<Vec<u8>>,
    entries: VecDeque<Entry>,
}

impl<'a> Paged<'a> {
    /// Connects as the service. Fails if no server can be asked.
    pub(crate) async fn begin(
        directory: &Directory,
        search: PagedSearch<'a>,
    ) -> Result<Self, Cause> {
        // A cookie belongs to a connection.
        let connection = directory.service().create().await?.connection;
        Ok(Self {
            connection: Some(connection),
            search,
            cookie: Some(Vec::new()),
            entries: VecDeque::new(),
        })
    }

    /// Returns the search with entries as large as a group with many members.
    pub(crate) fn with_large_entries(mut self) -> Self {
        if let Some(connection) = &mut self.connection {
            connection.expect_large_entries();
        }
        self
    }

    /// Returns the next entry; `None` after the last one. Fails if the server refuses a page or does not answer in
    /// time: then what came is not all.
    pub(crate) async fn next(&mut self) -> Result<Option<Entry>, Cause> {
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return Ok(Some(entry));
            }
            let Some(cookie) = self.cookie.take() else {
                if let Some(connection) = self.connection.take() {
                    connection.close().await;
                }
                return Ok(None);
            };
            self.entries = self.page(cookie).await?.into();
        }
    }

    async fn page(&mut self, cookie: Vec<u8>) -> Result<Vec<Entry>, Cause> {
        let Some(connection) = &mut self.connection else {
            return Ok(Vec::new());
        };
        let search = Search {
            base: self.search.base,
            depth: self.search.depth,
            filter: self.search.filter.clone(),
            attributes: &self.search.attributes,
            limit: self.search.page_size,
            page: Some((self.search.page_size, cookie)),
        };
        let found = timeout(self.search.timeout, connection.search(search)).await;
        let late = || Cause::new(CauseKind::Timeout, "no page of entries in time");
        let found = found.unwrap_or_else(|_| Err(late()))?;
        result_codes::search(&found.outcome)?;
        let mut controls = found.outcome.controls.iter();
        if let Some((_, value)) = controls.find(|(name, _)| name == PAGED_RESULTS) {
            let cookie = page_cookie(value);
            let cookie = cookie.ok_or_else(|| wire::malformed("its page has no cookie"))?;
            self.cookie = Some(cookie).filter(|cookie| !cookie.is_empty());
        }
        Ok(found.entries)
    }
}
