//! Records of tokens in a store: a version byte, then postcard.
//!
//! Releases may run side by side on one store. A new field is appended and has a default: an older release skips
//! it and keeps it when it writes the record back. Any other change takes the next version, which a release must
//! be able to read before one writes it. Version 2 is written; version 1, which was only written before the
//! first release, is read.

mod text;
mod version_1;
mod version_2;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::StoreError;
use crate::lineage::Lineage;
use crate::purpose::Purpose;
use crate::token::{Realm, Seed};
use crate::token_digest::TokenDigest;

/// The stored data of a token. Holds no clear text. Its own serde implementation writes version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The realm's name.
    pub realm: String,
    /// The user of the token.
    pub user: Uuid,
    /// The user's generation at the time of issue.
    pub generation: i64,
    /// The purpose of the token.
    pub purpose: Purpose,
    /// The device or program.
    pub client: Option<String>,
    /// The application.
    pub application: Option<String>,
    /// The unit.
    pub unit: Option<String>,
    /// The administrator who logged in as the user.
    pub actor: Option<Uuid>,
    /// The token from which this one is derived.
    pub parent: Option<TokenDigest>,
    /// The slot of the token. Only one token may hold a slot at a time.
    pub slot: Option<Slot>,
    /// The value from which the clear text is derived, together with the pepper; `None` for random tokens.
    pub seed: Option<Seed>,
    /// How the end moves with the use of the token; `None` for a fixed end.
    pub idle: Option<Idle>,
    /// When the token was issued.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub issued_at: OffsetDateTime,
    /// When the token was last used, as far as that was recorded.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub used_at: OffsetDateTime,
    /// When the token ends.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub expires_at: OffsetDateTime,
    /// What is known of the use of a one-time token that was used. Such a token is invalid.
    pub spent: Option<Redemption>,
    /// The administrator's generation at the time of issue. Appended: older records have none.
    #[serde(skip)]
    pub actor_generation: Option<i64>,
    /// The team that the user opened. Appended, with the project. Releases that did not check the team recorded
    /// no unit with it.
    #[serde(skip)]
    pub team: Option<String>,
    /// The project that the client named.
    #[serde(skip)]
    pub project: Option<String>,
    /// The login and the tokens before the parent. Appended, with the following fields: version 1 has none of
    /// them.
    #[serde(skip)]
    pub lineage: Option<Lineage>,
    /// A keyed digest of the e-mail address that the token was sent to.
    #[serde(skip)]
    pub address: Option<TokenDigest>,
    /// The maximum number of tokens of this kind that the user may hold at its client and application.
    #[serde(skip)]
    pub at_most: Option<u32>,
    /// Whether the token was ended, but the response was "unavailable" because too few replicas have the end:
    /// the client may repeat the request. Appended, with the original expiry: an earlier release finds a token
    /// that expired when it was issued.
    #[serde(skip)]
    pub is_end_unconfirmed: bool,
    /// The registered application that the directory has confirmed. Appended.
    #[serde(skip)]
    pub registered_application: Option<String>,
    /// The address from which the user logged in; for a derived token, that of the login behind it. Appended.
    #[serde(skip)]
    pub source: Option<IpAddr>,
    /// Fields that a later release has appended.
    #[serde(skip)]
    pub tail: Vec<u8>,
}

/// The lifetime of a token whose end moves with its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idle {
    /// Milliseconds from a use to the end.
    pub span: u64,
    /// The latest end, which no use moves further.
    #[serde(with = "time::serde::timestamp::milliseconds::option")]
    pub until: Option<OffsetDateTime>,
}

/// The use of a one-time token, kept to detect a second one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Redemption {
    /// The token that was issued for the one-time token.
    pub child: Option<TokenDigest>,
    /// Whether the one-time token was used again.
    pub again: bool,
}

/// The slot that a token holds: the one of its user, for its purpose, at its client and application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Slot {
    /// A token that takes the slot ends the previous one.
    Exclusive(TokenDigest),
    /// The slot refers to the token that took it last.
    Newest(TokenDigest),
}

impl Slot {
    /// Returns the digest of the slot.
    pub fn digest(&self) -> &TokenDigest {
        match self {
            Self::Exclusive(digest) | Self::Newest(digest) => digest,
        }
    }
}

impl Record {
    /// Creates a record of a token that was issued at `issued_at` and ends at `expires_at`. All other fields
    /// have their defaults.
    pub fn new(
        realm: Realm,
        user: Uuid,
        purpose: Purpose,
        (issued_at, expires_at): (OffsetDateTime, OffsetDateTime),
    ) -> Self {
        Self {
            realm: realm.name().to_owned(),
            user,
            generation: 0,
            purpose,
            client: None,
            application: None,
            unit: None,
            actor: None,
            parent: None,
            slot: None,
            seed: None,
            idle: None,
            issued_at,
            used_at: issued_at,
            expires_at,
            spent: None,
            actor_generation: None,
            team: None,
            project: None,
            lineage: None,
            address: None,
            at_most: None,
            is_end_unconfirmed: false,
            registered_application: None,
            source: None,
            tail: Vec::new(),
        }
    }

    /// Returns the users in whose lists the record is: its user, and the administrator who acts as the user.
    pub fn listed_under(&self) -> impl Iterator<Item = Uuid> + use<> {
        let actor = self.actor.filter(|actor| *actor != self.user);
        std::iter::once(self.user).chain(actor)
    }

    /// Returns `true` if the token is live at that time: not expired, spent or ended.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.expires_at > now && self.spent.is_none() && !self.is_end_unconfirmed
    }

    /// Returns the record to store for a token that was ended, if the client does not know that the token was
    /// ended. The record of a token that was used before is returned unchanged.
    #[must_use]
    pub fn with_unconfirmed_end(&self) -> Self {
        let mut after = self.clone();
        after.is_end_unconfirmed = after.spent.is_none();
        after
    }

    /// Returns the record as it was before [`with_unconfirmed_end`](Self::with_unconfirmed_end).
    #[must_use]
    pub fn before_unconfirmed_end(&self) -> Self {
        let mut before = self.clone();
        before.is_end_unconfirmed = false;
        before
    }

    /// Encodes the record for a store.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if a field cannot be encoded.
    pub fn encode(&self) -> Result<Vec<u8>, StoreError> {
        version_2::encode(self)
    }

    /// Returns all encodings that decode to this record: the one that is written now comes first, then the one
    /// of earlier releases.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if a field cannot be encoded.
    pub fn encodings(&self) -> Result<[Vec<u8>; 2], StoreError> {
        Ok([version_2::encode(self)?, version_1::encode(self)?])
    }

    /// Decodes a stored record of any release.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the record is damaged, or of a later release that changed more than it appended.
    pub fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.split_first() {
            Some((&version_2::VERSION, rest)) => version_2::decode(rest),
            Some((&version_1::VERSION, rest)) => version_1::decode(rest),
            Some((version, _)) => Err(unreadable(format!("version {version} is not known"))),
            None => Err(unreadable("empty")),
        }
    }
}

/// Decodes a field that was appended, and removes its bytes from `appended`. Returns the default if the record
/// was written before the field existed. `Err` if the bytes are damaged.
fn next<T: DeserializeOwned + Default>(appended: &mut &[u8]) -> Result<T, StoreError> {
    if appended.is_empty() {
        return Ok(T::default());
    }
    let (field, rest) = postcard::take_from_bytes(appended).map_err(unreadable)?;
    *appended = rest;
    Ok(field)
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("token record", error)
}
