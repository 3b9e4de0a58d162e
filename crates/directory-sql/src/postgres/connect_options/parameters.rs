//! The connection parameters of libpq, and which values of them can be honoured.
//!
//! Source: <https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS>

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;

use super::{AddressError, Place};

/// What is done with a parameter.
enum Use {
    /// The library or this program honours any value that makes sense.
    Honoured,
    /// These values ask for nothing but what happens in any case.
    Only(&'static [&'static str], &'static str),
    /// It cannot be honoured, and why, or what to do instead.
    Refused(&'static str),
}

use Use::{Honoured, Only, Refused};

const UNSUPPORTED: &str = "is not supported";
const FALSE: &[&str] = &["0", "false", "off", "no"];

/// All parameters that libpq 18 has, the one of JDBC that it takes, and one of sqlx.
const ALL: &[(&str, Use)] = &[
    ("host", Honoured),
    ("hostaddr", Honoured),
    ("port", Honoured),
    ("dbname", Honoured),
    ("user", Honoured),
    // Before the @ only.
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

/// The variables of the environment from which libpq takes what an address leaves out, and this program
/// likewise: a value that cannot be honoured is refused. The others that libpq has are not read: they are about
/// GSSAPI, service files, and how a session shows texts and times. `PGPASSFILE` is the library's.
///
/// Source: <https://www.postgresql.org/docs/18/libpq-envars.html>
const VARIABLES: [(&str, &str); 26] = [
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

/// Returns the value of a variable of the environment.
pub(super) type Environment<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// What the library reads from an address by itself.
const OF_LIBRARY: [&str; 9] = [
    "dbname",
    "user",
    "password",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// The parts of an address, decoded, and what it leaves out.
#[derive(Default)]
pub(super) struct Parameters {
    values: BTreeMap<String, String>,
    /// The parameters whose values are from the environment.
    from_environment: BTreeSet<&'static str>,
}

impl Parameters {
    /// Tells whether there is such a parameter, honoured or not.
    pub(super) fn knows(name: &str) -> bool {
        ALL.iter().any(|(known, _)| *known == name) || is_option(name)
    }

    /// Takes a value. A later one wins.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.values.insert(name.to_owned(), value);
    }

    /// Takes from the environment what the address leaves out. A setting for the authorities counts for more
    /// than `PGSSLROOTCERT`.
    pub(super) fn complete(
        &mut self,
        environment: Environment<'_>,
        ca_file: Option<&Path>,
    ) -> Result<(), AddressError> {
        for (variable, name) in VARIABLES {
            let is_set = match name {
                "sslrootcert" => ca_file.is_some(),
                "sslmode" => self.get("ssl").is_some(),
                _ => false,
            };
            let value = environment(variable).filter(|value| !value.is_empty());
            let Some(value) = value.filter(|_| !is_set && self.get(name).is_none()) else {
                continue;
            };
            let value = value.into_string();
            let value = value.map_err(|_| AddressError::part(variable, "expected UTF-8"))?;
            self.set(name, value);
            self.from_environment.insert(name);
        }
        Ok(())
    }

    /// Returns what a parameter is called where its value is from.
    pub(super) fn origin(&self, part: String) -> String {
        let is_read = self.from_environment.contains(part.as_str());
        let mut variables = VARIABLES
            .iter()
            .filter(|(_, name)| is_read && *name == part);
        match variables.next() {
            Some((variable, _)) => (*variable).to_owned(),
            None => part,
        }
    }

    /// Returns a value that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// Returns the values that are separated by commas; `None` for one that is left out.
    pub(super) fn list(&self, name: &str) -> Vec<Option<String>> {
        let Some(text) = self.get(name) else {
            return Vec::new();
        };
        let values = text.split(',').map(str::to_owned);
        values
            .map(|value| (!value.is_empty()).then_some(value))
            .collect()
    }

    /// Refuses what cannot be honoured, by its name.
    pub(super) fn check(&mut self) -> Result<(), AddressError> {
        for (name, value) in &self.values {
            let found = ALL.iter().find(|(known, _)| known == name);
            let reason = match found {
                Some((_, Refused(reason))) => reason,
                Some((_, Only(values, reason)))
                    if !value.is_empty() && !values.contains(&value.as_str()) =>
                {
                    reason
                }
                Some((_, Honoured | Only(..))) | None => continue,
            };
            return Err(AddressError::part(name, *reason));
        }
        if let Some(capacity) = self.get("statement-cache-capacity")
            && capacity.parse::<usize>().is_err()
        {
            let reason = "expected a whole number";
            return Err(AddressError::part("statement-cache-capacity", reason));
        }
        if self.get("ssl").is_some() && self.get("sslmode").is_none() {
            self.set("sslmode", "require".to_owned());
        }
        Ok(())
    }

    /// Puts options before those of the address, which win over them.
    pub(super) fn prepend_options(&mut self, options: String) {
        let all = match self.get("options") {
            Some(own) => format!("{options} {own}"),
            None => options,
        };
        self.set("options", all);
    }

    /// Writes an address that the library reads as it is meant: form-encoded, since it decodes forms.
    pub(super) fn for_library(&self, place: &Place) -> String {
        const BEFORE: &str = "postgres:///?";
        let mut query = form_urlencoded::Serializer::for_suffix(BEFORE.to_owned(), BEFORE.len());
        for (name, value) in [("host", &place.host), ("port", &place.port)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        for (name, value) in &self.values {
            let is_read = OF_LIBRARY.contains(&name.as_str()) || is_option(name);
            let is_system = name == "sslrootcert" && value == "system";
            if is_read && !is_system && !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

/// A run-time parameter of the server, as sqlx writes it: `options[search_path]=isogloss`.
fn is_option(name: &str) -> bool {
    name.strip_prefix("options[")
        .is_some_and(|rest| rest.len() > 1 && rest.ends_with(']'))
}

#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}
