//! The migrations of a directory's tables, the same list for both databases.

use isogloss_core::backend::directory::KnownStep;
use isogloss_core::directory::{BackedUp, Step};
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The number of each migration's file, and its name.
const STEPS: [(i64, &str); 17] = [
    (1, "directory"),
    (2, "second factor"),
    (3, "audit"),
    (4, "key scopes"),
    (5, "usage"),
    (6, "imports"),
    (7, "digest keys"),
    (8, "usage of known clients"),
    (9, "looks of logins"),
    (10, "erased users"),
    (11, "signing keys"),
    (12, "authorities"),
    (13, "synchronisations"),
    (14, "languages"),
    (15, "refused requests"),
    (16, "usage and search"),
    (17, "lists"),
];

const _: () = assert!(STEPS[STEPS.len() - 1].0 == BackedUp::VERSION);

/// Returns the migrator of one database, from its statements in order. A released migration must never be changed.
pub(super) fn migrator(steps: &[&'static str; STEPS.len()]) -> Migrator {
    let steps = STEPS.into_iter().zip(steps.iter().copied());
    let steps = steps.map(|((version, name), sql)| {
        let sql = sql.into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(steps.collect())
}

/// Returns the migrations of a migrator, for a comparison with those that were applied.
pub(super) fn known(migrator: &Migrator) -> Vec<KnownStep> {
    let steps = migrator.iter().map(|step| {
        let name = step.description.clone().into_owned();
        let version = step.version;
        (Step { version, name }, step.checksum.to_vec())
    });
    steps.collect()
}
