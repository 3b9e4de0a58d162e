//! The embedded store's tables and what one change does to them.

use redb::{Database, ReadableTable, Table, TableDefinition, WriteTransaction};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clock::milliseconds;
use crate::store::{Caps, Record, Slot};
use crate::token::TokenDigest;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// User, time of issue, digest: sorted, so that a user's oldest token comes first.
pub(super) type UserKey = [u8; 40];
/// Time of expiry, digest.
type ExpiryKey = [u8; 24];

pub(super) const TOKENS: TableDefinition<'_, &[u8; 16], &[u8]> = TableDefinition::new("tokens");
pub(super) const BY_USER: TableDefinition<'_, &UserKey, ()> = TableDefinition::new("by_user");
const BY_EXPIRY: TableDefinition<'_, &ExpiryKey, ()> = TableDefinition::new("by_expiry");
/// What is written to find out whether it can be. Nobody reads it.
const PROBE: TableDefinition<'_, (), &[u8]> = TableDefinition::new("probe");
pub(super) const SLOTS: TableDefinition<'_, &[u8; 16], &[u8; 16]> = TableDefinition::new("slots");

/// Makes the tables, so that readers find them.
pub(super) fn create(database: &Database) -> Result<()> {
    let transaction = database.begin_write()?;
    Tables::open(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Stores something that is no token, or removes it.
pub(super) fn probe(transaction: &WriteTransaction, stored: Option<&[u8]>) -> Result<()> {
    let mut table = transaction.open_table(PROBE)?;
    match stored {
        Some(value) => drop(table.insert((), value)?),
        None => drop(table.remove(())?),
    }
    Ok(())
}

/// The first and the last key that a user can have in [`BY_USER`].
pub(super) fn user_range(user: Uuid) -> (UserKey, UserKey) {
    let bound = |rest: u8| {
        let mut key = [rest; 40];
        key[..16].copy_from_slice(user.as_bytes());
        key
    };
    (bound(0), bound(0xff))
}

/// The digest at the end of a key of [`BY_USER`].
pub(super) fn digest_of(key: &UserKey) -> TokenDigest {
    let mut digest = [0; 16];
    digest.copy_from_slice(&key[24..]);
    digest.into()
}

/// All tables, open in one write transaction.
pub(super) struct Tables<'t> {
    tokens: Table<'t, &'static [u8; 16], &'static [u8]>,
    by_user: Table<'t, &'static UserKey, ()>,
    by_expiry: Table<'t, &'static ExpiryKey, ()>,
    slots: Table<'t, &'static [u8; 16], &'static [u8; 16]>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self> {
        Ok(Self {
            tokens: transaction.open_table(TOKENS)?,
            by_user: transaction.open_table(BY_USER)?,
            by_expiry: transaction.open_table(BY_EXPIRY)?,
            slots: transaction.open_table(SLOTS)?,
        })
    }

    pub(super) fn put(
        &mut self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
        caps: Caps,
    ) -> Result<Vec<TokenDigest>> {
        if let Some(slot) = record.slot {
            let key = slot.digest().as_bytes();
            let before = self.slots.get(key)?.map(|held| *held.value());
            if let (Slot::Exclusive(_), Some(before)) = (slot, before) {
                self.take(before.into())?;
            }
            self.slots.insert(key, digest.as_bytes())?;
        }
        self.tokens
            .insert(digest.as_bytes(), record.encode()?.as_slice())?;
        for key in user_keys(record, digest) {
            self.by_user.insert(&key, ())?;
        }
        self.by_expiry
            .insert(&expiry_key(record.expires_at, digest), ())?;
        self.enforce_caps(record, digest, now, caps)
    }

    pub(super) fn replace(
        &mut self,
        digest: TokenDigest,
        before: &Record,
        after: &Record,
    ) -> Result<bool> {
        let same = match self.tokens.get(digest.as_bytes())? {
            Some(value) => before.encodings()?.iter().any(|same| same == value.value()),
            None => false,
        };
        if !same {
            return Ok(false);
        }
        self.by_expiry
            .remove(&expiry_key(before.expires_at, digest))?;
        self.by_expiry
            .insert(&expiry_key(after.expires_at, digest), ())?;
        if after.spent.is_some() {
            for key in user_keys(before, digest) {
                self.by_user.remove(&key)?;
            }
        }
        self.tokens
            .insert(digest.as_bytes(), after.encode()?.as_slice())?;
        Ok(true)
    }

    pub(super) fn take(&mut self, digest: TokenDigest) -> Result<Option<Record>> {
        let Some(value) = self.tokens.remove(digest.as_bytes())? else {
            return Ok(None);
        };
        let record = Record::decode(value.value())?;
        drop(value);
        for key in user_keys(&record, digest) {
            self.by_user.remove(&key)?;
        }
        self.by_expiry
            .remove(&expiry_key(record.expires_at, digest))?;
        if let Some(slot) = record.slot {
            let key = slot.digest().as_bytes();
            let ours = self
                .slots
                .get(key)?
                .is_some_and(|held| held.value() == digest.as_bytes());
            if ours {
                self.slots.remove(key)?;
            }
        }
        Ok(Some(record))
    }

    pub(super) fn remove_user(&mut self, user: Uuid) -> Result<u64> {
        let digests = self.digests_of(user)?;
        for digest in &digests {
            self.take(*digest)?;
        }
        Ok(digests.len() as u64)
    }

    /// Removes what has expired, but not more than so many records; answers how many.
    pub(super) fn sweep(&mut self, now: OffsetDateTime, at_most: usize) -> Result<usize> {
        let end = expiry_key(now, [0xff; 16].into());
        let mut expired = Vec::new();
        for entry in self.by_expiry.range::<&ExpiryKey>(..=&end)?.take(at_most) {
            let mut digest = [0; 16];
            digest.copy_from_slice(&entry?.0.value()[8..]);
            expired.push(TokenDigest::from(digest));
        }
        for digest in &expired {
            self.take(*digest)?;
        }
        Ok(expired.len())
    }

    /// Ends what a user holds beyond the caps, and answers what was live of it.
    fn enforce_caps(
        &mut self,
        record: &Record,
        newest: TokenDigest,
        now: OffsetDateTime,
        caps: Caps,
    ) -> Result<Vec<TokenDigest>> {
        let digests = self.digests_of(record.user)?;
        if digests.len() <= caps.least(record) {
            return Ok(Vec::new());
        }
        let mut tokens = Vec::with_capacity(digests.len());
        for digest in digests {
            if let Some(value) = self.tokens.get(digest.as_bytes())? {
                tokens.push((digest, Record::decode(value.value())?));
            }
        }
        tokens.retain(|(_, held)| held.user == record.user);
        let surplus = caps.surplus(tokens, newest, now);
        for digest in surplus.expired.iter().chain(&surplus.evicted) {
            self.take(*digest)?;
        }
        Ok(surplus.evicted)
    }

    fn digests_of(&self, user: Uuid) -> Result<Vec<TokenDigest>> {
        let (first, last) = user_range(user);
        self.by_user
            .range::<&UserKey>(&first..=&last)?
            .map(|entry| Ok(digest_of(entry?.0.value())))
            .collect()
    }
}

/// Returns where a token is listed: under its user, and under the administrator who acts as the user.
fn user_keys(record: &Record, digest: TokenDigest) -> impl Iterator<Item = UserKey> {
    record.listed_under().map(move |user| {
        let mut key = [0; 40];
        key[..16].copy_from_slice(user.as_bytes());
        key[16..24].copy_from_slice(&sortable(record.issued_at));
        key[24..].copy_from_slice(digest.as_bytes());
        key
    })
}

fn expiry_key(expires_at: OffsetDateTime, digest: TokenDigest) -> ExpiryKey {
    let mut key = [0; 24];
    key[..8].copy_from_slice(&sortable(expires_at));
    key[8..].copy_from_slice(digest.as_bytes());
    key
}

/// Big-endian milliseconds since the epoch: bytes that sort as the moments do.
fn sortable(moment: OffsetDateTime) -> [u8; 8] {
    milliseconds(moment).max(0).to_be_bytes()
}
