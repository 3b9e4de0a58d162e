//! Version 2: GUIDs as bytes, timestamps relative to the issue, and rare fields together.
//!
//! The rare fields take one byte if a token has none of them. Appended fields come last, and are absent if a
//! token has none of them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use uuid::serde::compact;

use super::text::Text;
use super::{Idle, Record, Redemption, Slot, next, unreadable};
use crate::clock::{milliseconds, moment};
use crate::error::StoreError;
use crate::lineage::Lineage;
use crate::purpose::Purpose;
use crate::token::Seed;
use crate::token_digest::TokenDigest;

/// The first byte of a record.
pub(super) const VERSION: u8 = 2;

/// The fields that every token has.
#[derive(Serialize, Deserialize)]
struct Common<'r> {
    realm: &'r str,
    #[serde(with = "compact")]
    user: Uuid,
    generation: i64,
    purpose: Purpose,
    #[serde(borrow)]
    client: Text<'r>,
    #[serde(borrow)]
    application: Text<'r>,
    /// Milliseconds since the Unix epoch.
    issued_at: i64,
    /// Milliseconds from the issue to the last use. Clocks differ, so this may be negative.
    used_after: i64,
    /// Milliseconds from the issue to the end.
    expires_after: i64,
    #[serde(borrow)]
    rare: Option<Rare<'r>>,
}

/// The fields that few tokens have.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Rare<'r> {
    #[serde(with = "compact::option")]
    actor: Option<Uuid>,
    actor_generation: Option<i64>,
    parent: Option<TokenDigest>,
    slot: Option<Slot>,
    seed: Option<Seed>,
    idle: Option<Idle>,
    spent: Option<Redemption>,
    #[serde(borrow)]
    unit: Text<'r>,
    #[serde(borrow)]
    team: Text<'r>,
    #[serde(borrow)]
    project: Text<'r>,
}

/// The fields that were appended.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Appended {
    ancestry: Option<Ancestry>,
    address: Option<TokenDigest>,
    at_most: Option<u32>,
}

/// A stored [`Lineage`].
#[derive(PartialEq, Serialize, Deserialize)]
struct Ancestry {
    /// Milliseconds from the login to the issue.
    login_before: i64,
    depth: u32,
    older_ancestors: Vec<TokenDigest>,
}

/// Encodes a record, the version first. `Err` if a field cannot be encoded.
pub(super) fn encode(record: &Record) -> Result<Vec<u8>, StoreError> {
    let mut bytes =
        postcard::to_extend(&Common::from(record), vec![VERSION]).map_err(unreadable)?;
    let appended = Appended::from(record);
    // A field is written if one of those after it is.
    let has_source = record.source.is_some() || !record.tail.is_empty();
    let has_application = record.registered_application.is_some() || has_source;
    let has_end = record.is_end_unconfirmed || has_application;
    if appended != Appended::default() || has_end {
        bytes = postcard::to_extend(&appended, bytes).map_err(unreadable)?;
    }
    if has_end {
        let ended = record.is_end_unconfirmed.then(|| expires_after(record));
        bytes = postcard::to_extend(&ended, bytes).map_err(unreadable)?;
    }
    if has_application {
        let application = Text::from(&record.registered_application);
        bytes = postcard::to_extend(&application, bytes).map_err(unreadable)?;
    }
    if has_source {
        bytes = postcard::to_extend(&record.source, bytes).map_err(unreadable)?;
    }
    bytes.extend_from_slice(&record.tail);
    Ok(bytes)
}

/// Decodes the bytes of a record after its version. `Err` if they are damaged, or a timestamp is out of range.
pub(super) fn decode(bytes: &[u8]) -> Result<Record, StoreError> {
    let (common, mut rest): (Common<'_>, _) =
        postcard::take_from_bytes(bytes).map_err(unreadable)?;
    let appended: Appended = next(&mut rest)?;
    let ended: Option<i64> = next(&mut rest)?;
    let registered_application = next_text(&mut rest)?;
    let source: Option<IpAddr> = next(&mut rest)?;
    let after_issue = |after| {
        let moment = common.issued_at.checked_add(after).and_then(moment);
        moment.ok_or_else(|| unreadable("a moment is out of range"))
    };
    let lineage = |ancestry: Ancestry| {
        let login_before = ancestry.login_before.saturating_neg();
        Ok::<_, StoreError>(Lineage {
            login_at: after_issue(login_before)?,
            depth: ancestry.depth,
            older_ancestors: ancestry.older_ancestors,
        })
    };
    let rare = common.rare.unwrap_or_default();
    Ok(Record {
        realm: common.realm.to_owned(),
        user: common.user,
        generation: common.generation,
        purpose: common.purpose,
        client: common.client.into(),
        application: common.application.into(),
        unit: rare.unit.into(),
        actor: rare.actor,
        parent: rare.parent,
        slot: rare.slot,
        seed: rare.seed,
        idle: rare.idle,
        issued_at: after_issue(0)?,
        used_at: after_issue(common.used_after)?,
        expires_at: after_issue(ended.unwrap_or(common.expires_after))?,
        spent: rare.spent,
        actor_generation: rare.actor_generation,
        team: rare.team.into(),
        project: rare.project.into(),
        lineage: appended.ancestry.map(lineage).transpose()?,
        address: appended.address,
        at_most: appended.at_most,
        is_end_unconfirmed: ended.is_some(),
        registered_application,
        source,
        tail: rest.to_vec(),
    })
}

/// Decodes a text that was appended, and removes its bytes from `appended`. Returns `None` if there is no text, or if
/// the record was written before the field existed. `Err` if the bytes are damaged.
fn next_text(appended: &mut &[u8]) -> Result<Option<String>, StoreError> {
    let bytes = *appended;
    if bytes.is_empty() {
        return Ok(None);
    }
    let (text, rest): (Text<'_>, _) = postcard::take_from_bytes(bytes).map_err(unreadable)?;
    *appended = rest;
    Ok(text.into())
}

/// Returns the milliseconds from the issue to the end.
fn expires_after(record: &Record) -> i64 {
    milliseconds(record.expires_at) - milliseconds(record.issued_at)
}

impl<'r> From<&'r Record> for Common<'r> {
    fn from(record: &'r Record) -> Self {
        let rare = Rare::from(record);
        Self {
            realm: &record.realm,
            user: record.user,
            generation: record.generation,
            purpose: record.purpose,
            client: (&record.client).into(),
            application: (&record.application).into(),
            issued_at: milliseconds(record.issued_at),
            used_after: milliseconds(record.used_at) - milliseconds(record.issued_at),
            expires_after: if record.is_end_unconfirmed {
                0
            } else {
                expires_after(record)
            },
            rare: (rare != Rare::default()).then_some(rare),
        }
    }
}

impl<'r> From<&'r Record> for Rare<'r> {
    fn from(record: &'r Record) -> Self {
        Self {
            actor: record.actor,
            actor_generation: record.actor_generation,
            parent: record.parent,
            slot: record.slot,
            seed: record.seed,
            idle: record.idle,
            spent: record.spent,
            unit: (&record.unit).into(),
            team: (&record.team).into(),
            project: (&record.project).into(),
        }
    }
}

impl From<&Record> for Appended {
    fn from(record: &Record) -> Self {
        let issued_at = milliseconds(record.issued_at);
        let ancestry = record.lineage.as_ref().map(|lineage| Ancestry {
            login_before: issued_at - milliseconds(lineage.login_at),
            depth: lineage.depth,
            older_ancestors: lineage.older_ancestors.clone(),
        });
        Self {
            ancestry,
            address: record.address,
            at_most: record.at_most,
        }
    }
}
