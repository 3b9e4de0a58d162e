//! Replaces password hashes with others of the same password.

use isogloss_core::directory::KeyDigest;
use sqlx::query;
use uuid::Uuid;

use super::connections::Connections;
use crate::row::Result;

/// Replaces the hash `old` of a user's password with `new`. Returns false, and changes nothing, if the stored hash
/// is not `old`. Fails if a query fails.
pub(super) async fn replace_hash(
    pool: &Connections,
    user: Uuid,
    old: &str,
    new: &str,
) -> Result<bool> {
    let mut transaction = pool.begin().await?;
    let user = user.to_string();
    let done = query("UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?")
        .bind(new)
        .bind(&user)
        .bind(old)
        .execute(&mut *transaction)
        .await?;
    if done.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    query("UPDATE replaced_hashes SET now = ? WHERE user = ? AND now = ?")
        .bind(new)
        .bind(&user)
        .bind(old)
        .execute(&mut *transaction)
        .await?;
    query(
        "INSERT INTO replaced_hashes (user, digest, now) VALUES (?, ?, ?)
         ON CONFLICT (user, digest) DO UPDATE SET now = excluded.now",
    )
    .bind(&user)
    .bind(KeyDigest::of(old).as_bytes().as_slice())
    .bind(new)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}
