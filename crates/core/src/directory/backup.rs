//! What a backup of a directory consists of.

use std::collections::BTreeMap;

/// The tables that a backup holds, each after those that it refers to.
pub const TABLES: [&str; 19] = [
    "organisations",
    "units",
    "users",
    "logins",
    "user_units",
    "access_cards",
    "keys",
    "imports",
    "totp_states",
    "recovery_codes",
    "app_passwords",
    "replaced_hashes",
    "audit",
    "usage",
    "imported_users",
    "revoked_app_passwords",
    "revoked_keys",
    "digest_keys",
    "erased_users",
];

/// What was backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The number of the last step that brought the tables up to date.
    pub version: i64,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
}

impl BackedUp {
    /// Returns the result of a backup of tables that this release has brought up to date.
    pub fn of(rows: BTreeMap<String, u64>) -> Self {
        Self {
            version: Self::VERSION,
            rows,
        }
    }

    /// The number of the last step that this program knows, the same for both databases.
    pub const VERSION: i64 = 10;
}
