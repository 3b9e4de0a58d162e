//! Checks the privileges of the gateway's role, and whether the server can be written to.

use isogloss_core::store::{Finding, Level};
use sqlx::postgres::PgConnection;
use sqlx::{Error, query, query_as};

use super::session::Session;
use super::{read, reason};
use crate::row::Result;

/// The tables that logins and token checks read.
const READ: [&str; 8] = [
    "user_accounts",
    "users",
    "logins",
    "units",
    "access_cards",
    "app_passwords",
    "keys",
    "digest_keys",
];

/// All tables, with the privileges that the gateway needs.
const WRITTEN: [(&str, &[&str]); 24] = [
    ("organisations", ALL),
    ("units", ALL),
    ("users", ALL),
    ("logins", ALL),
    ("user_units", ALL),
    ("access_cards", ALL),
    ("keys", ALL),
    ("imports", ALL),
    ("totp_states", ALL),
    ("recovery_codes", ALL),
    ("app_passwords", ALL),
    ("replaced_hashes", ALL),
    ("audit", ALL),
    ("usage", ALL),
    ("imported_users", ALL),
    ("revoked_app_passwords", ALL),
    ("revoked_keys", ALL),
    ("digest_keys", ALL),
    ("erased_users", KEPT),
    ("usage_days", ALL),
    ("user_usage", ALL),
    ("signing_keys", KEPT),
    ("synchronisations", NEVER_REMOVED),
    ("refused_requests", ALL),
];
const ALL: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE"];
/// Privileges to a table whose rows are never removed.
const NEVER_REMOVED: &[&str] = &["SELECT", "INSERT", "UPDATE"];
/// Privileges to a table whose rows are never changed.
const KEPT: &[&str] = &["SELECT", "INSERT", "DELETE"];

/// What does not work if the server cannot be written to.
const WITHOUT_WRITES: &str = "second factors are not accepted, and passwords, users, the audit log \
    and usage are not stored";

/// Returns what the server refuses, the worst first. Fails if the server does not respond.
pub(super) async fn examine(connection: &mut Session) -> Result<Vec<Finding>> {
    let (role, is_standby): (String, bool) =
        query_as("SELECT current_user::text, pg_is_in_recovery()")
            .fetch_one(&mut **connection)
            .await?;
    let unread = missing(connection, READ.map(|table| (table, "SELECT")).into()).await?;
    let mut unwritten = missing(connection, all()).await?;
    unwritten.retain(|one| !unread.contains(one));

    let mut findings = Vec::new();
    if !unread.is_empty() {
        let text = format!(
            "the role {role} has no right to {}, or its search path does not lead there: logins and \
             token checks fail",
            Grants(&unread)
        );
        findings.push(Finding::new(Level::Refused, text).with_hint(grant(&unread, &role)));
    } else if let Err(error) = read::account(connection, Default::default()).await {
        let text = format!("cannot be read: {}", refusal(error)?);
        findings.push(Finding::new(Level::Refused, text));
    }
    if !unwritten.is_empty() {
        let text = format!(
            "the role {role} has no right to {}: what needs it fails",
            Grants(&unwritten)
        );
        findings.push(Finding::new(Level::Warning, text).with_hint(grant(&unwritten, &role)));
    }
    if !unwritten.contains(&("imports", "INSERT"))
        && let Err(error) = write(connection).await
    {
        let text = format!(
            "cannot be written to: {}: {WITHOUT_WRITES}",
            refusal(error)?
        );
        let hint = if is_standby {
            "directory.url is a standby; name the primary for changes".to_owned()
        } else {
            format!(
                "see the server's log and its disk; ALTER ROLE {role} RESET default_transaction_read_only"
            )
        };
        findings.push(Finding::new(Level::Warning, text).with_hint(hint));
    }
    Ok(findings)
}

/// Returns all privileges that the gateway needs.
fn all() -> Vec<Grant> {
    let all = WRITTEN
        .iter()
        .flat_map(|(table, done)| done.iter().map(|privilege| (*table, *privilege)));
    all.collect()
}

/// Returns the privileges that the role has neither on the table nor on one of its columns. Fails if the query
/// fails.
async fn missing(connection: &mut PgConnection, wanted: Vec<Grant>) -> Result<Vec<Grant>> {
    let (tables, privileges): (Vec<_>, Vec<_>) = wanted.iter().copied().unzip();
    let granted: Vec<(bool,)> = query_as(
        "SELECT coalesce(has_table_privilege(to_regclass(name), privilege)
             OR privilege <> 'DELETE' AND has_any_column_privilege(to_regclass(name), privilege), FALSE)
         FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (name, privilege, number)
         ORDER BY number",
    )
    .bind(tables)
    .bind(privileges)
    .fetch_all(connection)
    .await?;
    let wanted = wanted.into_iter().zip(granted);
    Ok(wanted
        .filter(|(_, (granted,))| !granted)
        .map(|(grant, _)| grant)
        .collect())
}

/// Writes a row that no import uses, and rolls it back. Fails if the server cannot be written to.
async fn write(connection: &mut Session) -> Result<()> {
    let mut transaction = connection.begin().await?;
    query("INSERT INTO imports (fingerprint) VALUES ($1) ON CONFLICT DO NOTHING")
        .bind(&b"probe"[..])
        .execute(&mut *transaction)
        .await?;
    transaction.rollback().await
}

/// Returns the server's reason for refusing a query. Fails with `error` if it did not respond.
fn refusal(error: Error) -> Result<String> {
    match error.as_database_error() {
        Some(_) => Ok(reason(&error)),
        None => Err(error),
    }
}

/// A table and a privilege.
type Grant = (&'static str, &'static str);

/// Formats privileges like `SELECT on users, logins; INSERT on users`.
struct Grants<'a>(&'a [Grant]);

impl Grants<'_> {
    fn by_privilege(&self) -> Vec<(&'static str, String)> {
        let privileges = ALL.iter().map(|privilege| {
            let tables = self.0.iter().filter(|(_, one)| one == privilege);
            let tables: Vec<_> = tables.map(|(table, _)| *table).collect();
            (*privilege, tables.join(", "))
        });
        privileges
            .filter(|(_, tables)| !tables.is_empty())
            .collect()
    }
}

impl std::fmt::Display for Grants<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (privilege, tables)) in self.by_privilege().into_iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{privilege} on {tables}")?;
        }
        Ok(())
    }
}

/// Returns the statements that grant the missing privileges.
fn grant(missing: &[Grant], role: &str) -> String {
    let statements = Grants(missing).by_privilege().into_iter();
    let statements: Vec<_> = statements
        .map(|(privilege, tables)| format!("GRANT {privilege} ON {tables} TO {role};"))
        .collect();
    statements.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use isogloss_core::directory::{NOT_BACKED_UP, TABLES};

    #[test]
    fn the_rights_to_all_tables_are_examined() {
        let all: Vec<_> = TABLES.into_iter().chain(NOT_BACKED_UP).collect();
        assert_eq!(WRITTEN.map(|(table, _)| table).as_slice(), all);
    }
}
