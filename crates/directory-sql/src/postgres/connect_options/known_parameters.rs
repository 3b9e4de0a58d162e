//! The connection parameters and environment variables of libpq, and which of their values are supported.
//!
//! Source: <https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS>

/// How a parameter is treated.
pub(super) enum Use {
    /// The library or this program supports all valid values.
    Honoured,
    /// Only these values are accepted, because they request what happens in any case; otherwise, why.
    Only(&'static [&'static str], &'static str),
    /// The parameter is not supported; why, or what to do instead.
    Refused(&'static str),
}

use Use::{Honoured, Only, Refused};

const UNSUPPORTED: &str = "is not supported";
const FALSE: &[&str] = &["0", "false", "off", "no"];

/// All parameters of libpq 18, the JDBC parameter that libpq accepts, and one of sqlx.
pub(super) const ALL: &[(&str, Use)] = &[
    ("host", Honoured),
    ("hostaddr", Honoured),
    ("port", Honoured),
    ("dbname", Honoured),
    ("user", Honoured),
    // Accepted only before the @.
    ("password", Honoured),
    (
        "passfile",
        Refused("is not supported; PGPASSFILE and ~/.pgpass are read"),
    ),
    ("require_auth", Refused(UNSUPPORTED)),
    (
        "channel_binding",
        Only(
            &["disable", "prefer"],
            "channel binding is not supported; sslmode=verify-full proves the server's identity",
        ),
    ),
    ("connect_timeout", Honoured),
    (
        "client_encoding",
        Only(
            &["UTF8", "utf8", "UTF-8", "utf-8", "UNICODE", "unicode"],
            "expected UTF8",
        ),
    ),
    ("options", Honoured),
    ("application_name", Honoured),
    ("fallback_application_name", Honoured),
    (
        "keepalives",
        Only(
            &["0"],
            "keepalives are not supported; connections are tested before changes",
        ),
    ),
    ("keepalives_idle", Refused(UNSUPPORTED)),
    ("keepalives_interval", Refused(UNSUPPORTED)),
    ("keepalives_count", Refused(UNSUPPORTED)),
    (
        "tcp_user_timeout",
        Only(
            &["0"],
            "is not supported; directory.timeout limits every query",
        ),
    ),
    ("replication", Only(FALSE, UNSUPPORTED)),
    (
        "gssencmode",
        Only(&["disable", "prefer"], "GSSAPI is not supported"),
    ),
    ("sslmode", Honoured),
    (
        "requiressl",
        Refused("is not supported; write sslmode=require"),
    ),
    ("ssl", Only(&["true"], "expected true, or sslmode")),
    (
        "sslnegotiation",
        Only(&["postgres"], "only postgres is supported"),
    ),
    (
        "sslcompression",
        Only(&["0"], "compression is not supported"),
    ),
    ("sslcert", Honoured),
    ("sslkey", Honoured),
    ("sslkeylogfile", Refused(UNSUPPORTED)),
    (
        "sslpassword",
        Refused("is not supported; the key in sslkey must not be encrypted"),
    ),
    ("sslcertmode", Only(&["allow"], "only allow is supported")),
    ("sslrootcert", Honoured),
    ("sslcrl", Refused(UNSUPPORTED)),
    ("sslcrldir", Refused(UNSUPPORTED)),
    ("sslsni", Only(&["1"], "the server's name is always sent")),
    ("requirepeer", Refused(UNSUPPORTED)),
    (
        "ssl_min_protocol_version",
        Only(
            &["TLSv1", "TLSv1.1", "TLSv1.2"],
            "TLS 1.2 and 1.3 are supported; only TLSv1.2 can be the least",
        ),
    ),
    (
        "ssl_max_protocol_version",
        Only(&["TLSv1.3"], "only TLSv1.3 can be the highest"),
    ),
    (
        "min_protocol_version",
        Only(&["3.0"], "protocol version 3.0 is used"),
    ),
    (
        "max_protocol_version",
        Only(&["3.0", "3.2", "latest"], "expected 3.0, 3.2 or latest"),
    ),
    ("krbsrvname", Refused("GSSAPI is not supported")),
    ("gsslib", Refused("GSSAPI is not supported")),
    ("gssdelegation", Only(&["0"], "GSSAPI is not supported")),
    ("scram_client_key", Refused(UNSUPPORTED)),
    ("scram_server_key", Refused(UNSUPPORTED)),
    (
        "service",
        Refused("is not supported; write the service's parameters here"),
    ),
    (
        "servicefile",
        Refused("is not supported; write the service's parameters here"),
    ),
    ("target_session_attrs", Honoured),
    (
        "load_balance_hosts",
        Only(
            &["disable"],
            "only disable is supported: hosts are tried in their order",
        ),
    ),
    ("oauth_issuer", Refused(UNSUPPORTED)),
    ("oauth_client_id", Refused(UNSUPPORTED)),
    ("oauth_client_secret", Refused(UNSUPPORTED)),
    ("oauth_scope", Refused(UNSUPPORTED)),
    ("statement-cache-capacity", Honoured),
];

/// The environment variables from which libpq, and this program, take what an address omits. An unsupported value
/// is rejected. The other variables of libpq are not read: they concern GSSAPI, service files, and how a session
/// formats texts and times. The library reads `PGPASSFILE`.
///
/// Source: <https://www.postgresql.org/docs/18/libpq-envars.html>
pub(super) const VARIABLES: [(&str, &str); 26] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGSERVICE", "service"),
    ("PGOPTIONS", "options"),
    ("PGAPPNAME", "application_name"),
    ("PGSSLMODE", "sslmode"),
    ("PGREQUIRESSL", "requiressl"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLCERTMODE", "sslcertmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGREQUIREPEER", "requirepeer"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
];
