//! What a store keeps of a token: a version byte, then postcard.
//!
//! Releases may run side by side on one store. A new field is appended and has a default: an older
//! release reads past it and keeps it when it writes the record back. Any other change takes the
//! next version, which a release must be able to read before one writes it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::StoreError;
use crate::session::Purpose;
use crate::token::{Seed, TokenDigest};

/// The first byte of every stored value.
const VERSION: u8 = 1;

/// A token's facts at rest. Holds no clear text.
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
    /// The team that the user wanted to open. Appended, with the project.
    #[serde(skip)]
    pub team: Option<String>,
    /// The project.
    #[serde(skip)]
    pub project: Option<String>,
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
    /// Whether it opens anything at that moment.
    pub(crate) fn is_live(&self, now: OffsetDateTime) -> bool {
        self.expires_at > now && self.spent.is_none()
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = postcard::to_extend(self, vec![VERSION]).map_err(unreadable)?;
        let opens = (&self.team, &self.project);
        let with_opens = opens != (&None, &None) || !self.tail.is_empty();
        if self.actor_generation.is_some() || with_opens {
            bytes = postcard::to_extend(&self.actor_generation, bytes).map_err(unreadable)?;
        }
        if with_opens {
            bytes = postcard::to_extend(&opens, bytes).map_err(unreadable)?;
        }
        bytes.extend_from_slice(&self.tail);
        Ok(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.split_first() {
            Some((&VERSION, rest)) => {
                let (mut record, mut appended): (Self, _) =
                    postcard::take_from_bytes(rest).map_err(unreadable)?;
                record.actor_generation = next(&mut appended)?;
                (record.team, record.project) = next(&mut appended)?;
                record.tail = appended.to_vec();
                Ok(record)
            }
            Some((version, _)) => Err(unreadable(format!("version {version} is not known"))),
            None => Err(unreadable("empty")),
        }
    }
}

/// A field that was appended; its default if the record was written before.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1 as the first release wrote it: later ones must go on reading it.
    const FIRST: &str = concat!(
        "01",
        "0468657265",
        "1000112233445566778899aabbccddeeff",
        "06",
        "00",
        "01036f6e65",
        "00",
        "00",
        "00",
        "00",
        "00",
        "00",
        "00",
        "80c0b6a9de66",
        "80c0b6a9de66",
        "80e0a9ebde66",
        "00",
    );

    #[test]
    fn version_1_is_read() {
        let bytes = hex::decode(FIRST).unwrap();
        let record = Record::decode(&bytes).unwrap();
        assert_eq!(record.realm, "here");
        assert_eq!(record.generation, 3);
        assert_eq!(record.client.as_deref(), Some("one"));
        assert_eq!(record.spent, None);
        assert_eq!(record.actor_generation, None);
        assert_eq!(record.encode().unwrap(), bytes);
    }

    #[test]
    fn the_generation_of_an_administrator_was_appended() {
        let bytes = hex::decode(format!("{FIRST}010e")).unwrap();
        let record = Record::decode(&bytes).unwrap();
        assert_eq!(record.actor_generation, Some(7));
        assert_eq!(record.encode().unwrap(), bytes);
    }

    #[test]
    fn team_and_project_were_appended() {
        let bytes = hex::decode(format!("{FIRST}0001017400")).unwrap();
        let record = Record::decode(&bytes).unwrap();
        assert_eq!(record.team.as_deref(), Some("t"));
        assert_eq!(record.project, None);
        assert_eq!(record.encode().unwrap(), bytes);
    }

    #[test]
    fn what_a_later_release_appended_is_kept() {
        let bytes = hex::decode(format!("{FIRST}0000002a2b")).unwrap();
        let mut record = Record::decode(&bytes).unwrap();
        assert_eq!(record.encode().unwrap(), bytes);
        record.generation = 4;
        assert!(record.encode().unwrap().ends_with(&[0x2a, 0x2b]));
    }

    #[test]
    fn other_versions_and_rubbish_are_errors() {
        assert!(Record::decode(&[]).is_err());
        assert!(Record::decode(&[1, 0xff, 0xff]).is_err());
        let appended = hex::decode(format!("{FIRST}2a")).unwrap();
        assert!(Record::decode(&appended).is_err());
        let error = Record::decode(&[9, 0]).unwrap_err();
        assert_eq!(error.to_string(), "token record: version 9 is not known");
    }
}
