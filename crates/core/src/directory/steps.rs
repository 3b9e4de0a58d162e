//! The steps that bring a directory's tables up to date, whichever database has them.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Numbers and names. Numbers of steps that are made at the same time are given out beforehand.
const STEPS: [(i64, &str); 7] = [
    (1, "directory"),
    (2, "second factor"),
    (3, "audit"),
    (4, "key scopes"),
    (5, "usage"),
    (7, "digest keys"),
    (8, "usage of known clients"),
];

/// The steps of one database, the first one first. One that was ever taken is never changed.
pub(super) fn migrator(steps: [&'static str; STEPS.len()]) -> Migrator {
    let steps = STEPS.into_iter().zip(steps);
    let steps = steps.map(|((version, name), sql)| {
        let sql = sql.into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(steps.collect())
}
