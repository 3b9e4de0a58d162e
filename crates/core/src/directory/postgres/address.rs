//! What a `postgres://` address may say, and what it becomes.

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// What may stand behind the question mark. A password may not: it would not be masked.
const PARAMETERS: [&str; 8] = [
    "sslmode",
    "sslcert",
    "sslkey",
    "host",
    "port",
    "options",
    "application_name",
    "statement-cache-capacity",
];

/// Reads an address that names a database.
pub(super) fn read(url: &str) -> Option<PgConnectOptions> {
    let (scheme, _) = url.split_once("://")?;
    let parameters = url.split_once('?').map_or("", |(_, query)| query);
    let mut names = parameters
        .split('&')
        .filter_map(|parameter| parameter.split('=').next())
        .filter(|name| !name.is_empty());
    // A fragment is a password with a # in it that nobody has escaped. What the library does not
    // know, it would log with its value.
    let understood = matches!(scheme, "postgres" | "postgresql")
        && !url.contains('#')
        && names.all(|name| PARAMETERS.contains(&name));
    if !understood {
        return None;
    }
    let options = PgConnectOptions::from_str(url).ok()?;
    options.get_database()?;
    Some(options)
}

/// How the tables are changed.
pub(super) fn for_migrations(
    options: PgConnectOptions,
    ca_file: Option<&Path>,
) -> PgConnectOptions {
    let mut options = options
        .options([("client_min_messages", "warning")])
        .disable_statement_logging();
    if options.get_application_name().is_none() {
        options = options.application_name("isogloss");
    }
    let Some(file) = ca_file else { return options };
    // Who names an authority wants the server to prove itself; a lesser mode would not ask it to.
    if !matches!(options.get_ssl_mode(), PgSslMode::VerifyCa) {
        options = options.ssl_mode(PgSslMode::VerifyFull);
    }
    options.ssl_root_cert(file)
}

/// How everything else is done: what nobody waits for any more ends at the server, too.
pub(super) fn for_questions(options: PgConnectOptions, limit: Duration) -> PgConnectOptions {
    options.options([("statement_timeout", limit.as_millis().max(1))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_database_are_read() {
        for url in [
            "postgres://db.example/isogloss",
            "postgresql://u:p%40ss@db.example:6432/isogloss?sslmode=verify-full",
            "postgres://u@%2Fvar%2Frun%2Fpostgresql/isogloss",
            "postgres:///isogloss?host=/var/run/postgresql&port=5433",
        ] {
            assert!(read(url).is_some(), "{url}");
        }
    }

    #[test]
    fn what_cannot_work_or_would_show_a_password_is_refused() {
        for url in [
            "postgres:",
            "postgres://db.example",
            "mysql://db.example/isogloss",
            "postgres://db.example:99999/isogloss",
            "postgres://db.example/isogloss?sslmode=maybe",
            "postgres://db.example/isogloss?password=geheim",
            "postgres://db.example/isogloss?user=u&pasword=geheim",
            "postgres://u:4711#x@db.example/isogloss",
        ] {
            assert!(read(url).is_none(), "{url}");
        }
    }

    #[test]
    fn an_authority_makes_the_server_prove_itself() {
        let mode = |url: &str| {
            let options = for_migrations(read(url).unwrap(), Some(Path::new("ca.pem")));
            format!("{:?}", options.get_ssl_mode())
        };
        assert_eq!(mode("postgres://h/d"), "VerifyFull");
        assert_eq!(mode("postgres://h/d?sslmode=require"), "VerifyFull");
        assert_eq!(mode("postgres://h/d?sslmode=verify-ca"), "VerifyCa");
    }
}
