//! The connection parameters of libpq, and which of their values are supported.
//!
//! Source: <https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS>

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;

use super::{AddressError, Place};

/// How a parameter is treated.
enum Use {
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
const ALL: &[(&str, Use)] = &[
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

/// A function that returns the value of an environment variable; `None` if it is not set.
pub(super) type Environment<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// The parameters that the library reads from an address.
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

/// The decoded parts of an address, completed from the environment.
#[derive(Default)]
pub(super) struct Parameters {
    values: BTreeMap<String, String>,
    /// The parameters whose values come from the environment.
    from_environment: BTreeSet<&'static str>,
}

impl Parameters {
    /// Returns whether the parameter exists, supported or not.
    pub(super) fn knows(name: &str) -> bool {
        ALL.iter().any(|(known, _)| *known == name) || is_option(name)
    }

    /// Sets a parameter. A later value replaces an earlier one.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.values.insert(name.to_owned(), value);
    }

    /// Sets the parameters that the address omits from the environment. A configured `ca_file` overrides
    /// `PGSSLROOTCERT`. Fails if a variable is not UTF-8.
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

    /// Returns the name of the environment variable that a parameter's value comes from, or else the name of the
    /// parameter.
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

    /// Returns the value of a parameter; `None` if it is missing or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// Returns the comma-separated values of a parameter, with `None` for an omitted one. Empty if the parameter
    /// is not set.
    pub(super) fn list(&self, name: &str) -> Vec<Option<String>> {
        let Some(text) = self.get(name) else {
            return Vec::new();
        };
        let values = text.split(',').map(str::to_owned);
        values
            .map(|value| (!value.is_empty()).then_some(value))
            .collect()
    }

    /// Fails for the first unsupported value, with the name of its parameter. Otherwise sets `sslmode` if only
    /// `ssl` is set.
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

    /// Puts `options` before those of the address, which override them.
    pub(super) fn prepend_options(&mut self, options: String) {
        let all = match self.get("options") {
            Some(own) => format!("{options} {own}"),
            None => options,
        };
        self.set("options", all);
    }

    /// Returns an address that the library parses as intended: form-encoded, because it decodes parameters as
    /// forms.
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

/// Returns whether the name is a run-time parameter of the server, as sqlx writes it:
/// `options[search_path]=isogloss`.
fn is_option(name: &str) -> bool {
    name.strip_prefix("options[")
        .is_some_and(|rest| rest.len() > 1 && rest.ends_with(']'))
}

#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}
