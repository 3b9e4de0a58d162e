//! Stores what login names look like, in PostgreSQL.

use async_trait::async_trait;
use isogloss_core::backend::directory::{Login, LookTable, fill_looks_batch, find_look_alikes};
use isogloss_core::directory::LookAlikes;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, query, query_scalar};

use super::transaction::PostgresTables;
use super::write::{alone, unlimited};
use crate::row::{self, Result};

/// Stores missing looks, possibly concurrently with other gateways. Each batch is committed, so others can make
/// changes in between, and stored looks stay if the call is interrupted. Fails if a query fails.
pub(super) async fn fill(connection: &mut PgConnection) -> Result<()> {
    while is_incomplete(connection).await? {
        let mut transaction = connection.begin().await?;
        unlimited(&mut transaction).await?;
        alone(&mut transaction).await?;
        fill_looks_batch(&mut PostgresTables(&mut transaction)).await?;
        transaction.commit().await?;
    }
    Ok(())
}

async fn is_incomplete(connection: &mut PgConnection) -> Result<bool> {
    let missing = PostgresTables(connection).logins_without_look(1).await?;
    Ok(!missing.is_empty())
}

/// Returns the groups of names that people can mistake for one another. Fails if a query fails.
pub(super) async fn find(connection: &mut PgConnection) -> Result<Vec<LookAlikes>> {
    let mut transaction = connection
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    unlimited(&mut transaction).await?;
    let found = find_look_alikes(&mut PostgresTables(&mut transaction)).await?;
    transaction.commit().await?;
    Ok(found)
}

#[async_trait]
impl LookTable for PostgresTables<'_> {
    async fn logins_without_look(&mut self, limit: i64) -> Result<Vec<String>> {
        query_scalar("SELECT login FROM logins WHERE look IS NULL LIMIT $1")
            .bind(limit)
            .fetch_all(&mut *self.0)
            .await
    }

    async fn store_looks(&mut self, looks: Vec<(String, String)>) -> Result<()> {
        let (logins, looks): (Vec<_>, Vec<_>) = looks.into_iter().unzip();
        query(
            "UPDATE logins SET look = new.look FROM unnest($1::text[], $2::text[]) AS new (login, look)
             WHERE logins.login = new.login",
        )
        .bind(logins)
        .bind(looks)
        .execute(&mut *self.0)
        .await
        .map(drop)
    }

    async fn logins_that_look_like(&mut self, looks: Vec<String>) -> Result<Vec<Login>> {
        let rows = query(
            "SELECT l.login, u.id, u.user_name FROM logins l JOIN users u ON u.id = l.user_id
             WHERE l.look = ANY($1)",
        )
        .bind(looks)
        .fetch_all(&mut *self.0)
        .await?;
        rows.iter().map(row::login).collect()
    }

    async fn logins_with_a_shared_look(&mut self) -> Result<Vec<Login>> {
        let rows = query(
            "SELECT l.login, u.id, u.user_name FROM logins l JOIN users u ON u.id = l.user_id
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
