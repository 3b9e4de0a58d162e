//! Filters for lists of users, and the search in their names.

use uuid::Uuid;

use super::UserRecord;
use crate::names::login_form;
use crate::user::{Role, User, UserState};

/// The number of characters of a search that the database query uses. The rest is compared with the rows that it
/// returns.
const LONGEST_PATTERN: usize = 100;

/// A filter for a list of users. All conditions must be true.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Text that the user name, the e-mail address, the first and last name, or the number contains, in upper or
    /// lower case.
    pub search: Option<String>,
    /// The organisation of the users.
    pub organisation: Option<Uuid>,
    /// The role of the users.
    pub role: Option<Role>,
    /// The state of the users.
    pub state: Option<UserState>,
    /// The authority of the users, including those who were adopted from it.
    pub authority: Option<String>,
    /// Whether only users are listed for whom no login was recorded.
    pub never_logged_in: bool,
}

impl UserFilter {
    /// Returns a pattern for `LIKE … ESCAPE '\'` that matches everything that the search matches, and more: it
    /// allows any text in place of a character beyond ASCII, because each database compares these in its own way.
    /// `None` without a search.
    pub fn pattern(&self) -> Option<String> {
        let text = login_form(self.search.as_deref()?);
        let mut pattern = "%".to_owned();
        for character in text.chars().take(LONGEST_PATTERN) {
            match character {
                '%' | '_' | '\\' => pattern.extend(['\\', character]),
                character if character.is_ascii() => pattern.push(character),
                _ => pattern.push('%'),
            }
        }
        pattern.push('%');
        Some(pattern)
    }

    /// Returns `true` if the user fulfils all conditions.
    pub(crate) fn matches(&self, record: &UserRecord) -> bool {
        let user = &record.user;
        let authority = record.link.as_ref().map(|link| &link.authority);
        self.fits(user)
            && self
                .organisation
                .is_none_or(|id| user.organisation.id == id)
            && self.role.is_none_or(|role| user.role == role)
            && self.state.is_none_or(|state| user.state == state)
            && (self.authority.is_none() || self.authority.as_ref() == authority)
            && (!self.never_logged_in || record.last_login_at.is_none())
    }

    fn fits(&self, user: &User) -> bool {
        let Some(search) = &self.search else {
            return true;
        };
        let search = login_form(search);
        let full_name = format!("{} {}", user.first_name, user.last_name);
        let fields = [
            user.user_name.as_str(),
            user.email.as_deref().unwrap_or_default(),
            &full_name,
            &user.number.to_string(),
        ];
        fields
            .iter()
            .any(|field| login_form(field).contains(&search))
    }
}

/// Collects a list of users from the pages of a database query.
pub struct UserPage {
    filter: UserFilter,
    after: i64,
    limit: usize,
    /// The users found so far.
    pub users: Vec<UserRecord>,
}

impl UserPage {
    /// Creates an empty list for at most `limit` users whose numbers are greater than `after`.
    pub fn new(filter: &UserFilter, after: i64, limit: u32) -> Self {
        Self {
            filter: filter.clone(),
            after,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            users: Vec::new(),
        }
    }

    /// Returns the number of a user after which the next page begins: that of the last user passed to
    /// [`takes`](Self::takes), or at first the one passed to [`new`](Self::new).
    pub fn after(&self) -> i64 {
        self.after
    }

    /// Adds the users of a page who match the filter, as many as there is room for. Returns true if another page
    /// is needed: `page` was full, but the list is not.
    pub fn takes(&mut self, page: Vec<UserRecord>) -> bool {
        let is_last = page.len() < self.limit;
        self.after = page.last().map_or(self.after, |last| last.user.number);
        let fitting = page.into_iter().filter(|user| self.filter.fits(&user.user));
        self.users.extend(fitting);
        self.users.truncate(self.limit);
        !is_last && self.users.len() < self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_a_search_stand_for_themselves() {
        for (search, expected) in [
            ("ada", "%ada%"),
            (" ADA_100%\\ ", "%ada\\_100\\%\\\\%"),
            ("Éa", "%%a%"),
            ("", "%%"),
        ] {
            let filter = UserFilter {
                search: Some(search.to_owned()),
                ..UserFilter::default()
            };
            assert_eq!(filter.pattern().as_deref(), Some(expected));
        }
        assert_eq!(UserFilter::default().pattern(), None);
    }
}
