//! Sets password hashes, and replaces them with others of the same password.

use isogloss_core::directory::KeyDigest;
use sqlx::query;
use uuid::Uuid;

use super::session::Session;
use crate::row::Result;

pub(super) async fn set_password(connection: &mut Session, user: Uuid, hash: String) -> Result<()> {
    let mut transaction = connection.begin().await?;
    query(
        "UPDATE users SET password_hash = $1, accepted_at = NULL, generation = generation + 1
         WHERE id = $2",
    )
    .bind(hash)
    .bind(user)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

pub(super) async fn replace_hash(
    connection: &mut Session,
    user: Uuid,
    old: String,
    new: String,
) -> Result<bool> {
    let mut transaction = connection.begin().await?;
    let done = query("UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3")
        .bind(&new)
        .bind(user)
        .bind(&old)
        .execute(&mut *transaction)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    query("UPDATE replaced_hashes SET now = $1 WHERE user_id = $2 AND now = $3")
        .bind(&new)
        .bind(user)
        .bind(&old)
        .execute(&mut *transaction)
        .await?;
    query(
        "INSERT INTO replaced_hashes (user_id, digest, now) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, digest) DO UPDATE SET now = excluded.now",
    )
    .bind(user)
    .bind(KeyDigest::of(&old).as_bytes().as_slice())
    .bind(&new)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}
