//! The entry of an application key, and its members in a directory file.

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::directory::KeyDigest;
use crate::key_limits::{ALL, KeyLimits};
use crate::scope::Scopes;

/// An application key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// The realm that it is valid for.
    pub realm: String,
    /// The operator's name for it.
    pub label: String,
    /// The digest of its text.
    pub digest: KeyDigest,
    /// The user it acts as.
    pub user: Option<String>,
    /// The rights of the key.
    pub scopes: Scopes,
    /// When it expires, to the second; `None` if it does not.
    pub expires_at: Option<OffsetDateTime>,
}

impl KeyEntry {
    /// Returns the public identifier of the key: the first twelve hexadecimal digits of its digest. It is not a
    /// credential.
    pub fn id(&self) -> String {
        Self::id_of(self.digest)
    }

    pub(in crate::directory) fn id_of(digest: KeyDigest) -> String {
        let mut digits = digest.hex();
        digits.truncate(12);
        digits
    }
}

/// The members of a key in a directory file. Values that the key does not have are written, too: an import would
/// leave missing ones unchanged.
#[derive(Serialize)]
struct Members<'a> {
    realm: &'a str,
    label: &'a str,
    digest: KeyDigest,
    user: &'a str,
    scopes: Vec<&'a str>,
    /// `None` in realms whose keys have no limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    dialects: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audiences: Option<Vec<String>>,
    expires_at: String,
}

/// Writes the key as an entry of a directory file. Fails if its expiry has no form in RFC 3339.
impl Serialize for KeyEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let limits = self.scopes.limits();
        let listed = |names: Option<&[String]>| {
            let names = names.map_or_else(|| vec![ALL.to_owned()], <[String]>::to_vec);
            KeyLimits::apply_to(&self.realm).then_some(names)
        };
        let expires_at = self.expires_at.map(|moment| moment.format(&Rfc3339));
        let expires_at = expires_at.transpose().map_err(S::Error::custom)?;
        let members = Members {
            realm: &self.realm,
            label: &self.label,
            digest: self.digest,
            user: self.user.as_deref().unwrap_or_default(),
            scopes: self.scopes.names().unwrap_or_else(|| vec![ALL]),
            dialects: listed(limits.dialects()),
            audiences: listed(limits.audiences()),
            expires_at: expires_at.unwrap_or_default(),
        };
        members.serialize(serializer)
    }
}
