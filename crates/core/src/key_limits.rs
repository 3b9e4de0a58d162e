//! Limits of a key: the dialects whose tokens a service may see, and the audiences for which it may get JWTs.

use thiserror::Error;

use crate::printable::is_unprintable;

/// The realm whose keys can have limits.
const REALM: &str = "introspection";
const MAX_CHARACTERS: usize = 255;

/// The name for all dialects or all audiences in a directory file.
pub(crate) const ALL: &str = "all";

/// The dialects and audiences to which a key of the realm `introspection` is bound. A key without limits is valid
/// for all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyLimits {
    dialects: Option<Vec<String>>,
    audiences: Option<Vec<String>>,
}

/// Why the limits of a key are invalid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidLimit {
    /// The list is empty, which means neither "nothing" nor "all". Contains the name of the list.
    #[error("{0} is an empty list: leave it out for all of them, or name some")]
    Empty(&'static str),
    /// Keys of this realm have no limits.
    #[error("keys of the realm {0} are not bound to dialects or audiences")]
    NoneInRealm(String),
    /// A name cannot be stored. Contains the name of the list.
    #[error(
        "{0}: expected names of 1 to 255 visible characters without white space, and none that is {ALL:?}"
    )]
    Name(&'static str),
}

impl KeyLimits {
    /// No limits.
    pub const NONE: Self = Self {
        dialects: None,
        audiences: None,
    };

    /// Returns the limits of a key of `realm`; `None` is no limit. Names that are listed twice count once.
    ///
    /// # Errors
    ///
    /// [`InvalidLimit::NoneInRealm`] if there is a limit and keys of the realm have none, [`InvalidLimit::Empty`]
    /// if a list is empty, and [`InvalidLimit::Name`] if a list has an empty name, one with white space or
    /// unprintable characters, one of more than 255 characters, or `all`.
    pub fn new(
        realm: &str,
        dialects: Option<Vec<String>>,
        audiences: Option<Vec<String>>,
    ) -> Result<Self, InvalidLimit> {
        if !Self::apply_to(realm) && (dialects.is_some() || audiences.is_some()) {
            return Err(InvalidLimit::NoneInRealm(realm.to_owned()));
        }
        Ok(Self {
            dialects: checked("dialects", dialects)?,
            audiences: checked("audiences", audiences)?,
        })
    }

    /// Returns limits as they are stored, unchecked; an empty list is no limit.
    pub(crate) fn of_stored(dialects: Vec<String>, audiences: Vec<String>) -> Self {
        let listed = |names: Vec<String>| (!names.is_empty()).then_some(names);
        Self {
            dialects: listed(dialects),
            audiences: listed(audiences),
        }
    }

    /// Returns whether keys of the realm can have limits.
    pub fn apply_to(realm: &str) -> bool {
        realm == REALM
    }

    /// Returns the dialects to which the key is bound, in the order in which they were listed. `None` if it is
    /// valid for all.
    pub fn dialects(&self) -> Option<&[String]> {
        self.dialects.as_deref()
    }

    /// Returns the audiences to which the key is bound, in the order in which they were listed. `None` if it is
    /// valid for all.
    pub fn audiences(&self) -> Option<&[String]> {
        self.audiences.as_deref()
    }

    /// Returns whether the holder of the key may see tokens of the dialect.
    pub fn allows_dialect(&self, dialect: &str) -> bool {
        allows(self.dialects(), dialect)
    }

    /// Returns whether the holder of the key may get JWTs for the audience.
    pub fn allows_audience(&self, audience: &str) -> bool {
        allows(self.audiences(), audience)
    }

    /// Returns whether the key is bound to nothing.
    pub fn are_none(&self) -> bool {
        *self == Self::NONE
    }

    /// Returns whether `others` allow all that these limits allow.
    pub(crate) fn are_within(&self, others: &Self) -> bool {
        is_within(self.dialects(), others.dialects())
            && is_within(self.audiences(), others.audiences())
    }
}

fn checked(
    list: &'static str,
    names: Option<Vec<String>>,
) -> Result<Option<Vec<String>>, InvalidLimit> {
    let Some(names) = names else { return Ok(None) };
    if names.is_empty() {
        return Err(InvalidLimit::Empty(list));
    }
    if !names.iter().all(|name| is_name(name)) {
        return Err(InvalidLimit::Name(list));
    }
    let mut listed: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        if !listed.contains(&name) {
            listed.push(name);
        }
    }
    Ok(Some(listed))
}

/// Returns whether the name can be stored as one word.
fn is_name(name: &str) -> bool {
    let is_short = (1..=MAX_CHARACTERS).contains(&name.chars().count());
    let is_other = |character: char| character.is_whitespace() || is_unprintable(character);
    is_short && name != ALL && !name.contains(is_other)
}

fn allows(listed: Option<&[String]>, name: &str) -> bool {
    listed.is_none_or(|listed| listed.iter().any(|one| one == name))
}

fn is_within(these: Option<&[String]>, others: Option<&[String]>) -> bool {
    match (these, others) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(these), Some(others)) => these.iter().all(|one| others.contains(one)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn limits(dialects: &[&str], audiences: &[&str]) -> KeyLimits {
        let listed = |listed: &[&str]| (!listed.is_empty()).then(|| names(listed));
        KeyLimits::new("introspection", listed(dialects), listed(audiences)).unwrap()
    }

    #[test]
    fn a_key_is_valid_for_what_is_listed_and_without_a_list_for_all() {
        let bound = limits(&["bimplus", "crmcom", "bimplus"], &["archive"]);
        assert!(bound.allows_dialect("bimplus") && bound.allows_dialect("crmcom"));
        assert!(!bound.allows_dialect("memsource") && !bound.allows_dialect("Bimplus"));
        assert!(bound.allows_audience("archive") && !bound.allows_audience("archive/"));
        assert_eq!(bound.dialects(), Some(&*names(&["bimplus", "crmcom"])));
        assert!(KeyLimits::NONE.allows_dialect("memsource"));
        assert!(KeyLimits::NONE.allows_audience("anything"));
    }

    #[test]
    fn limits_are_within_wider_ones() {
        let few = limits(&["bimplus"], &["archive"]);
        let more = limits(&["crmcom", "bimplus"], &[]);
        assert!(few.are_within(&more) && few.are_within(&KeyLimits::NONE));
        assert!(!more.are_within(&few) && !KeyLimits::NONE.are_within(&more));
    }

    #[test]
    fn limits_that_cannot_be_meant_are_refused() {
        let refusal = |realm: &str, dialects: Option<&[&str]>, audiences: Option<&[&str]>| {
            KeyLimits::new(realm, dialects.map(names), audiences.map(names)).unwrap_err()
        };
        let long = "x".repeat(256);
        for name in [
            "",
            "a b",
            "a\u{a0}b",
            "a\nb",
            "\u{202e}evihcra",
            "all",
            &long,
        ] {
            let refused = refusal("introspection", None, Some(&["archive", name]));
            assert_eq!(refused, InvalidLimit::Name("audiences"), "{name:?}");
        }
        assert_eq!(
            refusal("introspection", Some(&[]), None),
            InvalidLimit::Empty("dialects")
        );
        assert_eq!(
            refusal("admin", None, Some(&["archive"])).to_string(),
            "keys of the realm admin are not bound to dialects or audiences"
        );
        assert_eq!(KeyLimits::new("admin", None, None), Ok(KeyLimits::NONE));
    }
}
