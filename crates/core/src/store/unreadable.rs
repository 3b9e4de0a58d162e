//! Records that cannot be read: damaged ones, and those of a later release. Each is logged once.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use metrics::counter;
use tracing::warn;

use super::Record;
use crate::error::StoreError;
use crate::token_digest::TokenDigest;

/// How many are told apart. Beyond that, none is logged and counted.
const MOST: usize = 1_000;

/// Those that were logged.
static LOGGED: Mutex<BTreeSet<TokenDigest>> = Mutex::new(BTreeSet::new());

/// Returns a record for a caller that goes on without it if it cannot be read: `None`, and a line in the log.
///
/// A lookup of its token is another matter: the token may be valid, so the store is unavailable for it.
pub fn decode_or_log(digest: TokenDigest, value: &[u8]) -> Option<Record> {
    let record = Record::decode(value);
    record.map_err(|error| report(digest, &error)).ok()
}

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
