//! The statement of a search in the table of the audit log, the same for both databases.

use isogloss_core::audit::{EventCursor, EventKind, EventSearch, FoundEvent};
use isogloss_core::backend::milliseconds;
use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::subject_search::{Condition, push_all, push_any};

/// Returns the statement of a search, after `beginning`. An event names a user in one of three columns, each of which has an
/// index; `user_is` is the condition of the one whose name the databases do not share.
pub(super) fn statement<DB: Database>(
    beginning: &'static str,
    user_is: &'static str,
    search: &EventSearch,
) -> QueryBuilder<DB>
where
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
{
    let mut statement = QueryBuilder::new(beginning);
    let Some(who) = &search.filter.who else {
        push_branch(&mut statement, search, None);
        return statement;
    };
    let user = who.user.map(|user| user.to_string());
    let users = user
        .iter()
        .flat_map(|user| [(user_is, user.clone()), ("actor = ", user.clone())]);
    let names = who.name_hashes.iter();
    let names = names.map(|hash| ("name_hash = ", hash.to_string()));
    push_any(
        &mut statement,
        (
            "one.id, one.time, one.line",
            "SELECT id, time, line FROM audit WHERE 1 = 0",
        ),
        users.chain(names),
        |statement, condition| push_branch(statement, search, Some(condition)),
    );
    statement.push(" ORDER BY 2 DESC, 1 DESC LIMIT ");
    statement.push_bind(i64::from(search.filter.limit));
    statement
}

fn push_branch<DB: Database>(
    statement: &mut QueryBuilder<DB>,
    search: &EventSearch,
    of: Option<Condition>,
) where
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
{
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
    push_all(statement, texts);
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

/// Returns the events of the rows that such a statement selects.
pub(super) fn events(rows: Vec<(i64, i64, String)>) -> Vec<FoundEvent> {
    let rows = rows.into_iter();
    rows.map(|(id, time, line)| FoundEvent {
        cursor: EventCursor { time, id },
        line,
    })
    .collect()
}
