//! The steps that bring a directory's tables up to date, whichever database has them.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

const NAMES: [&str; 9] = [
    "directory",
    "second factor",
    "audit",
    "key scopes",
    "usage",
    "imports",
    "digest keys",
    "usage of known clients",
    "looks of logins",
];

/// The steps of one database, the first one first. One that was ever taken is never changed.
pub(super) fn migrator(steps: [&'static str; NAMES.len()]) -> Migrator {
    let steps = NAMES.into_iter().zip(steps).zip(1..);
    let steps = steps.map(|((name, sql), version)| {
        let sql = sql.into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(steps.collect())
}
