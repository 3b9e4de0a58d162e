//! All users, for synchronisation.

use futures_util::Stream;
use futures_util::stream::try_unfold;
use isogloss_core::authority::{Cause, ListedUser};

use crate::LdapAuthority;
use crate::all_members::AllMembers;
use crate::identity::{is_disabled, is_locked_for_ever};
use crate::paged::{Paged, PagedSearch};

/// What is left to list.
struct Listing<'a> {
    pages: Paged<'a>,
    members: AllMembers<'a>,
}

impl LdapAuthority {
    /// Returns all users that the filter finds, with what their groups give, and asks the server for `page_size` at a
    /// time. Ends with the first error: then what came is not all.
    pub fn entries(
        &self,
        page_size: usize,
    ) -> impl Stream<Item = Result<ListedUser, Cause>> + Send + '_ {
        try_unfold(None, move |listing| self.next_entry(listing, page_size))
    }

    async fn next_entry<'a>(
        &'a self,
        listing: Option<Listing<'a>>,
        page_size: usize,
    ) -> Result<Option<(ListedUser, Option<Listing<'a>>)>, Cause> {
        let mut listing = match listing {
            Some(listing) => listing,
            None => self.begin(page_size).await?,
        };
        let Some(entry) = listing.pages.next().await? else {
            return Ok(None);
        };
        let mut identity = self.attributes.identity(&entry)?;
        let memberships = listing.members.of(&entry, &identity).await?;
        self.groups.apply(&memberships, &mut identity);
        let is_disabled = is_disabled(&entry) || is_locked_for_ever(&entry);
        let user = ListedUser {
            identity,
            is_disabled,
        };
        Ok(Some((user, Some(listing))))
    }

    async fn begin(&self, page_size: usize) -> Result<Listing<'_>, Cause> {
        let members = AllMembers::look_up(self, page_size).await?;
        let search = PagedSearch {
            base: self.directory.base(),
            depth: self.directory.depth(),
            filter: self.filter.everybody()?,
            attributes: self.attributes.wanted(),
            page_size,
            timeout: self.timeout,
        };
        let pages = Paged::begin(&self.directory, search).await?;
        Ok(Listing { pages, members })
    }
}
