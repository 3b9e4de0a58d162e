//! What logins look like.

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};

use super::entries::list;
use crate::directory::looks::{Login, Looks};
use crate::directory::rows::{self, Result};

#[async_trait]
impl Looks for SqliteConnection {
    async fn logins_without_look(&mut self, limit: i64) -> Result<Vec<String>> {
        query_scalar("SELECT login FROM logins WHERE look IS NULL LIMIT ?")
            .bind(limit)
            .fetch_all(self)
            .await
    }

    async fn store_looks(&mut self, looks: Vec<(String, String)>) -> Result<()> {
        for (login, look) in looks {
            query("UPDATE logins SET look = ? WHERE login = ?")
                .bind(look)
                .bind(login)
                .execute(&mut *self)
                .await?;
        }
        Ok(())
    }

    async fn logins_that_look_like(&mut self, looks: Vec<String>) -> Result<Vec<Login>> {
        let rows = query(
            "SELECT l.login, u.id, u.user_name FROM logins l JOIN users u ON u.id = l.user
             WHERE l.look IN (SELECT value FROM json_each(?))",
        )
        .bind(list(&looks))
        .fetch_all(self)
        .await?;
        rows.iter().map(rows::login).collect()
    }

    async fn logins_with_a_shared_look(&mut self) -> Result<Vec<Login>> {
        let rows = query(
            "SELECT l.login, u.id, u.user_name FROM logins l JOIN users u ON u.id = l.user
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
