//! The steps that bring a directory's tables up to date, whichever database has them.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

const STEPS: [(i64, &str); 6] = [
    (1, "directory"),
    (2, "second factor"),
    (3, "audit"),
    (4, "key scopes"),
    (5, "usage"),
    (7, "digest keys"),
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
