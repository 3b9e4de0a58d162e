//! Creates millions of users in the database itself, as copies of the demo's `sample` where they need not differ.
//!
//! One half of the users has hashes of one cost, one half of the other, so that no login replaces a hash.

use std::path::Path;

use anyhow::Result;
use isogloss_testkit::Postgres;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, query};
use tokio::runtime::Runtime;

use super::progress::Progress;
use crate::dialects::bimplus;

/// Password of all users.
const PASSWORD: &str = "growth-demo";
/// The lowest cost, which shows the share of the directory, and the cost of the other benchmarks.
pub(super) const COSTS: [u32; 2] = [4, 8];
/// Number of users in each transaction.
const BATCH: usize = 50_000;

const SQLITE_USERS: &str = "
WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
INSERT INTO users (id, number, user_name, first_name, last_name, image_url, role, organisation, disabled,
    password_hash, generation)
SELECT printf('%08x-0000-4000-8000-%012x', i * 2654435761 % 4294967296, i), 1000 + i, 'user' || i, '', '', '',
    role, organisation, 0, CASE i % 2 WHEN 0 THEN ?3 ELSE ?4 END, generation
FROM n JOIN (SELECT role, organisation, generation FROM users WHERE user_name = 'sample')";
const SQLITE_LOGINS: &str = "
INSERT INTO logins (login, user)
SELECT user_name, id FROM users WHERE number BETWEEN 1000 + ?1 AND 1000 + ?2";

/// Creates users in a SQLite file of a gateway, which may have it open.
pub(super) fn in_sqlite(file: &Path, many: usize) -> Result<()> {
    let hashes = hashes()?;
    let options = SqliteConnectOptions::new().filename(file);
    Runtime::new()?.block_on(async {
        let mut connection = options.connect().await?;
        // The file exists only for this run, and its indexes should fit into memory.
        for pragma in ["PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000"] {
            query(pragma).execute(&mut connection).await?;
        }
        let mut progress = Progress::new("users in SQLite", many);
        for (first, last) in batches(many) {
            let (from, to) = (i64::try_from(first)?, i64::try_from(last)?);
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            query(SQLITE_USERS)
                .bind(from)
                .bind(to)
                .bind(&hashes[0])
                .bind(&hashes[1])
                .execute(&mut *transaction)
                .await?;
            query(SQLITE_LOGINS)
                .bind(from)
                .bind(to)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            progress.add(last - first + 1);
        }
        Ok(connection.close().await?)
    })
}

/// Creates users in a PostgreSQL database.
pub(super) fn in_postgres(postgres: &Postgres, database: &str, many: usize) -> Result<()> {
    let [even, odd] = hashes()?;
    let mut progress = Progress::new("users in PostgreSQL", many);
    for (first, last) in batches(many) {
        postgres.sql(
            database,
            &format!(
                "INSERT INTO users (id, number, user_name, first_name, last_name, image_url, role,
                     organisation_id, disabled, password_hash, generation, last_login_at)
                 SELECT (lpad(to_hex(i * 2654435761 % 4294967296), 8, '0') || '-0000-4000-8000-' ||
                     lpad(to_hex(i), 12, '0'))::uuid, 1000 + i, 'user' || i, 'First' || i % 997,
                     'Last' || i % 9973, '', role, organisation_id, false, CASE i % 2 WHEN 0 THEN '{even}' ELSE '{odd}' END, generation,
                     CASE i % 100 WHEN 0 THEN NULL ELSE 1700000000 END
                 FROM generate_series({first}::bigint, {last}) AS i, users WHERE user_name = 'sample';
                 INSERT INTO logins (login, user_id)
                 SELECT user_name, id FROM users WHERE number BETWEEN 1000 + {first} AND 1000 + {last}"
            ),
        )?;
        progress.add(last - first + 1);
    }
    postgres.sql(database, "VACUUM ANALYZE")?;
    Ok(())
}

/// Returns logins of users whose hash has this cost: `wanted`, or as many as there are, spread over all.
pub(super) fn logins(all: usize, cost: u32, wanted: usize) -> Vec<String> {
    let odd = usize::from(cost != COSTS[0]);
    let pairs = all / 2;
    let wanted = wanted.min(pairs);
    (0..wanted)
        .map(|number| {
            let pair = number * pairs / wanted;
            bimplus(&format!("user{}", pair * 2 + 1 + (1 - odd)), PASSWORD)
        })
        .collect()
}

fn hashes() -> Result<[String; 2]> {
    let [even, odd] = COSTS;
    Ok([bcrypt::hash(PASSWORD, even)?, bcrypt::hash(PASSWORD, odd)?])
}

/// Returns the first and last number of each batch, counting from one.
fn batches(many: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..many)
        .step_by(BATCH)
        .map(move |before| (before + 1, (before + BATCH).min(many)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_leave_nobody_out() {
        let all: Vec<_> = batches(120_000).collect();
        assert_eq!(all, [(1, 50_000), (50_001, 100_000), (100_001, 120_000)]);
    }

    #[test]
    fn those_who_log_in_are_spread_and_have_a_hash_of_that_cost() {
        let names = |all, cost, wanted| -> Vec<usize> {
            let numbers = logins(all, cost, wanted).into_iter().map(|login| {
                let (_, rest) = login.split_once(":\"user").unwrap();
                rest.split_once('"').unwrap().0.parse().unwrap()
            });
            numbers.collect()
        };
        assert_eq!(names(10, 4, 100), [2, 4, 6, 8, 10]);
        assert_eq!(names(10, 8, 100), [1, 3, 5, 7, 9]);
        assert_eq!(names(1_000_000, 8, 4), [1, 250_001, 500_001, 750_001]);
    }
}
