//! Uses by users in PostgreSQL.

use isogloss_core::backend::milliseconds;
use isogloss_core::usage::{LastUse, NamedUse, PERIOD, UseFilter, UseOf, UserUse};
use sqlx::postgres::PgConnection;
use sqlx::{query, query_scalar};
use uuid::Uuid;

use crate::row::columns::{USER_USES, select};
use crate::row::{self, Result};

/// Prevents the users of these uses from being removed until the transaction ends, and returns those who still exist.
/// Called before other tables are locked: a restore locks the users first. A user whom another transaction has locked
/// is left out, because an import may keep that lock for minutes. Fails if the query fails.
pub(super) async fn lock_users(
    transaction: &mut PgConnection,
    uses: &[UserUse],
) -> Result<Vec<Uuid>> {
    let mut ids: Vec<_> = uses.iter().map(|one| one.user).collect();
    ids.dedup();
    if ids.is_empty() {
        return Ok(ids);
    }
    query_scalar("SELECT id FROM users WHERE id = ANY($1) FOR KEY SHARE SKIP LOCKED")
        .bind(ids)
        .fetch_all(transaction)
        .await
}

/// Stores the uses by the locked users, except those of users whose last stored use is younger than the period and who have
/// not logged in since. Fails if the query fails.
pub(super) async fn add(
    transaction: &mut PgConnection,
    uses: &[UserUse],
    locked: Vec<Uuid>,
) -> Result<()> {
    fn each<T>(uses: &[UserUse], value: impl Fn(&UserUse) -> T) -> Vec<T> {
        uses.iter().map(value).collect()
    }
    if locked.is_empty() {
        return Ok(());
    }
    query(
        "INSERT INTO user_usage AS s
             (user_id, dialect, first_used_at, last_used_at, last_login_at, address, client, user_agent)
         SELECT a.user_id, a.dialect, a.first_used_at, a.last_used_at, a.last_login_at, a.address, a.client,
                a.user_agent
         FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
                     $7::text[], $8::text[])
             AS a (user_id, dialect, first_used_at, last_used_at, last_login_at, address, client, user_agent)
         WHERE a.user_id = ANY($9)
             AND (a.last_login_at IS NOT NULL
                  OR coalesce((SELECT b.last_used_at FROM user_usage AS b
                               WHERE b.user_id = a.user_id AND b.dialect = a.dialect COLLATE \"C\")
                              <= a.last_used_at - $10, TRUE))
         ORDER BY a.user_id, a.dialect
         ON CONFLICT (user_id, dialect) DO UPDATE SET
             first_used_at = least(s.first_used_at, excluded.first_used_at),
             last_used_at = greatest(s.last_used_at, excluded.last_used_at),
             last_login_at = greatest(s.last_login_at, excluded.last_login_at),
             address = excluded.address, client = excluded.client, user_agent = excluded.user_agent",
    )
    .bind(each(uses, |one| one.user))
    .bind(each(uses, |one| one.dialect))
    .bind(each(uses, |one| milliseconds(one.first_used_at)))
    .bind(each(uses, |one| milliseconds(one.last_used_at)))
    .bind(each(uses, |one| one.last_login_at.map(milliseconds)))
    .bind(each(uses, |one| one.address.clone()))
    .bind(each(uses, |one| one.client.clone()))
    .bind(each(uses, |one| one.user_agent.clone()))
    .bind(locked)
    .bind(i64::try_from(PERIOD.whole_milliseconds()).unwrap_or(i64::MAX))
    .execute(transaction)
    .await
    .map(drop)
}

/// Returns the uses that match the filter, the last one first. Fails if the query fails or a row cannot be decoded.
pub(super) async fn list(
    connection: &mut PgConnection,
    filter: UseFilter,
) -> Result<Vec<NamedUse>> {
    let rest = match &filter.of {
        UseOf::Dialect(_) => {
            " FROM user_usage AS s JOIN users AS u ON u.id = s.user_id
                 JOIN organisations AS o ON o.id = u.organisation_id
             WHERE s.dialect = $1 AND s.last_used_at >= $2 AND (s.last_used_at, s.user_id) < ($3, $4)
             ORDER BY s.last_used_at DESC, s.user_id DESC LIMIT $5"
        }
        UseOf::User(_) => {
            " FROM user_usage AS s JOIN users AS u ON u.id = s.user_id
                 JOIN organisations AS o ON o.id = u.organisation_id
             WHERE s.user_id = $1::uuid AND s.last_used_at >= $2 AND (s.last_used_at, s.user_id) < ($3, $4)
             ORDER BY s.last_used_at DESC, s.dialect LIMIT $5"
        }
    };
    let query = query(select(USER_USES, rest));
    let query = match filter.of {
        UseOf::Dialect(dialect) => query.bind(dialect),
        UseOf::User(user) => query.bind(user),
    };
    let after = filter.after;
    let rows = query
        .bind(filter.since.map_or(i64::MIN, milliseconds))
        .bind(after.map_or(i64::MAX, |after| milliseconds(after.at)))
        .bind(after.map_or(Uuid::max(), |after| after.user))
        .bind(i64::from(filter.limit))
        .fetch_all(connection)
        .await?;
    rows.iter().map(row::named_use).collect()
}

/// Returns the last uses of dialects, in the order of their names in the list. Fails if the query fails.
pub(super) async fn last(
    connection: &mut PgConnection,
    dialects: Vec<String>,
) -> Result<Vec<LastUse>> {
    let rows = query(
        "SELECT wanted.dialect,
             (SELECT min(day) FROM usage_days AS d WHERE d.dialect = wanted.dialect AND id = '')
                 AS counted_since,
             (SELECT max(last_served) FROM usage_days AS d WHERE d.dialect = wanted.dialect AND id = '')
                 AS last_served,
             (SELECT max(last_used_at) FROM user_usage AS s WHERE s.dialect = wanted.dialect)
                 AS last_used
         FROM unnest($1::text[]) WITH ORDINALITY AS wanted (dialect, number) ORDER BY number",
    )
    .bind(dialects)
    .fetch_all(connection)
    .await?;
    rows.iter().map(row::last_use).collect()
}
