//! What to do where a store cannot be queried.

/// What the server's words contain, and what to do then.
const ADVICE: [(&str, &str); 17] = [
    (
        "28P01",
        "set the password in directory.url, or give the role that one: ALTER ROLE … PASSWORD",
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
        "start once with a role that may write and a primary, so that the tables are made",
    ),
    (
        "permission denied for schema",
        "GRANT CREATE ON SCHEMA … TO the role, or let its owner make the tables",
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
        "name a file in directory.url that isogloss has made, or restore a backup",
    ),
    (
        "the user with the ID",
        "let the gateway's user read and write the file and its folder, or run this as the gateway's user",
    ),
    (
        "must be owner of",
        "let the owner of the tables bring them up to date",
    ),
    (
        "was previously applied but is missing",
        "a newer release made the tables: start that one, or restore a backup",
    ),
    (
        "brought up to date",
        "give the role the right to make tables, or let their owner do so",
    ),
    (
        "WRONGPASS",
        "set user and password in tokens.store, or ACL SETUSER … >PASSWORD",
    ),
    (
        "AuthenticationFailed",
        "set user and password in tokens.store, or ACL SETUSER … >PASSWORD",
    ),
    ("NOAUTH", "add user and password to tokens.store"),
    (
        "not the primary",
        "point tokens.store at the primary, or at the sentinels that know it",
    ),
];

/// Returns what to do about an error.
pub(super) fn advice(error: &str, otherwise: &str) -> String {
    let known = ADVICE.iter().find(|(words, _)| error.contains(words));
    known.map_or(otherwise, |(_, advice)| advice).to_owned()
}
