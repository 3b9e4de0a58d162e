//! What a directory file says, checked: what it does not say stays as it is.

use secrecy::SecretString;
use time::OffsetDateTime;
use uuid::Uuid;

use super::origin::{Attribute, Attributes, Part, Value};
use super::{
    AppPasswordEntry, KeyDigest, Patch, RecoveryCodeEntry, RevokedEntry, RevokedKeyEntry, SealedKey,
};
use crate::scope::Scopes;

/// What becomes of a value that was set here and that an import has another one for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SetHere {
    /// It stays, and the import reports it.
    #[default]
    Keep,
    /// It is replaced by the import's.
    Replace,
}

/// How an import treats what was set here: by an administrator, by the users themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Precedence {
    /// Passwords and application passwords.
    pub passwords: SetHere,
    /// Whether users are disabled, their second factors, and keys that were revoked.
    pub state: SetHere,
    /// Names, addresses, roles and places of which the file says what an import said before.
    pub attributes: SetHere,
}

/// The precedence of an operator's command: passwords and states stay, attributes are the file's.
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
    /// The precedence of a file that nobody asks to apply: whatever was set here stays.
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
    /// The digest keys that the file brings along.
    pub digest_keys: Vec<SealedKey>,
    pub(super) erased_users: Vec<KeyDigest>,
    pub(super) precedence: Precedence,
    /// Whether passwords that are given in clear are hashed.
    pub(super) sealed: bool,
}

/// An organisation of a file.
#[derive(Debug, Clone)]
pub(super) struct WantedOrganisation {
    pub(super) id: Option<Uuid>,
    /// As the file has it.
    pub(super) name: String,
    pub(super) default_unit: Patch<String>,
    /// Identifiers as the file has them, and names if they are given.
    pub(super) units: Vec<(String, Option<String>)>,
}

/// A user of a file.
#[derive(Clone, Default)]
pub(super) struct WantedUser {
    pub(super) id: Option<Uuid>,
    pub(super) user_name: String,
    /// The user name among them.
    pub(super) attributes: Attributes,
    pub(super) disabled: Option<bool>,
    pub(super) password: Option<Secret>,
    /// Hashes of the same password, by digest.
    pub(super) replaced_hashes: Vec<KeyDigest>,
    pub(super) generation: i64,
    /// Whether its values are taken as they are.
    pub(super) grandfathered: bool,
    /// An empty text switches it off.
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
    /// Returns the text that the file gives for that attribute.
    pub(super) fn text(&self, attribute: Attribute) -> Option<&str> {
        match self.attributes.get(&attribute) {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Number(_) | Value::List(_)) | None => None,
        }
    }

    /// Returns the number that the file gives.
    pub(super) fn number(&self) -> Option<i64> {
        match self.attributes.get(&Attribute::Number) {
            Some(Value::Number(number)) => Some(*number),
            Some(Value::Text(_) | Value::List(_)) | None => None,
        }
    }
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
    /// In clear, not hashed: it is not yet, or nobody would take its hash.
    Clear(SecretString),
    /// A hash that the file has.
    Hash(String),
    /// A hash of what the file has in clear.
    Sealed {
        /// The hash.
        hash: String,
        /// The hash that was in the directory then, if the entry was.
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
    pub(super) scopes: Option<Scopes>,
    pub(super) expires_at: Patch<OffsetDateTime>,
}
