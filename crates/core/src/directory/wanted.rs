//! The checked entries of a directory file. What a file does not set stays as it is.

use secrecy::SecretString;
use time::OffsetDateTime;
use uuid::Uuid;

use super::origin::{Attribute, Attributes, Part, Value};
use super::{
    AppPasswordEntry, KeyDigest, Patch, RecoveryCodeEntry, RevokedEntry, RevokedKeyEntry, SealedKey,
};
use crate::scope::Scopes;

/// What an import does with a value that was set here if it has another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SetHere {
    /// Keeps the value. The import reports it.
    #[default]
    Keep,
    /// Replaces the value with the import's.
    Replace,
}

/// How an import treats values that were set here: by an administrator or by users themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Precedence {
    /// The rule for passwords and application passwords.
    pub passwords: SetHere,
    /// The rule for whether users are disabled, for their second factors, and for revoked keys.
    pub state: SetHere,
    /// The rule for names, addresses, roles, organisations and units for which the file repeats what an import set
    /// before.
    pub attributes: SetHere,
}

/// The precedence of an operator's command: keeps passwords and states, and takes attributes from the file.
impl Default for Precedence {
    fn default() -> Self {
        Self {
            passwords: SetHere::Keep,
            state: SetHere::Keep,
            attributes: SetHere::Replace,
        }
    }
}

impl Precedence {
    /// The precedence of a file that is applied at start, without an operator's command: keeps all values that
    /// were set here.
    pub const AT_START: Self = Self {
        passwords: SetHere::Keep,
        state: SetHere::Keep,
        attributes: SetHere::Keep,
    };
}

/// The entries of a file.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub(super) organisations: Vec<WantedOrganisation>,
    pub(super) users: Vec<WantedUser>,
    pub(super) keys: Vec<WantedKey>,
    pub(super) revoked_keys: Vec<RevokedKeyEntry>,
    /// The digest keys in the file.
    pub digest_keys: Vec<SealedKey>,
    pub(super) erased_users: Vec<KeyDigest>,
    pub(super) precedence: Precedence,
    /// Whether the passwords in clear text have been hashed.
    pub(super) sealed: bool,
    /// The authority that says what it has of its users; `None` for a file.
    pub(super) authority: Option<String>,
    /// Whether the result lists what changes in each entry.
    pub(super) lists_changes: bool,
}

impl Wanted {
    /// Returns the authority that says what it has of its users; `None` for a file.
    pub(super) fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Returns whether invalid entries are left out, so that the others can be applied.
    pub(super) fn skips_faults(&self) -> bool {
        self.authority.is_some()
    }
}

/// An organisation of a file.
#[derive(Debug, Clone)]
pub(super) struct WantedOrganisation {
    pub(super) id: Option<Uuid>,
    /// The name as written in the file.
    pub(super) name: String,
    pub(super) default_unit: Patch<String>,
    /// The units: identifiers as written in the file, and names if they are given.
    pub(super) units: Vec<(String, Option<String>)>,
}

/// A user of a file.
#[derive(Clone, Default)]
pub(super) struct WantedUser {
    pub(super) id: Option<Uuid>,
    pub(super) user_name: String,
    /// The attributes, including the user name.
    pub(super) attributes: Attributes,
    pub(super) disabled: Option<bool>,
    /// The hash of a user without a password is empty.
    pub(super) password: Option<Secret>,
    pub(super) link: WantedLink,
    /// When the authority accepted the password of the file's hash.
    pub(super) accepted_at: Option<OffsetDateTime>,
    pub(super) last_login_at: Option<OffsetDateTime>,
    /// Digests of earlier hashes of the same password.
    pub(super) replaced_hashes: Vec<KeyDigest>,
    pub(super) generation: i64,
    /// Whether its values are accepted unchecked.
    pub(super) grandfathered: bool,
    /// The TOTP secret; an empty text switches the second factor off.
    pub(super) totp_secret: Option<String>,
    pub(super) recovery_codes: Option<Vec<RecoveryCodeEntry>>,
    pub(super) app_passwords: Option<Vec<AppPasswordEntry>>,
    pub(super) revoked_app_passwords: Vec<RevokedEntry>,
    pub(super) access_cards: Option<Vec<WantedCard>>,
    pub(super) set_here: Vec<Part>,
    pub(super) imported: Attributes,
}

impl std::fmt::Debug for WantedUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WantedUser({}, …)", self.user_name)
    }
}

impl WantedUser {
    /// Returns the text that the file sets for this attribute; `None` if it does not set one.
    pub(super) fn text(&self, attribute: Attribute) -> Option<&str> {
        match self.attributes.get(&attribute) {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Number(_) | Value::List(_)) | None => None,
        }
    }

    /// Returns the authority and the identifier there that the file sets; `None` if it does not set both.
    pub(super) fn linked(&self) -> Option<(String, String)> {
        match (&self.link.authority, &self.link.external_id) {
            (Patch::Set(authority), Patch::Set(id)) => Some((authority.clone(), id.clone())),
            (Patch::Keep | Patch::Remove | Patch::Set(_), _) => None,
        }
    }

    /// Returns the number that the file sets; `None` if it does not set one.
    pub(super) fn number(&self) -> Option<i64> {
        match self.attributes.get(&Attribute::Number) {
            Some(Value::Number(number)) => Some(*number),
            Some(Value::Text(_) | Value::List(_)) | None => None,
        }
    }
}

/// The link between a user of a file and an authority.
#[derive(Clone, Default)]
pub(super) struct WantedLink {
    pub(super) authority: Patch<String>,
    pub(super) external_id: Patch<String>,
    pub(super) adopted: Option<bool>,
}

/// An access card of a file.
#[derive(Clone)]
pub(super) struct WantedCard {
    pub(super) code_digest: Option<KeyDigest>,
    pub(super) identifier: Option<String>,
    pub(super) pass_code: Option<Secret>,
    pub(super) effective: Option<bool>,
}

/// A password or pass code of a file.
#[derive(Clone)]
pub(super) enum Secret {
    /// In clear text: either not hashed yet, or not needed as a hash because the stored value stays.
    Clear(SecretString),
    /// A hash in the file.
    Hash(String),
    /// The hash of a clear text in the file.
    Hashed {
        /// The hash.
        hash: String,
        /// The hash in the directory at the time of hashing; `None` if there was no such entry or no hash.
        beside: Option<String>,
    },
}

/// A key of a file.
#[derive(Debug, Clone)]
pub(super) struct WantedKey {
    pub(super) realm: String,
    pub(super) label: Option<String>,
    pub(super) digest: KeyDigest,
    pub(super) user: Patch<String>,
    /// The scopes, without limits.
    pub(super) scopes: Option<Scopes>,
    pub(super) dialects: Patch<Vec<String>>,
    pub(super) audiences: Patch<Vec<String>>,
    pub(super) expires_at: Patch<OffsetDateTime>,
}
