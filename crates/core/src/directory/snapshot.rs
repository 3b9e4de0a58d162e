//! The directory at rest: every entry checked, every secret hashed.

use serde::{Deserialize, Serialize, Serializer};
use time::OffsetDateTime;
use uuid::Uuid;

use super::origin::{Attributes, Part};
use super::{KeyDigest, SealedKey};
use crate::names::tidy;
use crate::scope::Scopes;
use crate::user::Role;

/// Entries of a directory, ready to be stored, or as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Organisations, by name.
    pub organisations: Vec<OrganisationEntry>,
    /// Users, by number.
    pub users: Vec<UserEntry>,
    /// Keys, by realm and label.
    pub keys: Vec<KeyEntry>,
    /// What keys the digests of cards and keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub digest_keys: Vec<SealedKey>,
    /// Keys that were revoked, by realm and digest. No import brings them back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revoked_keys: Vec<RevokedKeyEntry>,
    /// What is left of users who were erased, as keyed digests. No import brings them back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub erased_users: Vec<KeyDigest>,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrganisationEntry {
    /// Identifier.
    pub id: Uuid,
    /// Name, unique.
    pub name: String,
    /// The unit of users who have none of their own.
    #[serde(serialize_with = "or_empty")]
    pub default_unit: Option<String>,
    /// Its units.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitEntry>,
}

impl OrganisationEntry {
    /// Whether it has a unit of that identifier.
    pub(crate) fn has_unit(&self, id: &str) -> bool {
        self.units.iter().any(|unit| unit.id == id)
    }

    /// Returns the unit of that identifier, which an older release may have stored untidied.
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
    /// Identifier, unique over all organisations.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A user. Written to a file, it says everything, or the file would leave alone what is not there.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct UserEntry {
    /// Identifier.
    pub id: Uuid,
    /// Number, unique.
    pub number: i64,
    /// Login name, unique among all login names and e-mail addresses.
    pub user_name: String,
    /// E-mail address, unique likewise.
    #[serde(serialize_with = "or_empty")]
    pub email: Option<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Address of a picture.
    pub image_url: String,
    /// Role.
    pub role: Role,
    /// The organisation's name.
    pub organisation: String,
    /// The user's own default unit.
    #[serde(serialize_with = "or_empty")]
    pub default_unit: Option<String>,
    /// Units the user may log in to, beside the default one.
    pub units: Vec<String>,
    /// Whether the user may not log in.
    pub disabled: bool,
    /// The password's hash.
    pub password_hash: String,
    /// The hashes of the same password that it has replaced, by digest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaced_hashes: Vec<KeyDigest>,
    /// See [`User::generation`](crate::User::generation). One that is applied never becomes less.
    pub generation: i64,
    /// The second factor's secret, base32.
    #[serde(serialize_with = "or_empty")]
    pub totp_secret: Option<String>,
    /// What is not as an import last said it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_here: Vec<Part>,
    /// Recovery codes, by digest. None before they are read.
    #[serde(serialize_with = "all_of")]
    pub recovery_codes: Option<Vec<RecoveryCodeEntry>>,
    /// Application passwords, by digest. None before they are read.
    #[serde(serialize_with = "all_of")]
    pub app_passwords: Option<Vec<AppPasswordEntry>>,
    /// Application passwords that were revoked, by digest. No import brings them back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revoked_app_passwords: Vec<RevokedEntry>,
    /// Access cards.
    pub access_cards: Vec<CardEntry>,
    /// Whether it has a value that a rule of a later release refuses. An import takes it as it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub grandfathered: bool,
    /// What an import last said of attributes that differ from it now.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub imported: Attributes,
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn or_empty<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text.as_deref().unwrap_or_default())
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn all_of<T: Serialize, S: Serializer>(
    entries: &Option<Vec<T>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    entries.as_deref().unwrap_or_default().serialize(serializer)
}

impl std::fmt::Debug for UserEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserEntry({}, …)", self.user_name)
    }
}

/// A recovery code of a user.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RecoveryCodeEntry {
    /// Its digest.
    pub digest: KeyDigest,
    /// Whether it was used.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub spent: bool,
}

/// An application password of a user.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AppPasswordEntry {
    /// Its digest.
    pub digest: KeyDigest,
    /// The realm it opens.
    pub dialect: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// When it was made, to the second.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// Whether it does not come from an import.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub set_here: bool,
}

/// Something of a user that was revoked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedEntry {
    /// Its digest.
    pub digest: KeyDigest,
    /// When, to the second.
    #[serde(with = "time::serde::rfc3339")]
    pub revoked_at: OffsetDateTime,
}

/// A key that was revoked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedKeyEntry {
    /// The realm it opened.
    pub realm: String,
    /// The digest of its text.
    pub digest: KeyDigest,
    /// When, to the second.
    #[serde(with = "time::serde::rfc3339")]
    pub revoked_at: OffsetDateTime,
}

/// An access card of a user.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CardEntry {
    /// The digest of its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_digest: Option<KeyDigest>,
    /// Its identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// The bcrypt hash of its pass code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass_code_hash: Option<String>,
    /// Whether it can be used.
    pub effective: bool,
}

impl std::fmt::Debug for CardEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardEntry(…)")
    }
}

/// An application key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyEntry {
    /// The realm it opens.
    pub realm: String,
    /// What the operator calls it.
    pub label: String,
    /// The digest of its text.
    pub digest: KeyDigest,
    /// The user it acts as.
    #[serde(serialize_with = "or_empty")]
    pub user: Option<String>,
    /// What it may do.
    #[serde(serialize_with = "scopes_or_all")]
    pub scopes: Scopes,
    /// From when on it opens nothing, to the second.
    #[serde(serialize_with = "moment_or_empty")]
    pub expires_at: Option<OffsetDateTime>,
}

impl KeyEntry {
    /// Names it and opens nothing: the first twelve digits of its digest.
    pub fn id(&self) -> String {
        Self::id_of(self.digest)
    }

    pub(super) fn id_of(digest: KeyDigest) -> String {
        let mut digits = digest.hex();
        digits.truncate(12);
        digits
    }
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn moment_or_empty<S: Serializer>(
    moment: &Option<OffsetDateTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match moment {
        None => serializer.serialize_str(""),
        Some(moment) => time::serde::rfc3339::serialize(moment, serializer),
    }
}

fn scopes_or_all<S: Serializer>(scopes: &Scopes, serializer: S) -> Result<S::Ok, S::Error> {
    match scopes.names() {
        None => [ALL_SCOPES].serialize(serializer),
        Some(names) => names.serialize(serializer),
    }
}

/// Stands for all scopes of a realm in a directory file.
pub(super) const ALL_SCOPES: &str = "all";
