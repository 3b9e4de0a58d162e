//! Scopes: what a key may do in its realm.

use std::collections::BTreeSet;
use std::fmt;

use thiserror::Error;

use crate::key_limits::KeyLimits;

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
    /// See the audit log, and why requests were refused.
    AuditRead,
    /// Copy all tokens, as digests, to a backup.
    BackupRead,
    /// Introspect tokens.
    TokensIntrospect,
    /// Exchange a token for a JWT.
    TokensExchange,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 15] = [
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
        Self::AuditRead,
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
            Self::AuditRead => "audit:read",
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
            | Self::AuditRead
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

/// The rights of a key: everything in its realm, or the listed scopes; both for all dialects and audiences, or only
/// for those to which its limits bind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes {
    listed: Option<BTreeSet<String>>,
    limits: KeyLimits,
}

/// Prefixes of the stored words of a key with limits. Its scopes have one, too: a gateway of a release that does not
/// know limits must not take it for a key without.
const SCOPE: &str = "scope:";
const DIALECT: &str = "dialect:";
const AUDIENCE: &str = "audience:";

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
    pub const ALL: Self = Self {
        listed: None,
        limits: KeyLimits::NONE,
    };

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
        Ok(Self {
            listed: Some(scopes),
            limits: KeyLimits::NONE,
        })
    }

    /// Returns the same scopes with these limits in the place of their own.
    #[must_use]
    pub fn with_limits(self, limits: KeyLimits) -> Self {
        let listed = self.listed;
        Self { listed, limits }
    }

    /// Returns the dialects and audiences to which the key is bound.
    pub fn limits(&self) -> &KeyLimits {
        &self.limits
    }

    /// Returns `true` if these scopes include `scope`, within their limits.
    pub fn allow(&self, scope: Scope) -> bool {
        let listed = self.listed.as_ref();
        listed.is_none_or(|listed| listed.contains(scope.name()))
    }

    /// Returns `true` if everything in the realm is included, without limits.
    pub fn are_all(&self) -> bool {
        *self == Self::ALL
    }

    /// Returns `true` if `others` include all that these scopes allow.
    pub fn are_within(&self, others: &Self) -> bool {
        let are_listed = match (&self.listed, &others.listed) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(these), Some(others)) => these.is_subset(others),
        };
        are_listed && self.limits.are_within(&others.limits)
    }

    /// Returns the names of the listed scopes. `None` if everything in the realm is included.
    pub fn names(&self) -> Option<Vec<&str>> {
        let listed = self.listed.as_ref()?;
        Some(listed.iter().map(String::as_str).collect())
    }

    /// Parses scopes as [`Scopes::to_stored`] returns them. Names that a newer gateway has stored may be unknown
    /// here; they allow nothing.
    pub fn from_stored(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::ALL };
        let mut listed = BTreeSet::new();
        let (mut dialects, mut audiences) = (Vec::new(), Vec::new());
        for word in text.split_whitespace() {
            if let Some(dialect) = word.strip_prefix(DIALECT) {
                dialects.push(dialect.to_owned());
            } else if let Some(audience) = word.strip_prefix(AUDIENCE) {
                audiences.push(audience.to_owned());
            } else {
                listed.insert(word.strip_prefix(SCOPE).unwrap_or(word).to_owned());
            }
        }
        let limits = KeyLimits::of_stored(dialects, audiences);
        // Limits alone are limits of all scopes; a list with nothing in it allows nothing.
        let is_list = !listed.is_empty() || limits.are_none();
        Self {
            listed: is_list.then_some(listed),
            limits,
        }
    }

    /// Returns the names of the scopes and the limits as databases store them, separated by spaces. `None` if
    /// everything in the realm is included, without limits.
    pub fn to_stored(&self) -> Option<String> {
        if self.are_all() {
            return None;
        }
        let names = self.names().unwrap_or_default();
        if self.limits.are_none() {
            return Some(names.join(" "));
        }
        let scopes = names.into_iter().map(|name| format!("{SCOPE}{name}"));
        let dialects = self.limits.dialects().unwrap_or_default().iter();
        let dialects = dialects.map(|name| format!("{DIALECT}{name}"));
        let audiences = self.limits.audiences().unwrap_or_default().iter();
        let audiences = audiences.map(|name| format!("{AUDIENCE}{name}"));
        let words: Vec<_> = scopes.chain(dialects).chain(audiences).collect();
        Some(words.join(" "))
    }
}

/// Writes `all`, or the names of the scopes, without the limits.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names() {
            None => f.write_str("all"),
            Some(names) => f.write_str(&names.join(" ")),
        }
    }
}

#[cfg(test)]
mod tests;
