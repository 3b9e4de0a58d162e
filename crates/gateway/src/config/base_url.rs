//! The address of a host, below which its routes are.

use std::str::FromStr;

use thiserror::Error;
use url::Url;

/// The address of a host without a slash at its end, like `https://login.example.com` or
/// `http://localhost:8080/legacy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    text: String,
    host: String,
    port: u16,
    is_https: bool,
}

/// A text that is not the address of a host.
#[derive(Debug, Error)]
#[error("`{text}` {reason}, expected something like https://login.example.com")]
pub(crate) struct InvalidBaseUrl {
    text: String,
    reason: String,
}

impl BaseUrl {
    /// Returns the URL as text, without a slash at its end.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the host name, or the IP address without brackets.
    pub(crate) fn host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    /// Returns host and port, for a socket to connect to.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Returns whether the host is reached over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    /// Parses an `http://` or `https://` URL with or without port and path. Fails if the text is no such URL,
    /// or has a user, a query or a fragment.
    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        let invalid = |reason: &str| InvalidBaseUrl {
            text: without_credentials(text),
            reason: reason.to_owned(),
        };
        let url = Url::parse(text);
        let url = url.map_err(|error| invalid(&format!("is no address ({error})")))?;
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(invalid("names no host"));
        };
        let is_https = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(invalid("is neither http:// nor https://")),
        };
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if has_credentials || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("has more than a host, a port and a path"));
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let path = url.path().trim_end_matches('/');
        Ok(Self {
            text: format!("{}://{authority}{path}", url.scheme()),
            host: host.to_owned(),
            port,
            is_https,
        })
    }
}

/// Returns the text for an error message, with everything before the last `@` replaced: it may contain a password.
fn without_credentials(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_split_into_host_port_and_path() {
        for (text, normalised, host, authority) in [
            (
                "http://localhost:8080",
                "http://localhost:8080",
                "localhost",
                "localhost:8080",
            ),
            (
                "https://login.example.com/",
                "https://login.example.com",
                "login.example.com",
                "login.example.com:443",
            ),
            (
                "http://[::1]/legacy/",
                "http://[::1]/legacy",
                "::1",
                "[::1]:80",
            ),
        ] {
            let base: BaseUrl = text.parse().unwrap();
            assert_eq!(
                (base.as_str(), base.host(), base.authority().as_str()),
                (normalised, host, authority)
            );
        }
    }

    #[test]
    fn other_texts_are_refused_with_an_example() {
        for text in [
            "localhost:8080",
            "ftp://localhost",
            "http://",
            "http://u:p@localhost",
            "http://u@localhost",
            "http://:p@localhost",
            "http://localhost?x",
            "http://localhost#x",
            "",
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(error.ends_with("https://login.example.com"), "{error}");
        }
    }

    #[test]
    fn the_error_does_not_repeat_a_password() {
        for text in [
            "http://:hunter2@localhost",
            "http://user:hunter2@localhost",
            "http://user:hunter2@",
            "user:hunter2@localhost",
            "http://user:hunter2/@localhost",
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
