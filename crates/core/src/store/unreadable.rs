//! Records that cannot be decoded: damaged ones, and those of a later release. Each is logged once.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use metrics::counter;
use tracing::warn;

use super::Record;
use crate::error::StoreError;
use crate::token_digest::TokenDigest;

/// The maximum number of such records that are distinguished. Beyond that, none is logged or counted.
const MOST: usize = 1_000;

/// The digests of those that were logged.
static LOGGED: Mutex<BTreeSet<TokenDigest>> = Mutex::new(BTreeSet::new());

/// Decodes a record for a caller that continues without it if it cannot be decoded. Returns `None` for such a
/// record. The first 1,000 such records are logged and counted, each once.
///
/// A lookup of the token is different: the token may be valid, so the store is unavailable for it.
pub fn decode_or_log(digest: TokenDigest, value: &[u8]) -> Option<Record> {
    let record = Record::decode(value);
    record.map_err(|error| report(digest, &error)).ok()
}

/// Logs and counts a record that cannot be decoded, unless that was done before or there were [`MOST`] others.
fn report(digest: TokenDigest, error: &StoreError) {
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    if logged.len() < MOST && logged.insert(digest) {
        counter!("isogloss_unreadable_records_total").increment(1);
        warn!(
            session = %digest,
            %error,
            "the record of a token cannot be read and is left out: the token is unavailable until it expires \
             or is ended by its handle"
        );
    }
}
