//! Scopes: what a key may do in its realm.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// One right of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// See users.
    UsersRead,
    /// Add and change users, set their passwords.
    UsersWrite,
    /// See organisations and units.
    OrganisationsRead,
    /// Add and change organisations and units.
    OrganisationsWrite,
    /// See keys, but never their text.
    KeysRead,
    /// Create and revoke keys.
    KeysWrite,
    /// See sessions.
    SessionsRead,
    /// End sessions.
    SessionsWrite,
    /// See whose login attempts are counted.
    ThrottleRead,
    /// Reset the counts of login attempts.
    ThrottleWrite,
    /// See which dialects and clients are in use.
    UsageRead,
    /// Copy all tokens, as digests, to a backup.
    BackupRead,
    /// Introspect tokens.
    TokensIntrospect,
    /// Exchange a token for a JWT.
    TokensExchange,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 14] = [
        Self::UsersRead,
        Self::UsersWrite,
        Self::OrganisationsRead,
        Self::OrganisationsWrite,
        Self::KeysRead,
        Self::KeysWrite,
        Self::SessionsRead,
        Self::SessionsWrite,
        Self::ThrottleRead,
        Self::ThrottleWrite,
        Self::UsageRead,
        Self::BackupRead,
        Self::TokensIntrospect,
        Self::TokensExchange,
    ];

    /// Returns the name of the scope, such as `users:read`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::OrganisationsRead => "organisations:read",
            Self::OrganisationsWrite => "organisations:write",
            Self::KeysRead => "keys:read",
            Self::KeysWrite => "keys:write",
            Self::SessionsRead => "sessions:read",
            Self::SessionsWrite => "sessions:write",
            Self::ThrottleRead => "throttle:read",
            Self::ThrottleWrite => "throttle:write",
            Self::UsageRead => "usage:read",
            Self::BackupRead => "backup:read",
            Self::TokensIntrospect => "tokens:introspect",
            Self::TokensExchange => "tokens:exchange",
        }
    }

    /// Returns the realm whose keys may have the scope.
    pub const fn realm(self) -> &'static str {
        match self {
            Self::UsersRead
            | Self::UsersWrite
            | Self::OrganisationsRead
            | Self::OrganisationsWrite
            | Self::KeysRead
            | Self::KeysWrite
            | Self::SessionsRead
            | Self::SessionsWrite
            | Self::ThrottleRead
            | Self::ThrottleWrite
            | Self::UsageRead
            | Self::BackupRead => "admin",
            Self::TokensIntrospect | Self::TokensExchange => "introspection",
        }
    }

    /// Returns the names of all scopes of a realm; none if the realm has no scopes.
    pub fn names_of(realm: &str) -> impl Iterator<Item = &'static str> {
        let of_realm = Self::ALL
            .into_iter()
            .filter(move |scope| scope.realm() == realm);
        of_realm.map(Self::name)
    }
}

/// The rights of a key: everything in its realm, or the listed scopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Option<BTreeSet<String>>);

/// Why a list of scopes is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnknownScope {
    /// The list is empty, which means neither "nothing" nor "all".
    #[error("scopes is an empty list: leave it out for all of the realm, or name some")]
    Empty,
    /// The realm has no scopes.
    #[error("keys of the realm {0} have no scopes")]
    NoneInRealm(String),
    /// The realm has no such scope.
    #[error("{name}: no such scope of the realm {realm}, expected one of {expected}")]
    Unknown {
        /// The requested scope.
        name: String,
        /// The realm.
        realm: String,
        /// The scopes of the realm.
        expected: String,
    },
}

impl Scopes {
    /// Everything in the realm.
    pub const ALL: Self = Self(None);

