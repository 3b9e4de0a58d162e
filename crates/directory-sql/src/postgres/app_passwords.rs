//! Application passwords in PostgreSQL.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::directory::{AppPasswords, KeyDigest, KnownAppPassword};
use sqlx::postgres::PgConnection;
use sqlx::query;
use time::Date;
use uuid::Uuid;

use super::PostgresDirectory;
use super::session::Session;
use super::write::alone;
use crate::row::{self, days_since_1970};

#[async_trait]
impl AppPasswords for PostgresDirectory {
    async fn app_password(
        &self,
        user: Uuid,
        realm: &str,
        digest: KeyDigest,
    ) -> Result<Option<KnownAppPassword>, StoreError> {
        let realm = realm.to_owned();
        self.run_idempotent(move |c| Box::pin(one(c, user, realm.clone(), digest)))
            .await
    }

    async fn app_passwords(&self, user: Uuid) -> Result<Vec<KnownAppPassword>, StoreError> {
        self.run_idempotent(move |c| Box::pin(all(c, user))).await
    }

    async fn add_app_password(
        &self,
        user: Uuid,
        password: &KnownAppPassword,
    ) -> Result<(), StoreError> {
        let password = password.clone();
        self.once(move |c| Box::pin(add(c, user, password.clone())))
            .await
    }

    async fn remove_app_password(&self, user: Uuid, digest: KeyDigest) -> Result<bool, StoreError> {
        self.once(move |c| Box::pin(remove(c, user, digest))).await
    }

    async fn record_app_password_use(
        &self,
        user: Uuid,
        digest: KeyDigest,
        day: Date,
    ) -> Result<(), StoreError> {
        self.run_idempotent(move |c| Box::pin(note(c, user, digest, day)))
            .await
    }
}

async fn one(
    connection: &mut PgConnection,
    user: Uuid,
    realm: String,
    digest: KeyDigest,
) -> row::Result<Option<KnownAppPassword>> {
    let row =
        query("SELECT realm, digest, label, made_at, used_on FROM app_passwords WHERE user_id = $1 AND digest = $2 AND realm = $3")
            .bind(user)
            .bind(digest.as_bytes().as_slice())
            .bind(realm)
            .fetch_optional(connection)
            .await?;
    row.as_ref().map(row::app_password).transpose()
}

async fn all(connection: &mut PgConnection, user: Uuid) -> row::Result<Vec<KnownAppPassword>> {
    let rows = query("SELECT realm, digest, label, made_at, used_on FROM app_passwords WHERE user_id = $1 ORDER BY made_at, digest")
        .bind(user)
        .fetch_all(connection)
        .await?;
    rows.iter().map(row::app_password).collect()
}

async fn add(connection: &mut Session, user: Uuid, password: KnownAppPassword) -> row::Result<()> {
    let mut transaction = connection.begin().await?;
    query(
        "INSERT INTO app_passwords (user_id, digest, realm, label, made_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(user)
    .bind(password.digest.as_bytes().as_slice())
    .bind(password.realm)
    .bind(password.label)
    .bind(password.made_at.unix_timestamp())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

async fn remove(connection: &mut Session, user: Uuid, digest: KeyDigest) -> row::Result<bool> {
    let mut transaction = connection.begin().await?;
    // Locked, so that a concurrent import that has read the application password does not add it again.
    alone(&mut transaction).await?;
    let removed = query("DELETE FROM app_passwords WHERE user_id = $1 AND digest = $2")
        .bind(user)
        .bind(digest.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
    let was_there = removed.rows_affected() == 1;
    if was_there {
        query(
            "INSERT INTO revoked_app_passwords (user_id, digest, revoked_at)
             VALUES ($1, $2, extract(epoch FROM now())::bigint)
             ON CONFLICT (user_id, digest) DO UPDATE SET revoked_at = excluded.revoked_at",
        )
        .bind(user)
        .bind(digest.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
        query("UPDATE users SET generation = generation + 1 WHERE id = $1")
            .bind(user)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(was_there)
}

async fn note(
    connection: &mut PgConnection,
    user: Uuid,
    digest: KeyDigest,
    day: Date,
) -> row::Result<()> {
    query("UPDATE app_passwords SET used_on = $1 WHERE user_id = $2 AND digest = $3")
        .bind(days_since_1970(day))
        .bind(user)
        .bind(digest.as_bytes().as_slice())
        .execute(connection)
        .await
        .map(drop)
}
