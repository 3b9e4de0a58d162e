//! Parses a `postgres://` address with the parameters of libpq, and rejects unsupported ones.

mod known_parameters;
mod parameters;
#[cfg(test)]
mod tests;
mod uri;

use std::fs::File;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use thiserror::Error;

use self::parameters::{Environment, Parameters};
use super::servers::{Servers, SessionAttributes};

/// Why an address is rejected. The message quotes no value, because that could be a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// The address has another format.
    #[error("expected postgres://[user[:password]@]host[:port]/database[?parameter=value&…]")]
    Form,
    /// A part of the address is invalid, or a parameter is not supported.
    #[error("{part}: {reason}")]
    Part {
        /// The name of the part, such as `port` or `channel_binding`.
        part: String,
        /// The reason, and what to do.
        reason: String,
    },
}

impl AddressError {
    fn part(part: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Part {
            part: part.into(),
            reason: reason.into(),
        }
    }
}

/// Parses an address, completes it from the environment, and returns its servers. `ca_file` is the setting that
/// demands a server certificate of its authorities. Fails if the address is invalid, if a parameter is not
/// supported, or if a file cannot be opened.
pub(super) fn read(url: &str, ca_file: Option<&Path>) -> Result<Servers, AddressError> {
    read_in(&|variable| std::env::var_os(variable), url, ca_file)
}

fn read_in(
    environment: Environment<'_>,
    url: &str,
    ca_file: Option<&Path>,
) -> Result<Servers, AddressError> {
    let mut parameters = uri::read(url)?;
    parameters.complete(environment, ca_file)?;
    servers_of(&mut parameters, ca_file).map_err(|error| match error {
        AddressError::Form => AddressError::Form,
        AddressError::Part { part, reason } => AddressError::Part {
            part: parameters.origin(part),
            reason,
        },
    })
}

fn servers_of(
    parameters: &mut Parameters,
    ca_file: Option<&Path>,
) -> Result<Servers, AddressError> {
    parameters.check()?;
    let session = session_attributes(parameters)?;
    let connect_timeout = connect_timeout(parameters)?;
    let mode = ssl_mode(parameters, ca_file)?;
    check_files(parameters)?;
    let is_named = mode.is_some_and(|mode| matches!(mode, PgSslMode::VerifyFull));
    let places = places(parameters, is_named)?;
    let client_messages = "-c client_min_messages=warning".to_owned();
    parameters.prepend_options(client_messages);
    let mut each = Vec::new();
    for place in places {
        let options = PgConnectOptions::from_str(&parameters.for_library(&place))
            .map_err(|_| AddressError::Form)?;
        let options = for_all(options, mode, ca_file, parameters);
        if options.get_database().is_none_or(str::is_empty) {
            return Err(AddressError::part(
                "database",
                "expected a name, like /isogloss",
            ));
        }
        each.push(options);
    }
    Ok(Servers::new(each, session, connect_timeout))
}

fn for_all(
    options: PgConnectOptions,
    mode: Option<PgSslMode>,
    ca_file: Option<&Path>,
    parameters: &Parameters,
) -> PgConnectOptions {
    let mut options = options.disable_statement_logging();
    if options.get_application_name().is_none() {
        let fallback = parameters.get("fallback_application_name");
        options = options.application_name(fallback.unwrap_or("isogloss"));
    }
    if let Some(mode) = mode {
        options = options.ssl_mode(mode);
    }
    let Some(file) = ca_file else { return options };
    // The setting `ca_file` demands that the server proves its identity.
    if !matches!(options.get_ssl_mode(), PgSslMode::VerifyCa) {
        options = options.ssl_mode(PgSslMode::VerifyFull);
    }
    options.ssl_root_cert(file)
}

/// The host and port of a server, as far as the address sets them: a name, an IP address, or the folder of a
/// socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Place {
    host: Option<String>,
    port: Option<String>,
}

/// Pairs hosts with ports, as libpq does: a single port is for all hosts. Fails if the numbers differ or a value is
/// invalid, or if `host` and `hostaddr` differ although the server must prove its name (`is_named`).
fn places(parameters: &Parameters, is_named: bool) -> Result<Vec<Place>, AddressError> {
    let hosts = parameters.list("host");
    let addresses = parameters.list("hostaddr");
    let ports = parameters.list("port");
    for address in addresses.iter().flatten() {
        let without_zone = address.split('%').next().unwrap_or_default();
        if without_zone.parse::<std::net::IpAddr>().is_err() {
            return Err(AddressError::part("hostaddr", "expected an IP address"));
        }
    }
    if addresses.is_empty() {
        return paired(hosts, &ports);
    }
    if !hosts.is_empty() && hosts.len() != addresses.len() {
        return Err(AddressError::part(
            "hostaddr",
            "expected as many as there are in host",
        ));
    }
    if is_named && !hosts.is_empty() && hosts != addresses {
        return Err(AddressError::part(
            "hostaddr",
            "cannot be combined with another host while the server must prove its name \
             (sslmode=verify-full, or directory.ca_file); name the host alone",
        ));
    }
    let either = addresses
        .into_iter()
        .enumerate()
        .map(|(index, address)| address.or_else(|| hosts.get(index).cloned().flatten()));
    paired(either.collect(), &ports)
}

