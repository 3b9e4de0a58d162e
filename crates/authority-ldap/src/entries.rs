//! All users, for synchronisation.

use std::collections::VecDeque;

use deadpool::managed::Manager;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use isogloss_core::authority::{Cause, CauseKind, Identity};
use tokio::time::timeout;

use crate::connection::Connection;
use crate::message::{Entry, page_cookie};
use crate::request::{PAGED_RESULTS, Search};
use crate::{LdapAuthority, result_codes, wire};

/// What is left to read.
struct Pages {
    connection: Connection,
    /// The cookie of the next page; empty at first. `None` after the last page.
    cookie: Option<Vec<u8>>,
    entries: VecDeque<Entry>,
}

impl LdapAuthority {
    /// Returns all users that the filter finds, with what their groups give, and asks the server for `page_size` at a
    /// time. Ends with the first error: then what came is not all.
    pub fn entries(&self, page_size: usize) -> impl Stream<Item = Result<Identity, Cause>> + '_ {
        try_unfold(None, move |pages| self.next_entry(pages, page_size))
    }

    async fn next_entry(
        &self,
        pages: Option<Pages>,
        page_size: usize,
    ) -> Result<Option<(Identity, Option<Pages>)>, Cause> {
        let mut pages = match pages {
            Some(pages) => pages,
            // A cookie belongs to a connection.
            None => Pages {
                connection: self.directory.service().create().await?.connection,
                cookie: Some(Vec::new()),
                entries: VecDeque::new(),
            },
        };
        loop {
            if let Some(entry) = pages.entries.pop_front() {
                let mut identity = self.attributes.identity(&entry)?;
                self.groups
                    .add(&self.directory, &entry, &mut identity)
                    .await?;
                return Ok(Some((identity, Some(pages))));
            }
            let Some(cookie) = pages.cookie.take() else {
                pages.connection.close().await;
                return Ok(None);
            };
            let search = Search {
                base: self.directory.base(),
                depth: self.directory.depth(),
                filter: self.filter.everybody()?,
                attributes: &self.attributes.wanted(),
                limit: page_size,
                page: Some((page_size, cookie)),
            };
            let late = || Cause::new(CauseKind::Timeout, "no page of users in time");
            let found = timeout(self.timeout, pages.connection.search(search)).await;
            let found = found.unwrap_or_else(|_| Err(late()))?;
            result_codes::search(&found.outcome)?;
            let mut controls = found.outcome.controls.iter();
            let control = controls.find(|(name, _)| name == PAGED_RESULTS);
            if let Some((_, value)) = control {
                let cookie = page_cookie(value);
                let cookie = cookie.ok_or_else(|| wire::malformed("its page has no cookie"))?;
                pages.cookie = Some(cookie).filter(|cookie| !cookie.is_empty());
            }
            pages.entries = found.entries.into();
        }
    }
}
