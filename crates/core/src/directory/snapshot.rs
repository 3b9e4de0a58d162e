//! The entries of a directory as they are stored: every entry checked, every secret hashed.

mod key;

use std::fmt::Display;

use serde::{Deserialize, Serialize, Serializer};
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::key::KeyEntry;
use super::origin::{Attributes, Part};
use super::{KeyDigest, SealedKey};
use crate::language::Language;
use crate::names::tidy;
use crate::user::Role;

/// What stands for a password, or its hash, of a user without one.
pub(super) const NO_PASSWORD: &str = "none";

/// Entries of a directory, ready to store, or as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Organisations, ordered by name.
    pub organisations: Vec<OrganisationEntry>,
    /// Users, ordered by number.
    pub users: Vec<UserEntry>,
    /// Keys, ordered by realm and label.
    pub keys: Vec<KeyEntry>,
    /// The keys of the digests of cards and application keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub digest_keys: Vec<SealedKey>,
    /// Revoked keys, ordered by realm and digest. Imports do not bring them back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revoked_keys: Vec<RevokedKeyEntry>,
    /// Keyed digests of erased users. Imports do not bring these users back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub erased_users: Vec<KeyDigest>,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrganisationEntry {
    /// The identifier.
    pub id: Uuid,
    /// The name, unique.
    pub name: String,
    /// The default unit of users who have none of their own.
    #[serde(serialize_with = "or_empty")]
    pub default_unit: Option<String>,
    /// The units.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitEntry>,
}

impl OrganisationEntry {
    /// Returns whether the organisation has a unit with this identifier.
    pub(crate) fn has_unit(&self, id: &str) -> bool {
        self.units.iter().any(|unit| unit.id == id)
    }

    /// Returns the unit with this identifier, which an older release may have stored untidied. `None` if there is
    /// none.
    pub(super) fn unit(&self, id: &str) -> Option<&UnitEntry> {
        let same = self.units.iter().find(|unit| unit.id == id);
        same.or_else(|| {
            let id = tidy(id);
            self.units.iter().find(|unit| tidy(&unit.id) == id)
        })
    }
}

/// A unit of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitEntry {
    /// The identifier, unique over all organisations.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A user. All fields are serialised, even empty ones: an import would leave a missing one unchanged.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct UserEntry {
    /// The identifier.
    pub id: Uuid,
    /// The number, unique.
    pub number: i64,
    /// The login name, unique among all login names and e-mail addresses.
    pub user_name: String,
    /// The e-mail address, unique among all login names and e-mail addresses.
    #[serde(serialize_with = "or_empty")]
    pub email: Option<String>,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The URL of a picture.
    pub image_url: String,
    /// The preferred language.
    #[serde(serialize_with = "or_empty")]
    pub language: Option<Language>,
    /// The role.
    pub role: Role,
    /// The organisation's name.
    pub organisation: String,
    /// The user's own default unit.
    #[serde(serialize_with = "or_empty")]
    pub default_unit: Option<String>,
    /// The units that the user may log in to, in addition to the default one.
    pub units: Vec<String>,
    /// Whether the user may not log in.
    pub disabled: bool,
    /// The password's hash. `None` if the user has no password; written as `none`.
    #[serde(serialize_with = "or_none")]
    pub password_hash: Option<String>,
    /// The digests of earlier hashes of the same password, which `password_hash` has replaced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaced_hashes: Vec<KeyDigest>,
    /// The authority to which the user belongs, or from which the user was adopted.
    #[serde(serialize_with = "or_empty")]
    pub authority: Option<String>,
    /// The identifier of the user at the authority, unique there.
    #[serde(serialize_with = "or_empty")]
    pub external_id: Option<String>,
    /// Whether the user was adopted: the password's hash alone judges the password.
    pub adopted: bool,
    /// When the authority last accepted the password of `password_hash`, to the second.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub accepted_at: Option<OffsetDateTime>,
    /// When the user last logged in, to the second; see [`UserRecords::record_login`](super::UserRecords). An import
    /// never lowers it.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_login_at: Option<OffsetDateTime>,
    /// See [`User::generation`](crate::User::generation). An import never lowers it.
    pub generation: i64,
    /// The second factor's secret, base32.
    #[serde(serialize_with = "or_empty")]
    pub totp_secret: Option<String>,
    /// The parts that differ from what an import last set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_here: Vec<Part>,
    /// Recovery codes, ordered by digest. `None` if they were not read.
    #[serde(serialize_with = "all_of")]
    pub recovery_codes: Option<Vec<RecoveryCodeEntry>>,
    /// Application passwords, ordered by digest. `None` if they were not read.
    #[serde(serialize_with = "all_of")]
    pub app_passwords: Option<Vec<AppPasswordEntry>>,
    /// Revoked application passwords, ordered by digest. Imports do not bring them back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revoked_app_passwords: Vec<RevokedEntry>,
    /// Access cards.
    pub access_cards: Vec<CardEntry>,
    /// Whether it has a value that a rule of a later release rejects. An import accepts such an entry as it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub grandfathered: bool,
    /// The last imported values of attributes that have another value now.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub imported: Attributes,
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn or_empty<T: Display, S: Serializer>(text: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = text.as_ref().map(T::to_string);
    serializer.serialize_str(&text.unwrap_or_default())
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn or_none<S: Serializer>(hash: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(hash.as_deref().unwrap_or(NO_PASSWORD))
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn all_of<T: Serialize, S: Serializer>(
    entries: &Option<Vec<T>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    entries.as_deref().unwrap_or_default().serialize(serializer)
}

impl UserEntry {
    /// Returns the password's hash; an empty text if there is none.
    pub(super) fn hash_or_empty(&self) -> &str {
        self.password_hash.as_deref().unwrap_or_default()
    }

    /// Returns the user's authority and the identifier there. `None` if the user is not linked.
    pub fn link(&self) -> Option<(&str, &str)> {
        Some((self.authority.as_deref()?, self.external_id.as_deref()?))
    }

    /// Returns the authority that judges the user's password. `None` for a user who is local or was adopted.
    pub fn judging_authority(&self) -> Option<&str> {
        self.authority.as_deref().filter(|_| !self.adopted)
    }
}

impl std::fmt::Debug for UserEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserEntry({}, …)", self.user_name)
    }
}

/// A recovery code of a user.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RecoveryCodeEntry {
    /// The digest.
    pub digest: KeyDigest,
    /// Whether the code was used.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub spent: bool,
}

/// An application password of a user.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AppPasswordEntry {
    /// The digest.
    pub digest: KeyDigest,
    /// The realm that it is valid for.
    pub dialect: String,
    /// A label that says what it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// When it was created, to the second.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// Whether it was created by other means than an import.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub set_here: bool,
}

/// Something of a user that was revoked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedEntry {
    /// The digest.
    pub digest: KeyDigest,
    /// When it was revoked, to the second.
    #[serde(with = "time::serde::rfc3339")]
    pub revoked_at: OffsetDateTime,
}

/// A revoked application key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedKeyEntry {
    /// The realm that it was valid for.
    pub realm: String,
    /// The digest of its text.
    pub digest: KeyDigest,
    /// When it was revoked, to the second.
    #[serde(with = "time::serde::rfc3339")]
    pub revoked_at: OffsetDateTime,
}

/// An access card of a user.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CardEntry {
    /// The digest of the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_digest: Option<KeyDigest>,
    /// The identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// The hash of the pass code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass_code_hash: Option<String>,
    /// Whether the card can be used.
    pub effective: bool,
}

impl std::fmt::Debug for CardEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardEntry(…)")
    }
}
