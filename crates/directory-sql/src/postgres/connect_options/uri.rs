//! Splits an address as libpq does: each part is percent-decoded once, and `+` is a plus sign.

use std::net::Ipv6Addr;

use percent_encoding::percent_decode_str;

use super::AddressError;
use super::parameters::Parameters;

/// Parses an address into its parts. A parameter after the question mark overrides the part before it. Fails if
/// the address is malformed or has an unknown parameter.
pub(super) fn read(url: &str) -> Result<Parameters, AddressError> {
    let (scheme, rest) = url.split_once("://").ok_or(AddressError::Form)?;
    if !matches!(scheme, "postgres" | "postgresql") {
        return Err(AddressError::Form);
    }
    if rest.contains('#') {
        let reason = "must be written as %23, as in the user name and the password";
        return Err(AddressError::part("#", reason));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let mut parameters = Parameters::default();
    let hosts = credentials(authority, &mut parameters)?;
    // A password is followed by an @. If the authority has none, a special character has cut the password off.
    let is_cut = !authority.contains('@');
    if is_cut && database.contains('@') {
        let reason = "must be written as %2F in the user name and the password";
        return Err(AddressError::part("/", reason));
    }
    let is_cut = is_cut && query.contains('@');
    servers(hosts, &mut parameters)?;
    if !database.is_empty() {
        parameters.set("dbname", decoded("database", database)?);
    }
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let name = decoded("the name of a parameter", name)?;
        if !Parameters::knows(&name) {
            return Err(unknown(&name, is_cut));
        }
        if name == "password" {
            let reason = "must stand before the @, where it is masked when the address is shown";
            return Err(AddressError::part(name, reason));
        }
        let value = decoded(&name, value)?;
        parameters.set(&name, value);
    }
    Ok(parameters)
}

/// Returns the error for an unknown parameter. Does not quote it if it may be part of a password.
fn unknown(name: &str, is_cut: bool) -> AddressError {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '[' | ']');
    if is_cut || !name.chars().all(is_word) {
        let reason = "must be written as %3F in the user name and the password, or a parameter behind it \
                      is not known";
        return AddressError::part("?", reason);
    }
    AddressError::part(name, "no such parameter")
}

/// Sets the user name and password, and returns the text after them. Fails if one is not correctly
/// percent-encoded.
fn credentials<'a>(
    authority: &'a str,
    parameters: &mut Parameters,
) -> Result<&'a str, AddressError> {
    let Some((credentials, hosts)) = authority.rsplit_once('@') else {
        return Ok(authority);
    };
    let (user, password) = match credentials.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (credentials, None),
    };
    if !user.is_empty() {
        parameters.set("user", decoded("user name", user)?);
    }
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        parameters.set("password", decoded("password", password)?);
    }
    Ok(hosts)
}

/// Sets the hosts and ports: several are separated by commas, an IPv6 address is in brackets. Fails if one is
/// malformed.
fn servers(hosts: &str, parameters: &mut Parameters) -> Result<(), AddressError> {
    if hosts.is_empty() {
        return Ok(());
    }
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for server in hosts.split(',') {
        let (host, port) = match server.split_once(']') {
            Some((address, "")) => (format!("{address}]"), ""),
            Some((address, port)) => {
                let port = port.strip_prefix(':');
                let port = port.ok_or_else(|| bracketed("expected nothing but a port behind ]"))?;
                (format!("{address}]"), port)
            }
            None => {
                let (host, port) = server.rsplit_once(':').unwrap_or((server, ""));
                if host.contains(':') {
                    return Err(bracketed("an IPv6 address must be in brackets, like [::1]"));
                }
                (host.to_owned(), port)
            }
        };
        let host = decoded("host", &host)?;
        if host.starts_with('[') {
            let literal = without_brackets(&host);
            if literal == host {
                return Err(bracketed(
                    "expected an IPv6 address in brackets, like [::1]",
                ));
            }
            names.push(literal.to_owned());
        } else {
            names.push(host);
        }
        ports.push(decoded("port", port)?);
    }
    if names.iter().any(|name| !name.is_empty()) {
        parameters.set("host", names.join(","));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        parameters.set("port", ports.join(","));
    }
    Ok(())
}

fn bracketed(reason: &str) -> AddressError {
    AddressError::part("host", reason)
}

/// Returns an IPv6 address, which may have a zone, without its brackets. Other text is returned unchanged.
pub(super) fn without_brackets(host: &str) -> &str {
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let Some(inner) = inner else { return host };
    let address = inner.split('%').next().unwrap_or_default();
    if address.parse::<Ipv6Addr>().is_ok() {
        inner
    } else {
        host
    }
}

fn decoded(part: &str, text: &str) -> Result<String, AddressError> {
    let is_escape = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_escape) {
        let reason =
            "expected two hexadecimal digits behind each %; a percent sign is written as %25";
        return Err(AddressError::part(part, reason));
    }
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| AddressError::part(part, "expected UTF-8"))?;
    if decoded.contains('\0') {
        return Err(AddressError::part(part, "must not hold a NUL"));
    }
    Ok(decoded.into_owned())
}
