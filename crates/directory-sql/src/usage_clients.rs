//! Statements about the clients in the table of usage, the same for both databases.

use isogloss_core::backend::milliseconds;
use isogloss_core::usage::ClientPage;
use sqlx::{AssertSqlSafe, Database, Encode, QueryBuilder, Type};

use crate::row::columns::USAGE;

/// The clients in the table, each once. Those that are not known, which an earlier release stored one by one, are one.
const CLIENTS: &str = "SELECT dialect, known,
         CASE WHEN known THEN application END AS app,
         CASE WHEN known THEN key_label END AS label,
         CASE WHEN known THEN client END AS device,
         CASE WHEN known THEN user_agent END AS agent,
         CASE WHEN known THEN network END AS net,
         sum(calls) AS calls, sum(refused) AS refused,
         max(last_seen) AS last_seen, max(last_served) AS last_served
     FROM usage";
const EACH_CLIENT: &str = " GROUP BY dialect, known, CASE WHEN known THEN application END, CASE WHEN known THEN key_label END,
         CASE WHEN known THEN client END, CASE WHEN known THEN user_agent END, CASE WHEN known THEN network END";

/// Returns the statement of the sums over the clients of each dialect. Each column is one of `UsageSummary`. All parts are
/// constants, so no input gets into the SQL text.
pub(super) fn summaries() -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "SELECT dialect, count(*) AS clients,
             count(*) FILTER (WHERE known AND last_served IS NOT NULL) AS served_clients,
             CAST(sum(calls) AS bigint) AS calls, CAST(sum(refused) AS bigint) AS refused,
             max(last_seen) AS last_seen, max(last_served) FILTER (WHERE known) AS last_served
         FROM ({CLIENTS}{EACH_CLIENT}) AS clients GROUP BY dialect ORDER BY dialect"
    ))
}

/// Returns the statement of the rows of the clients of a page.
pub(super) fn statement<DB: Database>(page: &ClientPage) -> QueryBuilder<DB>
where
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
{
    let mut statement = QueryBuilder::new("SELECT ");
    statement
        .push(USAGE)
        .push(" FROM usage JOIN (SELECT known AS is_known, app, label, device, agent, net FROM (");
    statement.push(CLIENTS).push(" WHERE dialect = ");
    statement.push_bind(page.dialect.clone());
    let pattern = &page.attributes;
    let wanted = [
        ("application", &pattern.application),
        ("key_label", &pattern.key),
        ("client", &pattern.client),
        ("user_agent", &pattern.user_agent),
    ];
    for (column, value) in wanted {
        if let Some(value) = value {
            statement.push(" AND known AND ").push(column).push(" = ");
            statement.push_bind(value.clone());
        }
    }
    statement.push(EACH_CLIENT);
    if let Some(since) = page.served_since {
        statement.push(" HAVING max(last_served) >= ");
        statement.push_bind(milliseconds(since));
    }
    statement.push(") AS clients ORDER BY last_seen DESC, agent, net, app, label, device LIMIT ");
    statement.push_bind(i64::from(page.limit)).push(" OFFSET ");
    statement.push_bind(i64::from(page.after));
    statement.push(
        ") AS page ON known = is_known AND (NOT known OR (user_agent = agent AND network = net
             AND application IS NOT DISTINCT FROM app AND key_label IS NOT DISTINCT FROM label
             AND client IS NOT DISTINCT FROM device))
         WHERE dialect = ",
    );
    statement.push_bind(page.dialect.clone());
    statement
}
