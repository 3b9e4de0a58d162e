//! What a store keeps of a token: a version byte, then postcard.
//!
//! Releases may run side by side on one store. A new field is appended and has a default: an older
//! release reads past it and keeps it when it writes the record back. Any other change takes the
//! next version, which a release must be able to read before one writes it. Version 2 is written; version
//! 1, which only releases before the first one wrote, is read.

mod text;
mod version_1;
mod version_2;

#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::StoreError;
use crate::lineage::Lineage;
use crate::purpose::Purpose;
use crate::token::{Realm, Seed};
use crate::token_digest::TokenDigest;

/// A token's facts at rest. Holds no clear text. By itself serde writes it as version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The realm's name.
    pub realm: String,
    /// Whose token it is.
    pub user: Uuid,
    /// The user's generation at the time of issue.
    pub generation: i64,
    /// What it is for.
    pub purpose: Purpose,
    /// The device or program.
    pub client: Option<String>,
    /// The application.
    pub application: Option<String>,
    /// The unit.
    pub unit: Option<String>,
    /// The administrator who logged in as the user.
    pub actor: Option<Uuid>,
    /// The token it came from.
    pub parent: Option<TokenDigest>,
    /// A place that only one token may hold at a time.
    pub slot: Option<Slot>,
    /// What the clear text is derived from, together with the pepper; none for random tokens.
    pub seed: Option<Seed>,
    /// How it moves with its use; none for a fixed end.
    pub idle: Option<Idle>,
    /// When it was issued.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub issued_at: OffsetDateTime,
    /// When it was last used, as far as that was noted.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub used_at: OffsetDateTime,
    /// When it ends.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub expires_at: OffsetDateTime,
    /// What became of a one-time token that was used. It opens nothing any more.
    pub spent: Option<Spent>,
    /// The administrator's generation at the time of issue. Appended: records that were written
    /// before this was kept have none.
    #[serde(skip)]
    pub actor_generation: Option<i64>,
    /// The team that the user opened. Appended, with the project. Releases that did not check the
    /// team recorded no unit beside it.
    #[serde(skip)]
    pub team: Option<String>,
    /// The project that the client named.
    #[serde(skip)]
    pub project: Option<String>,
    /// The login and the tokens behind the parent. Appended, with what follows: version 1 has none of it.
    #[serde(skip)]
    pub lineage: Option<Lineage>,
    /// A keyed digest of the e-mail address that the token was sent to.
    #[serde(skip)]
    pub address: Option<TokenDigest>,
    /// How many of its kind the user may hold at its client and application.
    #[serde(skip)]
    pub at_most: Option<u32>,
    /// Whether it was ended, and that answered as unavailable since too few replicas have it: the client may
    /// repeat it. Appended, with when it would have expired: an earlier release finds a token that expired when it
    /// was issued.
    #[serde(skip)]
    pub is_end_unconfirmed: bool,
    /// What a later release has appended.
    #[serde(skip)]
    pub tail: Vec<u8>,
}

/// The life of a token that lives by its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idle {
    /// Milliseconds from a use to the end.
    pub span: u64,
    /// The moment that no use moves the end beyond.
    #[serde(with = "time::serde::timestamp::milliseconds::option")]
    pub until: Option<OffsetDateTime>,
}

/// A one-time token after its use, kept to notice a second one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spent {
    /// The token that was issued for it.
    pub child: Option<TokenDigest>,
    /// Whether it was used again.
    pub again: bool,
}

/// A place that a token holds: its user's, for its purpose, at its client and application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Slot {
    /// A token that takes it ends the one before.
    Exclusive(TokenDigest),
    /// It leads to the token that took it last.
    Newest(TokenDigest),
}

impl Slot {
    /// What the place is known by.
    pub fn digest(&self) -> &TokenDigest {
        match self {
            Self::Exclusive(digest) | Self::Newest(digest) => digest,
        }
    }
}

impl Record {
    /// A token that nothing else is known of.
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
            tail: Vec::new(),
        }
    }

    /// Returns in whose lists it is: in its user's, and in that of the administrator who acts as the user.
    pub fn listed_under(&self) -> impl Iterator<Item = Uuid> + use<> {
        let actor = self.actor.filter(|actor| *actor != self.user);
        std::iter::once(self.user).chain(actor)
    }

    /// Whether it opens anything at that moment.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.expires_at > now && self.spent.is_none() && !self.is_end_unconfirmed
    }

    /// Returns the record that is left of a token which was ended, if the client was not told that it was. One
    /// that was used before stays as it is.
    #[must_use]
    pub fn with_unconfirmed_end(&self) -> Self {
        let mut after = self.clone();
        after.is_end_unconfirmed = after.spent.is_none();
        after
    }

    /// Returns the record of the token before that.
    #[must_use]
    pub fn before_unconfirmed_end(&self) -> Self {
        let mut before = self.clone();
        before.is_end_unconfirmed = false;
        before
    }

    /// As it is written.
    pub fn encode(&self) -> Result<Vec<u8>, StoreError> {
        version_2::encode(self)
    }

    /// All that a store may have which is read as this: what is written now comes first, then what
    /// earlier releases wrote.
    pub fn encodings(&self) -> Result<[Vec<u8>; 2], StoreError> {
        Ok([version_2::encode(self)?, version_1::encode(self)?])
    }

    /// Reads what a store has, of whatever release. Fails if it is damaged, or of a later release that changed
    /// more than it appended.
    pub fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.split_first() {
            Some((&version_2::VERSION, rest)) => version_2::decode(rest),
            Some((&version_1::VERSION, rest)) => version_1::decode(rest),
            Some((version, _)) => Err(unreadable(format!("version {version} is not known"))),
            None => Err(unreadable("empty")),
        }
    }
}

/// Reads a field that was appended; its default if the record was written before.
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
