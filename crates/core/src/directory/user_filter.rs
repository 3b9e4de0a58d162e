//! Which users are listed, and how their names are searched.

use uuid::Uuid;

use crate::names::login_form;
use crate::user::{Role, User, UserState};

/// More of a text than this is not looked for in the database, but only in what is found there.
const LONGEST_PATTERN: usize = 100;

/// Which users are listed: those to whom all of it applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Their user name, e-mail address, first and last name, or number contains this text, in any case.
    pub search: Option<String>,
    /// They belong to that organisation.
    pub organisation: Option<Uuid>,
    /// They have that role.
    pub role: Option<Role>,
    /// They are in that state.
    pub state: Option<UserState>,
}

impl UserFilter {
    /// Returns a pattern for `LIKE … ESCAPE '\'` that fits whatever the search fits, and more: databases
    /// compare letters beyond ASCII each in their own way, so any text may stand in their place.
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

/// Users that are found page by page.
pub struct UserPage {
    filter: UserFilter,
    after: i64,
    limit: usize,
    /// The users that were found so far.
    pub users: Vec<User>,
}

impl UserPage {
    /// Starts a list of at most `limit` users whose numbers are greater than `after`.
    pub fn new(filter: &UserFilter, after: i64, limit: u32) -> Self {
        Self {
            filter: filter.clone(),
            after,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            users: Vec::new(),
        }
    }

    /// The number after which the next page begins.
    pub fn after(&self) -> i64 {
        self.after
    }

    /// Takes over what fits of a page, and returns whether another one is needed.
    pub fn takes(&mut self, page: Vec<User>) -> bool {
        let is_last = page.len() < self.limit;
        self.after = page.last().map_or(self.after, |last| last.number);
        let fitting = page.into_iter().filter(|user| self.filter.fits(user));
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
