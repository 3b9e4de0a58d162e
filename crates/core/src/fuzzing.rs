//! The readers of this crate for the fuzz targets in `tests/fuzz`, which see no others of its insides.

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use futures_util::FutureExt as _;
use time::OffsetDateTime;

use crate::auth;
use crate::directory::file::{File, check, seal};
use crate::directory::{Present, Snapshot, directory_of};
use crate::password::{self, HashError, PasswordSettings, Passwords};
use crate::store::Record;

/// A record as a store keeps it.
pub fn record(bytes: &[u8]) -> Option<Record> {
    Record::decode(bytes).ok()
}

/// What a store keeps of a record.
pub fn stored(record: &Record) -> Option<Vec<u8>> {
    record.encode().ok()
}

/// The record after a use, if that is worth noting.
pub fn used(record: &Record, now: OffsetDateTime) -> Option<Record> {
    auth::used(record, now)
}

/// The directory that a file makes of an empty one; nothing if it makes no sense, or if it holds a
/// secret in clear text, which takes its time to hash.
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
    let wanted = check(file, passwords).ok()?;
    let empty = Present::default();
    let sealed = seal(&empty, passwords, wanted, |_| {});
    let sealed = sealed.now_or_never()?.ok()?;
    directory_of(&sealed)
}

/// Whether a password fits a hash, of whatever strength; nothing if it takes more than milliseconds to say.
pub fn fits(hash: &str, password: &str) -> Result<Option<bool>, HashError> {
    password::fits(hash, password)
}
