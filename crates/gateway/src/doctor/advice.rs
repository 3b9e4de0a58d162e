//! Advice for errors of stores.

/// Parts of error messages, each with what an operator should do.
const ADVICE: [(&str, &str); 17] = [
    (
        "28P01",
        "set the right password in directory.url, or change the role's: ALTER ROLE … PASSWORD",
    ),
    (
        "28000",
        "add a line for this role, database and host to pg_hba.conf",
    ),
    (
        "3D000",
        "CREATE DATABASE … OWNER …, or correct the name in directory.url",
    ),
    (
        "53300",
        "raise max_connections of PostgreSQL, or lower directory.connections",
    ),
    (
        "25006",
        "start once with a primary and a role that can write, to create the tables",
    ),
    (
        "permission denied for schema",
        "GRANT CREATE ON SCHEMA … TO the role, or create the tables as the owner: isogloss directory migrate",
    ),
    (
        "permission denied for database",
        "GRANT CONNECT, CREATE ON DATABASE … TO the role",
    ),
    (
        "may not read the table _sqlx_migrations",
        "GRANT SELECT ON _sqlx_migrations TO the role",
    ),
    (
        "file is not a database",
        "set directory.url to a file that isogloss has created, or restore a backup",
    ),
    (
        "the user with the ID",
        "let the gateway's user read and write the file and its folder, or run this command as that user",
    ),
    (
        "must be owner of",
        "update the tables as their owner: isogloss directory migrate",
    ),
    (
        "was previously applied but is missing",
        "a newer release created the tables: start that release, or restore a backup",
    ),
    (
        "brought up to date",
        "give the role the right to create tables, or run isogloss directory migrate as their owner",
    ),
    (
        "WRONGPASS",
        "correct user and password in tokens.store, or set the password: ACL SETUSER … >PASSWORD",
    ),
    (
        "AuthenticationFailed",
        "correct user and password in tokens.store, or set the password: ACL SETUSER … >PASSWORD",
    ),
    ("NOAUTH", "add user and password to tokens.store"),
    (
        "not the primary",
        "point tokens.store at the primary, or at the sentinels that know it",
    ),
];

/// Returns what an operator should do about an error, or `otherwise` if the error is not known.
pub(super) fn advice(error: &str, otherwise: &str) -> String {
    let known = ADVICE.iter().find(|(words, _)| error.contains(words));
    known.map_or(otherwise, |(_, advice)| advice).to_owned()
}
