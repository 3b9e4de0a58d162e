//! Stores what login names look like, in SQLite.

use async_trait::async_trait;
use isogloss_core::backend::directory::{Login, LookTable, fill_looks_batch};
use serde_json::json;
use sqlx::{query, query_scalar};

use super::connections::Connections;
use super::snapshot::list;
use super::transaction::SqliteTables;
use crate::row::{self, Result};

/// Stores missing looks. Each batch is committed, so other processes can write in between, and stored looks stay if
/// the call is interrupted. Fails if a query fails.
pub(super) async fn fill(pool: &Connections) -> Result<()> {
    while is_incomplete(pool).await? {
        let mut transaction = pool.begin().await?;
        fill_looks_batch(&mut SqliteTables(&mut transaction)).await?;
        transaction.commit().await?;
    }
    Ok(())
}

async fn is_incomplete(pool: &Connections) -> Result<bool> {
    let missing = pool.run(async |c| SqliteTables(c).logins_without_look(1).await);
    let missing = missing.await?;
    Ok(!missing.is_empty())
}

#[async_trait]
impl LookTable for SqliteTables<'_> {
    async fn logins_without_look(&mut self, limit: i64) -> Result<Vec<String>> {
        query_scalar("SELECT login FROM logins WHERE look IS NULL LIMIT ?")
            .bind(limit)
            .fetch_all(&mut *self.0)
            .await
    }

    async fn store_looks(&mut self, looks: Vec<(String, String)>) -> Result<()> {
        query(
            "UPDATE logins SET look = new.value ->> 1 FROM json_each(?) AS new
             WHERE logins.login = new.value ->> 0",
        )
        .bind(json!(looks).to_string())
        .execute(&mut *self.0)
        .await
        .map(drop)
    }

    async fn logins_that_look_like(&mut self, looks: Vec<String>) -> Result<Vec<Login>> {
        let rows = query(
            "SELECT l.login, u.id, u.user_name FROM logins l JOIN users u ON u.id = l.user
             WHERE l.look IN (SELECT value FROM json_each(?))",
        )
        .bind(list(&looks))
        .fetch_all(&mut *self.0)
        .await?;
        rows.iter().map(row::login).collect()
    }

    async fn logins_with_a_shared_look(&mut self) -> Result<Vec<Login>> {
        let rows = query(
            "SELECT l.login, u.id, u.user_name FROM logins l JOIN users u ON u.id = l.user
             WHERE l.look IN (SELECT look FROM logins GROUP BY look HAVING count(*) > 1)
             ORDER BY l.look, l.login",
        )
        .fetch_all(&mut *self.0)
        .await?;
        rows.iter().map(row::login).collect()
    }

    async fn organisation_names(&mut self) -> Result<Vec<String>> {
        query_scalar("SELECT name FROM organisations ORDER BY name")
            .fetch_all(&mut *self.0)
            .await
    }
}
