//! What authors of directories need in addition to the trait [`Directory`].
//!
//! The rules for changes, imports, erasures and digest keys are the same for all databases. They are here, and
//! reach the tables through traits that a backend implements for its transaction:
//!
//! | Trait | Rules |
//! | --- | --- |
//! | [`DirectoryTransaction`] | [`Change::apply`] |
//! | [`LookTable`] | [`fill_looks`], [`find_look_alikes`] |
//! | [`KeyRingTable`] | [`DigestKeys::read`], [`DigestKeys::take_over`] |
//! | [`ErasureTable`] | [`erase_user`], [`remove_tombstones_of`], [`was_erased`] |
//! | [`DigestStore`], [`DigestLookup`] | [`find_digest`], and all of [`DigestRing`] |
//!
//! An import parses a file ([`check_entries`]), hashes its secrets ([`hash_secrets`]) and calls
//! [`Directory::apply`], which reads a [`Present`]. From that, [`Changes::of`] decides what is written.
//!
//! [`Directory`]: crate::directory::Directory
//! [`Directory::apply`]: crate::directory::Directory::apply
//! [`Change::apply`]: crate::directory::Change::apply
//! [`DigestKeys::read`]: crate::directory::DigestKeys::read
//! [`DigestKeys::take_over`]: crate::directory::DigestKeys::take_over
//! [`DigestRing`]: crate::directory::DigestRing
//! [`Present`]: crate::directory::Present

pub use crate::directory::change::{Abort, DirectoryTransaction, GivenNames, UserRef};
pub use crate::directory::database::Database;
pub use crate::directory::digest_keys::{
    DigestKind, DigestLookup, DigestReplacement, DigestStore, KeyRing, KeyRingTable, OpenKeys,
    find_digest, key_ring, read_key_ring,
};
pub use crate::directory::erasure::{ErasureTable, erase_user, remove_tombstones_of, was_erased};
pub use crate::directory::file::import::{check_entries, hash_secrets};
pub use crate::directory::looks::{
    Login, LookTable, fill_looks, fill_looks_batch, find_look_alikes, mark_look_alikes,
};
pub use crate::directory::merge::Changes;
pub use crate::directory::origin::ImportedValues;
pub use crate::directory::outstanding::{AppliedStep, KnownStep};
pub use crate::directory::present::EntryNames;
pub use crate::directory::rules::{LAST_NUMBER, breaks_rules, look};
pub use crate::directory::user_change::UserChange;
pub use crate::directory::user_filter::UserPage;
pub use crate::directory::user_search::SearchPage;
pub use crate::names::{login_forms, spellings, stored_login};
pub use crate::usage::days_table::{
    DayRow, DaysInTable, StoredDay, day_number, day_of_number, day_rows,
};
pub use crate::usage::table::{
    StoredUsage, UsageInTable, UsagePlace, usage_row_ids, usage_user_agents,
};
