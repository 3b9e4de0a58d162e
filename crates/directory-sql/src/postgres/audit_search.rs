//! Searches for events in the table of the audit log in PostgreSQL.

use isogloss_core::audit::{EventCursor, EventKind, EventSearch, FoundEvent};
use isogloss_core::backend::milliseconds;
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, QueryBuilder};

use crate::row::Result;

/// Returns the events that match, the latest first. Reads no more of the table than it returns if there is one
/// condition, or none, besides the time. Fails if the query fails.
pub(super) async fn find(
    connection: &mut PgConnection,
    search: EventSearch,
) -> Result<Vec<FoundEvent>> {
    let mut statement = statement("", &search);
    let rows: Vec<(i64, i64, String)> = statement.build_query_as().fetch_all(connection).await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(id, time, line)| FoundEvent {
            cursor: EventCursor { time, id },
            line,
        })
        .collect())
}

/// Returns the statement of a search, after `beginning`. An event names a user in one of three columns, each of which has an index.
pub(crate) fn statement(beginning: &'static str, search: &EventSearch) -> QueryBuilder<Postgres> {
    let mut statement = QueryBuilder::new(beginning);
    let Some(who) = &search.filter.who else {
        push_branch(&mut statement, search, None);
        return statement;
    };
    let user = who.user.map(|user| user.to_string());
    let users = user
        .iter()
        .flat_map(|user| [("user_id = ", user.clone()), ("actor = ", user.clone())]);
    let names = who.name_hashes.iter();
    let names = names.map(|hash| ("name_hash = ", hash.to_string()));
    let mut is_first = true;
    for condition in users.chain(names) {
        statement.push(if is_first { "" } else { " UNION " });
        is_first = false;
        statement.push("SELECT one.id, one.time, one.line FROM (");
        push_branch(&mut statement, search, Some(condition));
        statement.push(") AS one");
    }
    if is_first {
        // There is no such user, and no name was ever hashed.
        statement.push("SELECT id, time, line FROM audit WHERE 1 = 0");
    }
    statement.push(" ORDER BY 2 DESC, 1 DESC LIMIT ");
    statement.push_bind(i64::from(search.filter.limit));
    statement
}

fn push_branch(
    statement: &mut QueryBuilder<Postgres>,
    search: &EventSearch,
    of: Option<(&'static str, String)>,
) {
    statement.push("SELECT id, time, line FROM audit WHERE time >= ");
    statement.push_bind(search.filter.since.map_or(i64::MIN, milliseconds));
    let texts = [
        of,
        search
            .filter
            .event
            .map(|event| ("event = ", EventKind::name(event).to_owned())),
        search
            .outcome
            .map(|outcome| ("outcome = ", outcome.name().to_owned())),
        search
            .dialect
            .clone()
            .map(|dialect| ("dialect = ", dialect)),
        search.source.clone().map(|source| ("source = ", source)),
    ];
    for (condition, value) in texts.into_iter().flatten() {
        statement.push(" AND ").push(condition).push_bind(value);
    }
    // One of both bounds: an index may be read from the wrong one of two.
    let until = search.until.map(milliseconds);
    let after = search
        .after
        .filter(|after| until.is_none_or(|until| after.time < until));
    if let Some(until) = until.filter(|_| after.is_none()) {
        statement.push(" AND time < ").push_bind(until);
    }
    if let Some(after) = after {
        statement.push(" AND (time, id) < (").push_bind(after.time);
        statement.push(", ").push_bind(after.id).push(")");
    }
    statement.push(" ORDER BY time DESC, id DESC LIMIT ");
    statement.push_bind(i64::from(search.filter.limit));
}
