//! Uses by users in SQLite.

use isogloss_core::backend::milliseconds;
use isogloss_core::usage::{LastUse, NamedUse, PERIOD, UseFilter, UseOf, UserUse};
use sqlx::query;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::connections::Connections;
use crate::row::columns::{USER_USES, select};
use crate::row::{self, Result};

/// Stores these uses, except those of users who no longer exist, or whose last stored use is younger than the period
/// and who have not logged in since. Fails if a query fails.
pub(super) async fn add(transaction: &mut SqliteConnection, uses: &[&UserUse]) -> Result<()> {
    for one in uses {
        query(
            "INSERT INTO user_usage AS s
                 (user, dialect, first_used_at, last_used_at, last_login_at, address, client, user_agent)
             SELECT u.id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM users AS u
             WHERE u.id = ?1 AND (?5 IS NOT NULL OR NOT EXISTS (
                 SELECT 1 FROM user_usage AS b
                 WHERE b.user = ?1 AND b.dialect = ?2 AND b.last_used_at > ?4 - ?9))
             ON CONFLICT (user, dialect) DO UPDATE SET
                 first_used_at = min(s.first_used_at, excluded.first_used_at),
                 last_used_at = max(s.last_used_at, excluded.last_used_at),
                 last_login_at = coalesce(max(s.last_login_at, excluded.last_login_at),
                                          s.last_login_at, excluded.last_login_at),
                 address = excluded.address, client = excluded.client,
                 user_agent = excluded.user_agent",
        )
        .bind(one.user.to_string())
        .bind(one.dialect)
        .bind(milliseconds(one.first_used_at))
        .bind(milliseconds(one.last_used_at))
        .bind(one.last_login_at.map(milliseconds))
        .bind(&one.address)
        .bind(&one.client)
        .bind(&one.user_agent)
        .bind(i64::try_from(PERIOD.whole_milliseconds()).unwrap_or(i64::MAX))
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

/// Returns the uses that match the filter, the last one first. Fails if the query fails or a row cannot be decoded.
pub(super) async fn list(pool: &Connections, filter: &UseFilter) -> Result<Vec<NamedUse>> {
    let rest = match &filter.of {
        UseOf::Dialect(_) => {
            " FROM user_usage AS s JOIN users AS u ON u.id = s.user
                 JOIN organisations AS o ON o.id = u.organisation
             WHERE s.dialect = ?1 AND s.last_used_at >= ?2 AND (s.last_used_at, s.user) < (?3, ?4)
             ORDER BY s.last_used_at DESC, s.user DESC LIMIT ?5"
        }
        UseOf::User(_) => {
            " FROM user_usage AS s JOIN users AS u ON u.id = s.user
                 JOIN organisations AS o ON o.id = u.organisation
             WHERE s.user = ?1 AND s.last_used_at >= ?2 AND (s.last_used_at, s.user) < (?3, ?4)
             ORDER BY s.last_used_at DESC, s.dialect LIMIT ?5"
        }
    };
    let of = match &filter.of {
        UseOf::Dialect(dialect) => dialect.clone(),
        UseOf::User(user) => user.to_string(),
    };
    let after = filter.after;
    let rows = query(select(USER_USES, rest))
        .bind(of)
        .bind(filter.since.map_or(i64::MIN, milliseconds))
        .bind(after.map_or(i64::MAX, |after| milliseconds(after.at)))
        .bind(after.map_or(Uuid::max(), |after| after.user).to_string())
        .bind(filter.limit)
        .fetch_all(pool)
        .await?;
    rows.iter().map(row::named_use).collect()
}

/// Returns the last uses of dialects, in the order of their names in the list. Fails if the query fails.
pub(super) async fn last(pool: &Connections, dialects: &[String]) -> Result<Vec<LastUse>> {
    let rows = query(
        "SELECT wanted.value AS dialect,
             (SELECT min(day) FROM usage_days AS d WHERE d.dialect = wanted.value AND id = '')
                 AS counted_since,
             (SELECT max(last_served) FROM usage_days AS d WHERE d.dialect = wanted.value AND id = '')
                 AS last_served,
             (SELECT max(last_used_at) FROM user_usage AS s WHERE s.dialect = wanted.value)
                 AS last_used
         FROM json_each(?) AS wanted ORDER BY wanted.key",
    )
    .bind(serde_json::to_string(dialects).unwrap_or_default())
    .fetch_all(pool)
    .await?;
    rows.iter().map(row::last_use).collect()
}
