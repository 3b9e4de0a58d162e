//! Second factors in SQLite.

use async_trait::async_trait;
use isogloss_core::directory::{Enrolment, Enrolments, KeyDigest, NewEnrolment};
use isogloss_core::{StoreError, TotpStep};
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};
use uuid::Uuid;

use super::{SqliteDirectory, failed};
use crate::row;

#[async_trait]
impl Enrolments for SqliteDirectory {
    async fn enrolment(&self, user: Uuid) -> Result<Option<Enrolment>, StoreError> {
        let row = query(
            "SELECT s.since, s.last_step,
                    (SELECT count(*) FROM recovery_codes c WHERE c.user = u.id AND NOT c.spent)
                        AS unspent
             FROM users u LEFT JOIN totp_states s ON s.user = u.id
             WHERE u.id = ? AND u.totp_secret IS NOT NULL",
        )
        .bind(user.to_string())
        .fetch_optional(&self.pool)
        .await
        .map_err(failed)?;
        row.as_ref().map(row::enrolment).transpose().map_err(failed)
    }

    async fn enrol(&self, user: Uuid, enrolment: &NewEnrolment) -> Result<(), StoreError> {
        enrol(self, user, enrolment).await.map_err(failed)
    }

    async fn disenrol(&self, user: Uuid) -> Result<bool, StoreError> {
        disenrol(self, user).await.map_err(failed)
    }

    async fn set_recovery_codes(
        &self,
        user: Uuid,
        codes: &[KeyDigest],
    ) -> Result<bool, StoreError> {
        set_recovery_codes(self, user, codes).await.map_err(failed)
    }

    async fn use_step(&self, user: Uuid, step: TotpStep) -> Result<bool, StoreError> {
        query(
            "INSERT INTO totp_states (user, last_step) VALUES (?, ?)
             ON CONFLICT (user) DO UPDATE SET last_step = excluded.last_step
             WHERE totp_states.last_step IS NULL OR totp_states.last_step < excluded.last_step",
        )
        .bind(user.to_string())
        .bind(step.0)
        .execute(&self.pool)
        .await
        .map(|done| done.rows_affected() == 1)
        .map_err(failed)
    }

    async fn use_recovery_code(
        &self,
        user: Uuid,
        code: KeyDigest,
    ) -> Result<Option<u64>, StoreError> {
        use_recovery_code(self, user, code).await.map_err(failed)
    }
}

async fn enrol(directory: &SqliteDirectory, user: Uuid, new: &NewEnrolment) -> row::Result<()> {
    let mut transaction = directory.pool.begin().await?;
    query("UPDATE users SET totp_secret = ?, generation = generation + 1 WHERE id = ?")
        .bind(new.secret.expose())
        .bind(user.to_string())
        .execute(&mut *transaction)
        .await?;
    query("INSERT OR REPLACE INTO totp_states (user, since, last_step) VALUES (?, ?, ?)")
        .bind(user.to_string())
        .bind(new.since.unix_timestamp())
        .bind(new.confirmed.map(|step| step.0))
        .execute(&mut *transaction)
        .await?;
    put_recovery_codes(&mut transaction, user, &new.recovery_codes).await?;
    transaction.commit().await
}

async fn disenrol(directory: &SqliteDirectory, user: Uuid) -> row::Result<bool> {
    let mut transaction = directory.pool.begin().await?;
    let was_on = query("UPDATE users SET totp_secret = NULL WHERE id = ? AND totp_secret NOT NULL")
        .bind(user.to_string())
        .execute(&mut *transaction)
        .await?
        .rows_affected()
        == 1;
    forget_state(&mut transaction, user).await?;
    put_recovery_codes(&mut transaction, user, &[]).await?;
    transaction.commit().await?;
    Ok(was_on)
}

/// Removes the state of a user's second factor, because the used codes belong to another secret. Fails if the
/// query fails.
pub(super) async fn forget_state(connection: &mut SqliteConnection, user: Uuid) -> row::Result<()> {
    query("DELETE FROM totp_states WHERE user = ?")
        .bind(user.to_string())
        .execute(connection)
        .await
        .map(drop)
}

async fn set_recovery_codes(
    directory: &SqliteDirectory,
    user: Uuid,
    codes: &[KeyDigest],
) -> row::Result<bool> {
    let mut transaction = directory.pool.begin().await?;
    let is_on: bool =
        query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE id = ? AND totp_secret NOT NULL)")
            .bind(user.to_string())
            .fetch_one(&mut *transaction)
            .await?;
    if is_on {
        put_recovery_codes(&mut transaction, user, codes).await?;
    }
    transaction.commit().await?;
    Ok(is_on)
}

async fn put_recovery_codes(
    connection: &mut SqliteConnection,
    user: Uuid,
    codes: &[KeyDigest],
) -> row::Result<()> {
    query("DELETE FROM recovery_codes WHERE user = ?")
        .bind(user.to_string())
        .execute(&mut *connection)
        .await?;
    for code in codes {
        query("INSERT INTO recovery_codes (user, digest, spent) VALUES (?, ?, 0)")
            .bind(user.to_string())
            .bind(code.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn use_recovery_code(
    directory: &SqliteDirectory,
    user: Uuid,
    code: KeyDigest,
) -> row::Result<Option<u64>> {
    let spent =
        query("UPDATE recovery_codes SET spent = 1 WHERE user = ? AND digest = ? AND NOT spent")
            .bind(user.to_string())
            .bind(code.as_bytes().as_slice())
            .execute(&directory.pool)
            .await?;
    if spent.rows_affected() == 0 {
        return Ok(None);
    }
    let left: i64 =
        query_scalar("SELECT count(*) FROM recovery_codes WHERE user = ? AND NOT spent")
            .bind(user.to_string())
            .fetch_one(&directory.pool)
            .await?;
    Ok(Some(left.try_into().unwrap_or(0)))
}