fn paired(
    hosts: Vec<Option<String>>,
    ports: &[Option<String>],
) -> Result<Vec<Place>, AddressError> {
    for port in ports.iter().flatten() {
        if port.parse::<u16>().is_err() || port == "0" {
            return Err(AddressError::part(
                "port",
                "expected a number from 1 to 65535",
            ));
        }
    }
    for host in hosts.iter().flatten() {
        if host.starts_with('@') {
            return Err(AddressError::part(
                "host",
                "abstract sockets are not supported",
            ));
        }
    }
    let hosts = if hosts.is_empty() { vec![None] } else { hosts };
    if ports.len() > 1 && ports.len() != hosts.len() {
        return Err(AddressError::part(
            "port",
            "expected one, or one for each host",
        ));
    }
    let port = |index: usize| match ports {
        [one] => one.clone(),
        several => several.get(index).cloned().flatten(),
    };
    let places = hosts.into_iter().enumerate().map(|(index, host)| Place {
        host: host.map(|host| uri::without_brackets(&host).to_owned()),
        port: port(index),
    });
    Ok(places.collect())
}

fn session_attributes(parameters: &Parameters) -> Result<SessionAttributes, AddressError> {
    let Some(wanted) = parameters.get("target_session_attrs") else {
        return Ok(SessionAttributes::Any);
    };
    SessionAttributes::named(wanted).ok_or_else(|| {
        let names = SessionAttributes::ALL.map(|(name, _)| name).join(", ");
        AddressError::part("target_session_attrs", format!("expected one of {names}"))
    })
}

/// Returns the time limit for connecting to a server, given in seconds. `None` if it is not set, zero or negative:
/// then only `directory.timeout` limits it, which holds in any case. Fails if it is not a whole number.
fn connect_timeout(parameters: &Parameters) -> Result<Option<Duration>, AddressError> {
    let Some(seconds) = parameters.get("connect_timeout") else {
        return Ok(None);
    };
    let seconds: i32 = seconds
        .trim()
        .parse()
        .map_err(|_| AddressError::part("connect_timeout", "expected a whole number of seconds"))?;
    let seconds = u64::try_from(seconds).unwrap_or(0);
    Ok((seconds > 0).then_some(Duration::from_secs(seconds)))
}

/// Returns the TLS mode that the address and `directory.ca_file` demand; `None` if neither does. Fails if the mode
/// is unknown or contradicts the other settings.
fn ssl_mode(
    parameters: &Parameters,
    ca_file: Option<&Path>,
) -> Result<Option<PgSslMode>, AddressError> {
    let named = match parameters.get("sslmode") {
        None => None,
        // May encrypt where libpq would not, and connects in all cases in which libpq would.
        Some("allow" | "prefer") => Some(PgSslMode::Prefer),
        Some("disable") => Some(PgSslMode::Disable),
        Some("require") => Some(PgSslMode::Require),
        Some("verify-ca") => Some(PgSslMode::VerifyCa),
        Some("verify-full") => Some(PgSslMode::VerifyFull),
        Some(_) => {
            let modes = "expected disable, allow, prefer, require, verify-ca or verify-full";
            return Err(AddressError::part("sslmode", modes));
        }
    };
    let root = parameters.get("sslrootcert");
    if ca_file.is_some() {
        if root.is_some() {
            let reason = "directory.ca_file is set, too; name the authorities in one of them";
            return Err(AddressError::part("sslrootcert", reason));
        }
        return Ok(match named {
            Some(PgSslMode::VerifyCa) => named,
            _ => Some(PgSslMode::VerifyFull),
        });
    }
    match (root, named) {
        (Some("system"), None | Some(PgSslMode::VerifyFull)) => Ok(Some(PgSslMode::VerifyFull)),
        (Some("system"), Some(_)) => Err(AddressError::part(
            "sslmode",
            "expected verify-full with sslrootcert=system",
        )),
        // libpq does the same.
        (Some(_), Some(PgSslMode::Require)) => Ok(Some(PgSslMode::VerifyCa)),
        (Some(_) | None, named) => Ok(named),
    }
}

/// Opens the files that the address names, to report a missing one before any connection is opened. Fails if one
/// cannot be opened, or if only one of `sslcert` and `sslkey` is set.
fn check_files(parameters: &Parameters) -> Result<(), AddressError> {
    for name in ["sslrootcert", "sslcert", "sslkey"] {
        if let Some(file) = parameters.get(name)
            && !(name == "sslrootcert" && file == "system")
            && let Err(error) = File::open(file)
        {
            return Err(AddressError::part(name, format!("{file}: {error}")));
        }
    }
    match (parameters.get("sslcert"), parameters.get("sslkey")) {
        (Some(_), None) => Err(AddressError::part(
            "sslkey",
            "expected together with sslcert",
        )),
        (None, Some(_)) => Err(AddressError::part(
            "sslcert",
            "expected together with sslkey",
        )),
        (Some(_), Some(_)) | (None, None) => Ok(()),
    }
}
