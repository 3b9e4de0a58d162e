//! The statement of a list of users, the same for both databases.

use isogloss_core::UserState;
use isogloss_core::directory::UserFilter;
use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::row::columns::ACCOUNT;

/// What the databases do not share.
pub(super) struct Dialect<Id> {
    /// The organisation of the filter, as the database stores identifiers.
    pub(super) organisation: Option<Id>,
    /// The texts in which a search looks, in the lower case of ASCII.
    pub(super) texts: [&'static str; 4],
}

/// Returns the statement, after `beginning`, of the users who match the filter and whose number is greater than `after`, ordered by number.
///
/// Conditions that the filter does not set are left out, and those without a value are written out: only then does each
/// database use the index of a condition.
pub(super) fn statement<DB: Database, Id>(
    beginning: &'static str,
    filter: &UserFilter,
    dialect: Dialect<Id>,
    (after, limit): (i64, u32),
) -> QueryBuilder<DB>
where
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
    Id: for<'t> Encode<'t, DB> + Type<DB>,
{
    let mut statement = QueryBuilder::new(beginning);
    statement.push("SELECT ").push(ACCOUNT);
    statement.push(" FROM user_accounts a WHERE number > ");
    statement.push_bind(after);
    if let Some(organisation) = dialect.organisation {
        statement.push(" AND organisation_id = ");
        statement.push_bind(organisation);
    }
    let values = [
        (
            " AND role = ",
            filter.role.map(|role| role.name().to_owned()),
        ),
        (" AND authority = ", filter.authority.clone()),
    ];
    for (condition, value) in values {
        if let Some(value) = value {
            statement.push(condition).push_bind(value);
        }
    }
    match filter.state {
        None => {}
        Some(UserState::Active) => drop(statement.push(" AND NOT disabled")),
        Some(UserState::Disabled) => drop(statement.push(" AND disabled")),
    }
    if filter.never_logged_in {
        statement.push(" AND last_login_at IS NULL");
    }
    if let Some(pattern) = filter.pattern() {
        let mut before = " AND (";
        for text in dialect.texts {
            statement.push(before).push(text).push(" LIKE ");
            statement.push_bind(pattern.clone()).push(" ESCAPE '\\'");
            before = " OR ";
        }
        statement.push(")");
    }
    statement.push(" ORDER BY number LIMIT ");
    statement.push_bind(i64::from(limit));
    statement
}
