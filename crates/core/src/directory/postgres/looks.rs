//! What logins look like.

use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, query, query_scalar};

use super::write::{alone, unlimited};
use crate::directory::LookAlikes;
use crate::directory::looks::{self, Login, Looks};
use crate::directory::rows::{self, Result};

/// Stores the looks that are missing, beside other gateways that may do the same. Each batch is committed:
/// others can make changes in between, and what is stored stays if this is interrupted.
pub(super) async fn fill(connection: &mut PgConnection) -> Result<()> {
    while !connection.logins_without_look(1).await?.is_empty() {
        let mut transaction = connection.begin().await?;
        unlimited(&mut transaction).await?;
        alone(&mut transaction).await?;
        looks::fill_batch(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Returns the names that are taken for one another.
pub(super) async fn find(connection: &mut PgConnection) -> Result<Vec<LookAlikes>> {
    let mut transaction = connection
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    unlimited(&mut transaction).await?;
    let found = looks::find(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(found)
}

#[async_trait]
impl Looks for PgConnection {
    async fn logins_without_look(&mut self, limit: i64) -> Result<Vec<String>> {
        query_scalar("SELECT login FROM logins WHERE look IS NULL LIMIT $1")
            .bind(limit)
            .fetch_all(self)
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
        .execute(self)
        .await
        .map(drop)
    }

    async fn logins_that_look_like(&mut self, looks: Vec<String>) -> Result<Vec<Login>> {
        let rows = query(
            "SELECT l.login, u.id, u.user_name FROM logins l JOIN users u ON u.id = l.user_id
             WHERE l.look = ANY($1)",
        )
        .bind(looks)
        .fetch_all(self)
        .await?;
        rows.iter().map(rows::login).collect()
    }

    async fn logins_with_a_shared_look(&mut self) -> Result<Vec<Login>> {
        let rows = query(
            "SELECT l.login, u.id, u.user_name FROM logins l JOIN users u ON u.id = l.user_id
             WHERE l.look IN (SELECT look FROM logins GROUP BY look HAVING count(*) > 1)
             ORDER BY l.look, l.login",
        )
        .fetch_all(self)
        .await?;
        rows.iter().map(rows::login).collect()
    }

    async fn organisation_names(&mut self) -> Result<Vec<String>> {
        query_scalar("SELECT name FROM organisations ORDER BY name")
            .fetch_all(self)
            .await
    }
}
