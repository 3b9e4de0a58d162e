//! Decodes rows of the tables of usage.

use isogloss_core::backend::directory::{StoredDay, StoredUsage, day_of_number};
use isogloss_core::backend::from_milliseconds;
use isogloss_core::usage::{LastUse, NamedUse, UsageSummary};

use super::{Columns, Result};

/// Decodes a row of `usage`. Fails if a column cannot be decoded.
pub(crate) fn usage(row: &impl Columns) -> Result<StoredUsage> {
    Ok(StoredUsage {
        id: row.text("id")?,
        dialect: row.text("dialect")?,
        revision: row.text("revision")?,
        endpoint: row.text("endpoint")?,
        application: row.text_if_any("application")?,
        key_label: row.text_if_any("key_label")?,
        client: row.text_if_any("client")?,
        user_agent: row.text("user_agent")?,
        network: row.text("network")?,
        known: row.flag("known")?,
        first_seen: row.number("first_seen")?,
        last_seen: row.number("last_seen")?,
        last_served: row.number_if_any("last_served")?,
        calls: row.number("calls")?,
        refused: row.number("refused")?,
        users: row.bytes_if_any("users")?.unwrap_or_default(),
        expired_tokens: row.number("expired_tokens")?,
        expired_calls: row.number("expired_calls")?,
        expired_youngest: row.number_if_any("expired_youngest")?,
        expired_oldest: row.number_if_any("expired_oldest")?,
    })
}

/// Decodes the sum over the clients of a dialect. Fails if a column cannot be decoded.
pub(crate) fn usage_summary(row: &impl Columns) -> Result<UsageSummary> {
    let count = |column| Ok::<_, sqlx::Error>(row.number(column)?.unsigned_abs());
    Ok(UsageSummary {
        dialect: row.text("dialect")?,
        clients: count("clients")?,
        served_clients: count("served_clients")?,
        calls: count("calls")?,
        refused: count("refused")?,
        last_seen: from_milliseconds(row.number("last_seen")?),
        last_served: row.number_if_any("last_served")?.map(from_milliseconds),
    })
}

/// Decodes a row of `usage_days`. Fails if a column cannot be decoded.
pub(crate) fn usage_day(row: &impl Columns) -> Result<StoredDay> {
    Ok(StoredDay {
        day: row.number("day")?,
        dialect: row.text("dialect")?,
        id: row.text("id")?,
        application: row.text_if_any("application")?,
        key_label: row.text_if_any("key_label")?,
        client: row.text_if_any("client")?,
        user_agent: row.text("user_agent")?,
        network: row.text("network")?,
        known: row.flag("known")?,
        clients: row.number("clients")?,
        calls: row.number("calls")?,
        refused: row.number("refused")?,
        logins: row.number("logins")?,
        last_served: row.number_if_any("last_served")?,
        users: row.bytes_if_any("users")?.unwrap_or_default(),
    })
}

/// Decodes a use by a user. Fails if a column cannot be decoded.
pub(crate) fn named_use(row: &impl Columns) -> Result<NamedUse> {
    Ok(NamedUse {
        user: row.guid("user_id")?,
        number: row.number("number")?,
        user_name: row.text("user_name")?,
        email: row.text_if_any("email")?,
        first_name: row.text("first_name")?,
        last_name: row.text("last_name")?,
        organisation: row.text("organisation_name")?,
        dialect: row.text("dialect")?,
        first_used_at: from_milliseconds(row.number("first_used_at")?),
        last_used_at: from_milliseconds(row.number("last_used_at")?),
        last_login_at: row.number_if_any("last_login_at")?.map(from_milliseconds),
        address: row.text_if_any("address")?,
        client: row.text_if_any("client")?,
        user_agent: row.text("user_agent")?,
    })
}

/// Decodes the last use of a dialect. Fails if a column cannot be decoded.
pub(crate) fn last_use(row: &impl Columns) -> Result<LastUse> {
    Ok(LastUse {
        dialect: row.text("dialect")?,
        counted_since: row.number_if_any("counted_since")?.and_then(day_of_number),
        last_served: row.number_if_any("last_served")?.map(from_milliseconds),
        last_used: row.number_if_any("last_used")?.map(from_milliseconds),
    })
}
