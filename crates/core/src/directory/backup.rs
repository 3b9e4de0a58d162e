//! The contents of a backup of a directory.

use std::collections::BTreeMap;

/// The tables in a backup, each after those that it refers to.
pub const TABLES: [&str; 21] = [
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
    "usage_days",
    "user_usage",
];

/// The tables that a restore leaves as they are. The keys of JWTs are valid for minutes, and made again where they
/// are missing; the turns of synchronisations are of processes that run now; refused requests are kept for days.
pub const NOT_BACKED_UP: [&str; 3] = ["signing_keys", "synchronisations", "refused_requests"];

/// The result of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The version of the tables: the number of the last migration that was applied.
    pub version: i64,
    /// The number of rows of each table.
    pub rows: BTreeMap<String, u64>,
}

impl BackedUp {
    /// Returns the result of a backup of tables that are at the version of this release.
    pub fn of(rows: BTreeMap<String, u64>) -> Self {
        Self {
            version: Self::VERSION,
            rows,
        }
    }

    /// The number of the last migration that this release knows. Both databases have the same numbers.
    pub const VERSION: i64 = 17;
}
