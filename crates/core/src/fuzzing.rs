//! Parsers of this crate for the fuzz targets in `tests/fuzz`, which cannot access other internals.

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use futures_util::FutureExt as _;
use isogloss_password::{PasswordSettings, Passwords};
use time::OffsetDateTime;

use crate::auth;
use crate::directory::file::File;
use crate::directory::file::import::{check_entries, hash_secrets};
use crate::directory::{Present, Snapshot, directory_of};
use crate::store::Record;

/// Decodes a stored record. Returns `None` if the bytes are not a valid record.
pub fn record(bytes: &[u8]) -> Option<Record> {
    Record::decode(bytes).ok()
}

/// Returns a record encoded as stores keep it. `None` if it cannot be encoded.
pub fn stored(record: &Record) -> Option<Vec<u8>> {
    record.encode().ok()
}

/// Returns the record after a use of its token at `now`. `None` if the use does not need to be recorded.
pub fn used(record: &Record, now: OffsetDateTime) -> Option<Record> {
    auth::used(record, now)
}

/// Returns the directory that results from importing a file into an empty one. `None` if the file is invalid, or
/// if it contains a secret in clear text, which would take long to hash.
pub fn directory(file: File) -> Option<Snapshot> {
    static PASSWORDS: LazyLock<Option<Passwords>> = LazyLock::new(|| {
        let settings = PasswordSettings {
            bcrypt_cost: 4,
            threads: Some(NonZeroUsize::MIN),
            queue: 1,
            ..PasswordSettings::default()
        };
        Passwords::start(settings).ok()
    });
    let passwords = PASSWORDS.as_ref()?;
    let wanted = check_entries(file, passwords).ok()?;
    let empty = Present::default();
    let sealed = hash_secrets(&empty, passwords, wanted, |_| {});
    let sealed = sealed.now_or_never()?.ok()?;
    directory_of(&sealed)
}
