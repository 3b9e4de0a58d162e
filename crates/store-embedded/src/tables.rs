//! The tables of the embedded store, and the changes to them.

mod keys;

use redb::{Database, ReadableTable, Table, TableDefinition, WriteTransaction};
use time::OffsetDateTime;
use uuid::Uuid;

use self::keys::{ExpiryKey, digest_of_expiry_key, expiry_key, user_keys};
pub(super) use self::keys::{UserKey, digest_of, user_range};
use isogloss_core::TokenDigest;
use isogloss_core::backend::decode_or_log;
use isogloss_core::backend::milliseconds;
use isogloss_core::store::{Record, SessionLimits, Slot, StoredToken};

pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;
pub(super) type Result<T> = std::result::Result<T, Error>;

pub(super) const TOKENS: TableDefinition<'_, &[u8; 16], &[u8]> = TableDefinition::new("tokens");
pub(super) const BY_USER: TableDefinition<'_, &UserKey, ()> = TableDefinition::new("by_user");
const BY_EXPIRY: TableDefinition<'_, &ExpiryKey, ()> = TableDefinition::new("by_expiry");
/// Written to check that the database accepts writes. Never read.
const PROBE: TableDefinition<'_, (), &[u8]> = TableDefinition::new("probe");
pub(super) const SLOTS: TableDefinition<'_, &[u8; 16], &[u8; 16]> = TableDefinition::new("slots");

