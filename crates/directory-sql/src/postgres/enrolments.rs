//! Second factors in PostgreSQL.

use async_trait::async_trait;
use isogloss_core::directory::{Enrolment, Enrolments, KeyDigest, NewEnrolment};
use isogloss_core::{StoreError, TotpStep};
use sqlx::postgres::PgConnection;
use sqlx::{query, query_scalar};
use uuid::Uuid;

use super::PostgresDirectory;
use super::session::Session;
use super::write::alone;
use crate::row;

#[async_trait]
impl Enrolments for PostgresDirectory {
    async fn enrolment(&self, user: Uuid) -> Result<Option<Enrolment>, StoreError> {
        self.run_idempotent(move |c| Box::pin(enrolment(c, user)))
            .await
    }

    async fn enrol(&self, user: Uuid, new: &NewEnrolment) -> Result<(), StoreError> {
        let new = new.clone();
        self.once(move |c| Box::pin(enrol(c, user, new.clone())))
            .await
    }

    async fn disenrol(&self, user: Uuid) -> Result<bool, StoreError> {
        self.once(move |c| Box::pin(disenrol(c, user))).await
    }

    async fn set_recovery_codes(
        &self,
        user: Uuid,
        codes: &[KeyDigest],
    ) -> Result<bool, StoreError> {
        let codes = codes.to_vec();
        self.once(move |c| Box::pin(set_recovery_codes(c, user, codes.clone())))
            .await
    }

    async fn use_step(&self, user: Uuid, step: TotpStep) -> Result<bool, StoreError> {
        self.once(move |c| Box::pin(use_step(c, user, step))).await
    }

    async fn use_recovery_code(
        &self,
        user: Uuid,
        code: KeyDigest,
    ) -> Result<Option<u64>, StoreError> {
        self.once(move |c| Box::pin(use_recovery_code(c, user, code)))
            .await
    }
}

async fn enrolment(connection: &mut PgConnection, user: Uuid) -> row::Result<Option<Enrolment>> {
    let row = query(
        "SELECT s.since, s.last_step,
                (SELECT count(*) FROM recovery_codes c WHERE c.user_id = u.id AND NOT c.spent)
                    AS unspent
         FROM users u LEFT JOIN totp_states s ON s.user_id = u.id
         WHERE u.id = $1 AND u.totp_secret IS NOT NULL",
    )
    .bind(user)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(row::enrolment).transpose()
}

async fn enrol(connection: &mut Session, user: Uuid, new: NewEnrolment) -> row::Result<()> {
    let mut transaction = connection.begin().await?;
    query("UPDATE users SET totp_secret = $1, generation = generation + 1 WHERE id = $2")
        .bind(new.secret.expose())
        .bind(user)
        .execute(&mut *transaction)
        .await?;
    query(
        "INSERT INTO totp_states (user_id, since, last_step) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET since = excluded.since, last_step = excluded.last_step",
    )
    .bind(user)
    .bind(new.since.unix_timestamp())
    .bind(new.confirmed.map(|step| step.0))
    .execute(&mut *transaction)
    .await?;
    put_recovery_codes(&mut transaction, user, &new.recovery_codes).await?;
    transaction.commit().await
}

async fn disenrol(connection: &mut Session, user: Uuid) -> row::Result<bool> {
    let mut transaction = connection.begin().await?;
    let was_on =
        query("UPDATE users SET totp_secret = NULL WHERE id = $1 AND totp_secret IS NOT NULL")
            .bind(user)
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
pub(super) async fn forget_state(connection: &mut PgConnection, user: Uuid) -> row::Result<()> {
    query("DELETE FROM totp_states WHERE user_id = $1")
        .bind(user)
        .execute(connection)
        .await
        .map(drop)
}

/// Replaces a user's recovery codes, and returns true. Returns false, and changes nothing, if the second factor is
/// off. Changes and imports run one after the other, so of two concurrent calls the codes of the later one stay.
/// Fails if a query fails.
async fn set_recovery_codes(
    connection: &mut Session,
    user: Uuid,
    codes: Vec<KeyDigest>,
) -> row::Result<bool> {
    let mut transaction = connection.begin().await?;
    alone(&mut transaction).await?;
    let is_on = query("SELECT 1 FROM users WHERE id = $1 AND totp_secret IS NOT NULL")
        .bind(user)
        .fetch_optional(&mut *transaction)
        .await?
        .is_some();
    if is_on {
        put_recovery_codes(&mut transaction, user, &codes).await?;
    }
    transaction.commit().await?;
    Ok(is_on)
}

async fn put_recovery_codes(
    connection: &mut PgConnection,
    user: Uuid,
    codes: &[KeyDigest],
) -> row::Result<()> {
    query("DELETE FROM recovery_codes WHERE user_id = $1")
        .bind(user)
        .execute(&mut *connection)
        .await?;
    for code in codes {
        query("INSERT INTO recovery_codes (user_id, digest, spent) VALUES ($1, $2, false)")
            .bind(user)
            .bind(code.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Marks the codes up to this time step as used, and returns whether the code was unused. A concurrent call waits
/// for the lock of the row, and then compares with the new value. Fails if the query fails.
async fn use_step(connection: &mut PgConnection, user: Uuid, step: TotpStep) -> row::Result<bool> {
    query(
        "INSERT INTO totp_states (user_id, last_step) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET last_step = excluded.last_step
         WHERE totp_states.last_step IS NULL OR totp_states.last_step < excluded.last_step",
    )
    .bind(user)
    .bind(step.0)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

async fn use_recovery_code(
    connection: &mut Session,
    user: Uuid,
    code: KeyDigest,
) -> row::Result<Option<u64>> {
    // In a transaction, so that the code is spent only if the response arrives: a retry would find it spent.
    let mut transaction = connection.begin().await?;
    let spent = query(
        "UPDATE recovery_codes SET spent = true
         WHERE user_id = $1 AND digest = $2 AND NOT spent",
    )
    .bind(user)
    .bind(code.as_bytes().as_slice())
    .execute(&mut *transaction)
    .await?;
    if spent.rows_affected() == 0 {
        return Ok(None);
    }
    let left: i64 =
        query_scalar("SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND NOT spent")
            .bind(user)
            .fetch_one(&mut *transaction)
            .await?;
    transaction.commit().await?;
    Ok(Some(left.try_into().unwrap_or(0)))
}
