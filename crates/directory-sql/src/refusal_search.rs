//! The statement of a search in the table of refused requests, the same for both databases.

use isogloss_core::backend::milliseconds;
use isogloss_core::refusals::RefusalFilter;
use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::subject_search::{Condition, push_all, push_any};

/// Returns the statement of a search. A request belongs to a user by the user's identifier or by the hash of a name; each
/// has an index, from which no more is read than is asked for. `user_is` is the condition of the identifier, whose column
/// the databases name differently.
pub(super) fn statement<DB: Database>(
    user_is: &'static str,
    filter: &RefusalFilter,
) -> QueryBuilder<DB>
where
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
{
    let mut statement = QueryBuilder::new("SELECT entry, name FROM (");
    match &filter.who {
        None => push_branch(&mut statement, filter, None),
        Some(who) => {
            let user = who.user.map(|user| (user_is, user.to_string()));
            let names = who.name_hashes.iter();
            let names = names.map(|hash| ("name_hash = ", hash.to_string()));
            push_any(
                &mut statement,
                (
                    "one.id, one.time, one.entry, one.name",
                    "SELECT id, time, entry, name FROM refused_requests WHERE 1 = 0",
                ),
                user.into_iter().chain(names),
                |statement, condition| push_branch(statement, filter, Some(condition)),
            );
        }
    }
    statement.push(") AS found ORDER BY time DESC, id DESC LIMIT ");
    statement.push_bind(i64::from(filter.limit));
    statement
}

/// Adds the latest requests that match the filter, and the condition if there is one.
fn push_branch<DB: Database>(
    statement: &mut QueryBuilder<DB>,
    filter: &RefusalFilter,
    of: Option<Condition>,
) where
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
{
    statement.push("SELECT id, time, entry, name FROM refused_requests WHERE time >= ");
    statement.push_bind(filter.since.map_or(i64::MIN, milliseconds));
    statement.push(" AND time < ");
    statement.push_bind(filter.until.map_or(i64::MAX, milliseconds));
    let request_id = filter
        .request_id
        .map(|id| ("request_id = ", id.to_string()));
    let source = filter.source.clone().map(|source| ("source = ", source));
    let dialect = filter.dialect.clone();
    let dialect = dialect.map(|dialect| ("dialect = ", dialect));
    push_all(statement, [of, request_id, source, dialect]);
    statement.push(" ORDER BY time DESC, id DESC LIMIT ");
    statement.push_bind(i64::from(filter.limit));
}
