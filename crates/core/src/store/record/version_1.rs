//! Version 1: the fields one after the other.
//!
//! Records of this version are read, and no longer written; nothing more is appended to them.

use super::{Record, next, unreadable};
use crate::error::StoreError;

/// The first byte of a record.
pub(super) const VERSION: u8 = 1;

/// Encodes a record, the version first. `Err` if a field cannot be encoded.
pub(super) fn encode(record: &Record) -> Result<Vec<u8>, StoreError> {
    let mut bytes = postcard::to_extend(record, vec![VERSION]).map_err(unreadable)?;
    let opens = (&record.team, &record.project);
    let with_opens = opens != (&None, &None) || !record.tail.is_empty();
    if record.actor_generation.is_some() || with_opens {
        bytes = postcard::to_extend(&record.actor_generation, bytes).map_err(unreadable)?;
    }
    if with_opens {
        bytes = postcard::to_extend(&opens, bytes).map_err(unreadable)?;
    }
    bytes.extend_from_slice(&record.tail);
    Ok(bytes)
}

/// Decodes the bytes of a record after its version. `Err` if they are damaged.
pub(super) fn decode(bytes: &[u8]) -> Result<Record, StoreError> {
    let (mut record, mut appended): (Record, _) =
        postcard::take_from_bytes(bytes).map_err(unreadable)?;
    record.actor_generation = next(&mut appended)?;
    (record.team, record.project) = next(&mut appended)?;
    record.tail = appended.to_vec();
    Ok(record)
}
