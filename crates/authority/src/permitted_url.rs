//! Addresses that passwords may be sent to.

use std::net::IpAddr;

use thiserror::Error;
use url::Url;

/// Why passwords may not be sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UrlError {
    /// They would cross a network without TLS.
    #[error(
        "expected https: passwords may cross a network without TLS only with allow_plain = true"
    )]
    Plain,
    /// It is an address of another protocol.
    #[error("expected an address like https://host[:port]/path")]
    Scheme,
    /// It contains a user or a password.
    #[error("expected an address without a user and a password")]
    Credentials,
}

/// Permits an address of HTTP with TLS, or without it if the host is this machine or `allow_plain` is set.
///
/// # Errors
///
/// A [`UrlError`] that says why it is not permitted.
pub fn permit_url(url: &Url, allow_plain: bool) -> Result<(), UrlError> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Credentials);
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if allow_plain || url.host_str().is_some_and(is_loopback) => Ok(()),
        "http" => Err(UrlError::Plain),
        _ => Err(UrlError::Scheme),
    }
}

/// Returns whether a host is this machine: a loopback address, with or without brackets, or `localhost`.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>()
        .map_or(host.eq_ignore_ascii_case("localhost"), |address| {
            address.to_canonical().is_loopback()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_cross_a_network_only_with_tls_or_permission() {
        for (text, expected) in [
            ("https://login.example.com/x", Ok(())),
            ("http://127.0.0.1:8000/x", Ok(())),
            ("http://127.8.0.1/x", Ok(())),
            ("http://[::1]:8000/x", Ok(())),
            ("http://localhost/x", Ok(())),
            ("http://login.example.com/x", Err(UrlError::Plain)),
            ("http://localhost.example.com/x", Err(UrlError::Plain)),
            ("http://10.0.0.1/x", Err(UrlError::Plain)),
            ("ftp://login.example.com/x", Err(UrlError::Scheme)),
            ("https://u@login.example.com/x", Err(UrlError::Credentials)),
            (
                "https://u:p@login.example.com/x",
                Err(UrlError::Credentials),
            ),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(permit_url(&url, false), expected, "{text}");
        }
        let plain = Url::parse("http://login.example.com/x").unwrap();
        assert_eq!(permit_url(&plain, true), Ok(()));
    }
}
