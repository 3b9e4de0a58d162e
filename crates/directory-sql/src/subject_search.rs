//! The part that searches for the rows of a person have in common: those of any of several columns.

use sqlx::{Database, Encode, QueryBuilder, Type};

/// The beginning of a condition, such as `actor = `, and its value.
pub(super) type Condition = (&'static str, String);

/// Adds the rows that fulfil any of the conditions, each once. `branch` adds a statement of the rows of one of them, as many
/// as are needed at most, so that no index is read further. `columns` are those of the branches, as columns of `one`;
/// `none` is a statement without rows.
pub(super) fn push_any<DB: Database>(
    statement: &mut QueryBuilder<DB>,
    (columns, none): (&'static str, &'static str),
    conditions: impl Iterator<Item = Condition>,
    branch: impl Fn(&mut QueryBuilder<DB>, Condition),
) {
    let mut is_first = true;
    for condition in conditions {
        statement.push(if is_first {
            "SELECT "
        } else {
            " UNION SELECT "
        });
        is_first = false;
        statement.push(columns).push(" FROM (");
        branch(statement, condition);
        statement.push(") AS one");
    }
    if is_first {
        // There is no such user, and no name was ever hashed.
        statement.push(none);
    }
}

/// Adds the conditions, all of which must be fulfilled, to a `WHERE` that has one already.
pub(super) fn push_all<DB: Database>(
    statement: &mut QueryBuilder<DB>,
    conditions: impl IntoIterator<Item = Option<Condition>>,
) where
    String: for<'t> Encode<'t, DB> + Type<DB>,
{
    for (condition, value) in conditions.into_iter().flatten() {
        statement.push(" AND ").push(condition).push_bind(value);
    }
}
