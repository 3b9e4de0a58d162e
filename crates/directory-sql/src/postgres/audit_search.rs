//! Searches for events in the table of the audit log in PostgreSQL.

use isogloss_core::audit::{EventSearch, FoundEvent};
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, QueryBuilder};

use crate::event_search;
use crate::row::Result;

/// Returns the events that match, the latest first. Reads no more of the table than it returns if there is one
/// condition, or none, besides the time. Fails if the query fails.
pub(super) async fn find(
    connection: &mut PgConnection,
    search: EventSearch,
) -> Result<Vec<FoundEvent>> {
    let mut statement = statement("", &search);
    let rows = statement.build_query_as().fetch_all(connection).await?;
    Ok(event_search::events(rows))
}

/// Returns the statement of a search, after `beginning`.
pub(crate) fn statement(beginning: &'static str, search: &EventSearch) -> QueryBuilder<Postgres> {
    event_search::statement(beginning, "user_id = ", search)
}
