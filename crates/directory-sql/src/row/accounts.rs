//! Decodes accounts: users with what a login is verified against.

use isogloss_core::directory::{Account, AuthorityLink, PasswordKind, UserGroup, UserRecord};
use isogloss_core::{TotpSecret, UserState};

use super::{Columns, Result, moment_if_any, unreadable, user};

/// Returns the account of a row of `user_accounts`. `None` without a row, or if the row is the decoy that the query
/// returns for an unknown name so that it takes as long. Fails if a column cannot be decoded.
pub(crate) fn account_if_found(row: Option<&impl Columns>) -> Result<Option<Account>> {
    let Some(row) = row else { return Ok(None) };
    let account = account(row);
    if row.flag("found")? {
        account.map(Some)
    } else {
        Ok(None)
    }
}

/// Decodes an account from a row of `user_accounts`. Fails if a column cannot be decoded.
fn account(row: &impl Columns) -> Result<Account> {
    let totp = match row.text_if_any("totp_secret")? {
        None => None,
        Some(secret) => {
            Some(TotpSecret::from_base32(&secret).ok_or_else(|| unreadable("totp_secret"))?)
        }
    };
    Ok(Account {
        user: user(row)?,
        password_hash: password_hash(row)?.map(Into::into),
        totp,
        link: link(row)?,
        accepted_at: moment_if_any(row, "accepted_at")?,
        last_login_at: moment_if_any(row, "last_login_at")?,
    })
}

/// Decodes the hash of a user's password; `None` for a user without one. Fails if the column cannot be decoded.
pub(crate) fn password_hash(row: &impl Columns) -> Result<Option<String>> {
    let hash = row.text("password_hash")?;
    Ok(Some(hash).filter(|hash| !hash.is_empty()))
}

fn link(row: &impl Columns) -> Result<Option<AuthorityLink>> {
    let Some(authority) = row.text_if_any("authority")? else {
        return Ok(None);
    };
    Ok(Some(AuthorityLink {
        authority,
        external_id: row.text_if_any("external_id")?,
        is_adopted: row.number_if_any("adopted_at")?.is_some(),
    }))
}

/// Decodes an account from a row of `user_accounts`. `None` without a row. Fails if a column cannot be decoded.
pub(crate) fn account_of_row(row: Option<&impl Columns>) -> Result<Option<Account>> {
    row.map(account).transpose()
}

/// Decodes what administrators see of a user from a row of `user_accounts`. Fails if a column cannot be decoded.
pub(crate) fn user_record(row: &impl Columns) -> Result<UserRecord> {
    Ok(UserRecord {
        user: user(row)?,
        link: link(row)?,
        password: PasswordKind::of(password_hash(row)?.as_deref()),
        last_login_at: moment_if_any(row, "last_login_at")?,
    })
}

/// Counts users by authority and state. `substr(password_hash, 1, 4)` is compared with [`PasswordKind::CURRENT`].
pub(crate) const USER_GROUPS: &str =
    "SELECT authority, adopted_at IS NOT NULL AS adopted, disabled, count(*) AS users,
         count(*) FILTER (WHERE password_hash = '') AS without_password,
         count(*) FILTER (WHERE password_hash <> ''
             AND substr(password_hash, 1, 4) NOT IN ('$2a$', '$2b$', '$2y$')) AS with_foreign_hash,
         count(*) FILTER (WHERE last_login_at IS NULL) AS never_logged_in
     FROM users GROUP BY authority, adopted_at IS NOT NULL, disabled
     ORDER BY authority NULLS FIRST, adopted, disabled";

/// Decodes a row of [`USER_GROUPS`]. Fails if a column cannot be decoded.
pub(crate) fn user_group(row: &impl Columns) -> Result<UserGroup> {
    let count = |column| Ok::<_, sqlx::Error>(row.number(column)?.unsigned_abs());
    Ok(UserGroup {
        authority: row.text_if_any("authority")?,
        is_adopted: row.flag("adopted")?,
        state: if row.flag("disabled")? {
            UserState::Disabled
        } else {
            UserState::Active
        },
        users: count("users")?,
        without_password: count("without_password")?,
        with_foreign_hash: count("with_foreign_hash")?,
        never_logged_in: count("never_logged_in")?,
    })
}