/// Creates the tables that are missing, so that readers find them. Fails if the database accepts no writes.
pub(super) fn create(database: &Database) -> Result<()> {
    let transaction = database.begin_write()?;
    Tables::open(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Writes a value that is not a token, or removes it if `stored` is `None`. Fails if the database accepts no
/// writes.
pub(super) fn probe(transaction: &WriteTransaction, stored: Option<&[u8]>) -> Result<()> {
    let mut table = transaction.open_table(PROBE)?;
    match stored {
        Some(value) => drop(table.insert((), value)?),
        None => drop(table.remove(())?),
    }
    Ok(())
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
        caps: SessionLimits,
    ) -> Result<Vec<TokenDigest>> {
        if let Some(slot) = record.slot {
            let key = slot.digest().as_bytes();
            let before = self.slots.get(key)?.map(|held| *held.value());
            if let (Slot::Exclusive(_), Some(before)) = (slot, before) {
                self.take(before.into())?;
            }
            self.slots.insert(key, digest.as_bytes())?;
        }
        self.insert(digest, record)?;
        self.enforce_limits(record, digest, now, caps)
    }

    /// Stores a token from a backup, with its slot if it held it. Ends no other token. Fails if the database
    /// accepts no writes.
    pub(super) fn restore(&mut self, token: &StoredToken) -> Result<()> {
        let StoredToken { digest, record, .. } = token;
        if token.holds_slot
            && let Some(slot) = record.slot
        {
            let key = slot.digest().as_bytes();
            self.slots.insert(key, digest.as_bytes())?;
        }
        self.insert(*digest, record)
    }

    /// Stores a record, and lists it by user and by expiry. A spent token is not listed by user. Fails if the
    /// database accepts no writes.
    fn insert(&mut self, digest: TokenDigest, record: &Record) -> Result<()> {
        self.tokens
            .insert(digest.as_bytes(), record.encode()?.as_slice())?;
        if record.spent.is_none() {
            for key in user_keys(record, digest) {
                self.by_user.insert(&key, ())?;
            }
        }
        self.by_expiry
            .insert(&expiry_key(record.expires_at, digest), ())?;
        Ok(())
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
        let was_listed = before.spent.is_none();
        if was_listed != after.spent.is_none() {
            for key in user_keys(before, digest) {
                if was_listed {
                    self.by_user.remove(&key)?;
                } else {
                    self.by_user.insert(&key, ())?;
                }
            }
        }
        self.tokens
            .insert(digest.as_bytes(), after.encode()?.as_slice())?;
        Ok(true)
    }

    /// Removes a token and returns its record. `None` if there was none, or its record could not be decoded.
    /// Fails if the database accepts no writes.
    pub(super) fn take(&mut self, digest: TokenDigest) -> Result<Option<Record>> {
        match self.remove(digest)? {
            Removed::Record(record) => Ok(Some(*record)),
            Removed::Unreadable | Removed::Nothing => Ok(None),
        }
    }

    /// Removes a token and its entries in all lists, and returns what there was. If its record cannot be
    /// decoded, the entries are not known: they are removed when they are found without a token. Fails if the
    /// database accepts no writes.
    fn remove(&mut self, digest: TokenDigest) -> Result<Removed> {
        let Some(value) = self.tokens.remove(digest.as_bytes())? else {
            return Ok(Removed::Nothing);
        };
        let record = decode_or_log(digest, value.value());
        drop(value);
        let Some(record) = record else {
            return Ok(Removed::Unreadable);
        };
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
        Ok(Removed::Record(Box::new(record)))
    }

    pub(super) fn remove_user(&mut self, user: Uuid) -> Result<u64> {
        let mut removed = 0;
        for key in self.keys_of(user)? {
            match self.remove(digest_of(&key))? {
                Removed::Record(_) => removed += 1,
                Removed::Unreadable => {
                    removed += 1;
                    self.by_user.remove(&key)?;
                }
                Removed::Nothing => drop(self.by_user.remove(&key)?),
            }
        }
        Ok(removed)
    }

    /// Removes expired tokens, but examines at most `at_most` expiries. Returns how many were examined and
    /// removed. Fails if the database accepts no writes.
    pub(super) fn sweep(&mut self, now: OffsetDateTime, at_most: usize) -> Result<Swept> {
        let end = expiry_key(now, [0xff; 16].into());
        let mut ends = Vec::new();
        for entry in self.by_expiry.range::<&ExpiryKey>(..=&end)?.take(at_most) {
            ends.push(*entry?.0.value());
        }
        let mut removed = 0;
        for key in &ends {
            let digest = digest_of_expiry_key(key);
            // A token that was removed without being decoded left its expiry here, and may be back with another
            // one.
            self.by_expiry.remove(key)?;
            if self.expires_later(digest, now)? {
                continue;
            }
            removed += usize::from(!matches!(self.remove(digest)?, Removed::Nothing));
        }
        Ok(Swept {
            looked_at: ends.len(),
            removed,
        })
    }

    fn expires_later(&self, digest: TokenDigest, now: OffsetDateTime) -> Result<bool> {
        let value = self.tokens.get(digest.as_bytes())?;
        let record = value.and_then(|value| decode_or_log(digest, value.value()));
        Ok(record.is_some_and(|record| milliseconds(record.expires_at) > milliseconds(now)))
    }

    /// Ends the tokens of a user beyond the limits, and returns those that were live. Fails if the database
    /// accepts no writes.
    fn enforce_limits(
        &mut self,
        record: &Record,
        newest: TokenDigest,
        now: OffsetDateTime,
        caps: SessionLimits,
    ) -> Result<Vec<TokenDigest>> {
        let keys = self.keys_of(record.user)?;
        if keys.len() <= caps.least(record) {
            return Ok(Vec::new());
        }
        let mut tokens = Vec::with_capacity(keys.len());
        for key in keys {
            let digest = digest_of(&key);
            match self.tokens.get(digest.as_bytes())? {
                Some(value) => {
                    let record = decode_or_log(digest, value.value());
                    tokens.extend(record.map(|record| (digest, record)));
                }
                None => drop(self.by_user.remove(&key)?),
            }
        }
        tokens.retain(|(_, held)| held.user == record.user);
        let excess = caps.excess(tokens, newest, now);
        for digest in excess.expired.iter().chain(&excess.evicted) {
            self.take(*digest)?;
        }
        Ok(excess.evicted)
    }

    fn keys_of(&self, user: Uuid) -> Result<Vec<UserKey>> {
        let (first, last) = user_range(user);
        self.by_user
            .range::<&UserKey>(&first..=&last)?
            .map(|entry| Ok(*entry?.0.value()))
            .collect()
    }
}

/// The outcome of a removal.
enum Removed {
    Record(Box<Record>),
    /// There was a record that could not be decoded.
    Unreadable,
    Nothing,
}

/// The result of one step of a sweep.
pub(super) struct Swept {
    /// Number of expiries that were examined.
    pub(super) looked_at: usize,
    /// Number of records that were removed.
    pub(super) removed: usize,
}