    /// Parses the names of scopes of a realm.
    ///
    /// # Errors
    ///
    /// [`UnknownScope::Empty`] if `names` is empty, [`UnknownScope::NoneInRealm`] if the realm has no scopes,
    /// and [`UnknownScope::Unknown`] for the first name that is not a scope of the realm.
    pub fn named<S: AsRef<str>>(realm: &str, names: &[S]) -> Result<Self, UnknownScope> {
        let known: Vec<_> = Scope::names_of(realm).collect();
        if names.is_empty() {
            return Err(UnknownScope::Empty);
        }
        if known.is_empty() {
            return Err(UnknownScope::NoneInRealm(realm.to_owned()));
        }
        let mut scopes = BTreeSet::new();
        for name in names.iter().map(AsRef::as_ref) {
            if !known.contains(&name) {
                return Err(UnknownScope::Unknown {
                    name: name.to_owned(),
                    realm: realm.to_owned(),
                    expected: known.join(", "),
                });
            }
            scopes.insert(name.to_owned());
        }
        Ok(Self(Some(scopes)))
    }

    /// Returns `true` if these scopes include `scope`.
    pub fn allow(&self, scope: Scope) -> bool {
        let listed = self.0.as_ref();
        listed.is_none_or(|listed| listed.contains(scope.name()))
    }

    /// Returns `true` if everything in the realm is included.
    pub fn are_all(&self) -> bool {
        self.0.is_none()
    }

    /// Returns `true` if `others` include all that these scopes allow.
    pub fn are_within(&self, others: &Self) -> bool {
        match (&self.0, &others.0) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(these), Some(others)) => these.is_subset(others),
        }
    }

    /// Returns the names of the listed scopes. `None` if everything in the realm is included.
    pub fn names(&self) -> Option<Vec<&str>> {
        let listed = self.0.as_ref()?;
        Some(listed.iter().map(String::as_str).collect())
    }

    /// Parses scopes as [`Scopes::to_stored`] returns them. Names that a newer gateway has stored may be unknown
    /// here; they allow nothing.
    pub fn from_stored(text: Option<&str>) -> Self {
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Self(text.map(names))
    }

    /// Returns the names of the scopes as databases store them, separated by spaces. `None` if everything in the
    /// realm is included.
    pub fn to_stored(&self) -> Option<String> {
        Some(self.names()?.join(" "))
    }
}

/// Writes `all`, or the names of the scopes.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names() {
            None => f.write_str("all"),
            Some(names) => f.write_str(&names.join(" ")),
        }
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.names().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_allowed_and_nothing_else() {
        let scopes = Scopes::named("admin", &["users:read", "keys:write"]).unwrap();
        for scope in Scope::ALL {
            let listed = matches!(scope, Scope::UsersRead | Scope::KeysWrite);
            assert_eq!(scopes.allow(scope), listed, "{scope:?}");
            assert!(Scopes::ALL.allow(scope), "{scope:?}");
        }
    }

    #[test]
    fn no_list_is_wider_than_all_and_all_is_wider_than_any() {
        let few = Scopes::named("admin", &["users:read"]).unwrap();
        let more = Scopes::named("admin", &["users:read", "keys:write"]).unwrap();
        assert!(few.are_within(&more) && few.are_within(&Scopes::ALL));
        assert!(!more.are_within(&few) && !Scopes::ALL.are_within(&more));
    }

    #[test]
    fn nothing_listed_and_unknown_names_are_refused() {
        let refusal = |realm: &str, names: &[&str]| Scopes::named(realm, names).unwrap_err();
        assert_eq!(refusal("admin", &[]), UnknownScope::Empty);
        assert_eq!(
            refusal("introspection", &["users:read"]).to_string(),
            "users:read: no such scope of the realm introspection, expected one of \
             tokens:introspect, tokens:exchange"
        );
        assert_eq!(
            refusal("bimplus", &["users:read"]).to_string(),
            "keys of the realm bimplus have no scopes"
        );
    }

    #[test]
    fn an_unknown_stored_name_allows_nothing() {
        for stored in ["moons:read", ""] {
            let scopes = Scopes::from_stored(Some(stored));
            assert!(!Scope::ALL.into_iter().any(|scope| scopes.allow(scope)));
            assert_eq!(scopes.to_stored().as_deref(), Some(stored));
        }
    }
}
