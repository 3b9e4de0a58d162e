//! The search for users by the beginning of a name, which reads no more of the table than it finds.

use std::collections::BTreeSet;

use super::{UserFilter, UserRecord};
use crate::names::{login_form, spellings, stored_login};
use crate::user::User;

/// How many characters of a name the indexes have.
const INDEXED: usize = 100;

/// The most characters beyond ASCII of which both cases are looked for in the indexes, which know the cases of ASCII
/// only.
const MOST_CASES: u32 = 3;

/// A search for users by the beginning of a user name, an e-mail address, a first or last name, or a number, in upper
/// or lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSearch {
    /// The beginning. A first and a last name may follow one another, in either order.
    pub prefix: String,
    /// What else must be true of the users. Its `search` counts, too.
    pub filter: UserFilter,
    /// Only users after this place in the list.
    pub after: Option<SearchCursor>,
    /// The maximum number of users.
    pub limit: u32,
}

/// Users that were found, ordered by the text that begins with the search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundUsers {
    /// The users, each once.
    pub users: Vec<UserRecord>,
    /// Where the next page begins. `None` if this is the last one. A page with few users may have a next one.
    pub next: Option<SearchCursor>,
}

/// A place in the list of users that were found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SearchCursor {
    /// The text that begins with the search.
    pub term: String,
    /// The number of the user.
    pub number: i64,
}

/// A range of texts, from the first one up to, but without, the last one.
pub type TermRange = (String, String);

/// What is looked for in the indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRanges {
    /// Ranges of login names, as they are stored.
    pub logins: Vec<TermRange>,
    /// Ranges of names in the cases of ASCII.
    pub names: Vec<TermRange>,
}

impl UserSearch {
    /// Returns what is looked for in the indexes: all that matches, and more.
    pub fn ranges(&self) -> SearchRanges {
        let form = login_form(&self.prefix);
        let logins: BTreeSet<String> = spellings(&form)
            .into_iter()
            .map(|text| cut(&text))
            .collect();
        SearchRanges {
            logins: logins.into_iter().map(range).collect(),
            names: cases(&cut(&form)).into_iter().map(range).collect(),
        }
    }

    /// Returns `true` if the user matches the search, and `term` is the first of the user's texts that do: the user
    /// is listed once.
    pub fn lists(&self, user: &User, term: &str) -> bool {
        let form = login_form(&self.prefix);
        let (first, last) = (&user.first_name, &user.last_name);
        let texts = [
            (stored_login(&user.user_name), user.user_name.clone()),
            of_email(user.email.as_deref().unwrap_or_default()),
            of_name(&format!("{first} {last}")),
            of_name(&format!("{last} {first}")),
            of_name(&user.number.to_string()),
        ];
        let matching = texts
            .iter()
            .filter(|(_, text)| login_form(text).starts_with(&form));
        let first = matching.map(|(term, _)| term.as_str()).min();
        // A login name that an earlier release stored in another spelling is listed for itself.
        let is_known = texts.iter().any(|(known, _)| known == term);
        first.is_some_and(|first| first == term || !is_known)
    }
}

fn of_email(email: &str) -> (String, String) {
    (stored_login(email), email.to_owned())
}

/// Returns a name as the indexes have it, and the name.
fn of_name(name: &str) -> (String, String) {
    (cut(&name.to_ascii_lowercase()), name.to_owned())
}

/// Returns the beginning of a text that the indexes have.
fn cut(text: &str) -> String {
    text.chars().take(INDEXED).collect()
}

fn range(start: String) -> TermRange {
    let end = format!("{start}\u{10FFFF}");
    (start, end)
}

/// Returns a text in lower case with each of its first characters beyond ASCII in both cases. The text ends before the
/// first character of which there would be too many.
fn cases(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([String::new()]);
    let mut doubled = 0;
    for character in text.chars() {
        let mut upper = character.to_uppercase();
        let upper = upper
            .next()
            .filter(|_| !character.is_ascii() && upper.len() == 0);
        let upper = upper.filter(|upper| *upper != character);
        if upper.is_some() {
            doubled += 1;
            if doubled > MOST_CASES {
                break;
            }
        }
        let each = found.into_iter();
        found = each
            .flat_map(|start| {
                let both = [Some(character), upper].into_iter().flatten();
                both.map(move |one| format!("{start}{one}"))
            })
            .collect();
    }
    found
}

/// Collects a page of found users from entries of the indexes.
pub struct SearchPage {
    search: UserSearch,
    found: FoundUsers,
}

impl SearchPage {
    /// How many entries are read at a time.
    pub const BATCH: u32 = 256;

    /// The most entries that are read for a page, if few of the users match the filter.
    const MOST: u32 = 20 * Self::BATCH;

    /// Creates an empty page.
    pub fn new(search: &UserSearch) -> Self {
        let found = FoundUsers {
            users: Vec::new(),
            next: search.after.clone(),
        };
        Self {
            search: search.clone(),
            found,
        }
    }

    /// Returns the place after which entries are needed next: before all of them if it is `None`.
    pub fn after(&self) -> Option<&SearchCursor> {
        self.found.next.as_ref()
    }

    /// Returns where the next entries of these ranges are: the text and the number after which they begin, and the
    /// text before which they end.
    pub fn bounds(&self, ranges: &[TermRange]) -> Vec<(String, i64, String)> {
        let bound = |(first, past): &TermRange| match self.after() {
            Some(after) if after.term >= *first => (after.term.clone(), after.number, past.clone()),
            Some(_) | None => (first.clone(), i64::MIN, past.clone()),
        };
        ranges.iter().map(bound).collect()
    }

    /// Sorts entries from several indexes, and removes those that cannot be next: each index may have more entries
    /// after its last one.
    pub fn merge(mut entries: Vec<SearchCursor>) -> Vec<SearchCursor> {
        entries.sort();
        entries.dedup();
        entries.truncate(Self::BATCH as usize);
        entries
    }

    /// Adds the users of merged entries, as many as there is room for. Returns `true` if more entries are needed.
    pub fn takes(&mut self, entries: &[SearchCursor], users: &[UserRecord], read: u32) -> bool {
        let limit = usize::try_from(self.search.limit).unwrap_or(usize::MAX);
        for entry in entries {
            if self.found.users.len() >= limit {
                return false;
            }
            self.found.next = Some(entry.clone());
            let user = users.iter().find(|user| user.user.number == entry.number);
            if let Some(user) = user.filter(|user| self.matches(user, &entry.term)) {
                self.found.users.push(user.clone());
            }
        }
        if entries.len() < Self::BATCH as usize {
            self.found.next = None;
            return false;
        }
        self.found.users.len() < limit && read < Self::MOST
    }

    fn matches(&self, user: &UserRecord, term: &str) -> bool {
        self.search.filter.matches(user) && self.search.lists(&user.user, term)
    }

    /// Returns the page.
    pub fn into_found(self) -> FoundUsers {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_beyond_ascii_are_looked_for_in_both_cases() {
        assert_eq!(cases("ada"), BTreeSet::from(["ada".to_owned()]));
        let both = ["éa", "Éa"].map(str::to_owned);
        assert_eq!(cases("éa"), BTreeSet::from(both));
        let cut = cases("éèêëa");
        assert_eq!(cut.len(), 8);
        assert!(cut.contains("ÉÈê") && !cut.iter().any(|text| text.contains('ë')));
        // Its upper case has two characters.
        assert_eq!(cases("ßa"), BTreeSet::from(["ßa".to_owned()]));
    }
}
