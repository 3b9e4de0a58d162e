//! The address of a mail server.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

const EXPECTED: &str = "expected smtps://[user:password@]host[:port], or \
    smtp://[user:password@]host[:port][?tls=required|opportunistic]";

/// A mail server, and how it is spoken to. The library reads such addresses, too, but looks for the
/// brackets of an IPv6 address in the DNS.
pub(crate) struct SmtpServer {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<(String, SecretString)>,
    /// Our name in `EHLO`: the path of the address.
    hello: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    None,
    Opportunistic,
    StartTls,
    Tls,
}

impl SmtpServer {
    /// Parses an `smtp` or `smtps` address. Fails with a message that says what is expected.
    pub(crate) fn parse(address: &str) -> Result<Self, &'static str> {
        let url = Url::parse(address).map_err(|_| EXPECTED)?;
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(EXPECTED),
        };
        let parameters: Vec<_> = url.query_pairs().collect();
        let tls = match parameters.as_slice() {
            [] => None,
            [(name, value)] if name == "tls" => Some(value.as_ref()),
            _ => return Err(EXPECTED),
        };
        let (security, port) = match (url.scheme(), tls) {
            ("smtp", None) => (Security::None, SMTP_PORT),
            ("smtp", Some("opportunistic")) => (Security::Opportunistic, SUBMISSION_PORT),
            ("smtp", Some("required")) => (Security::StartTls, SUBMISSION_PORT),
            ("smtps", None | Some("required")) => (Security::Tls, SUBMISSIONS_PORT),
            _ => return Err(EXPECTED),
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (_, None) => return Err(EXPECTED),
            (user, Some(password)) => Some((decoded(user)?, decoded(password)?.into())),
        };
        let hello = url.path().trim_matches('/');
        if url.fragment().is_some() || !hello.bytes().all(is_of_name) {
            return Err(EXPECTED);
        }
        Ok(Self {
            host,
            port: url.port().unwrap_or(port),
            security,
            credentials,
            hello: (!hello.is_empty()).then(|| hello.to_owned()),
        })
    }

    /// Returns the transport for this server, which waits at most `timeout` for each response. Fails if the
    /// host name cannot be used for TLS.
    pub(crate) fn transport(
        &self,
        timeout: Duration,
    ) -> Result<AsyncSmtpTransport<Tokio1Executor>, Error> {
        let parameters = || TlsParameters::new(self.host.clone());
        let tls = match self.security {
            Security::None => Tls::None,
            Security::Opportunistic => Tls::Opportunistic(parameters()?),
            Security::StartTls => Tls::Required(parameters()?),
            Security::Tls => Tls::Wrapper(parameters()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&*self.host)
            .port(self.port)
            .tls(tls)
            .timeout(Some(timeout));
        if let Some((user, password)) = &self.credentials {
            let password = password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        if let Some(name) = &self.hello {
            builder = builder.hello_name(ClientId::Domain(name.clone()));
        }
        Ok(builder.build())
    }
}

/// Returns whether the byte may be in a host name or an address literal.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte)
}

/// Decodes percent-encoded text. Fails if the result is not UTF-8.
fn decoded(text: &str) -> Result<String, &'static str> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(Into::into).map_err(|_| EXPECTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_are_taken_apart() {
        for (address, host, port, security, user) in [
            ("smtp://localhost", "localhost", 25, Security::None, None),
            ("smtp://[::1]:2525", "::1", 2525, Security::None, None),
            (
                "smtps://[2001:db8::1]",
                "2001:db8::1",
                465,
                Security::Tls,
                None,
            ),
            (
                "smtp://192.0.2.1?tls=required",
                "192.0.2.1",
                587,
                Security::StartTls,
                None,
            ),
            (
                "smtp://u%40h:a+b%2Bc@mail.example?tls=opportunistic",
                "mail.example",
                587,
                Security::Opportunistic,
                Some(("u@h", "a+b+c")),
            ),
        ] {
            let server = SmtpServer::parse(address).unwrap();
            assert_eq!(
                (&*server.host, server.port, server.security),
                (host, port, security)
            );
            let credentials = server.credentials.as_ref();
            let credentials =
                credentials.map(|(user, password)| (&**user, password.expose_secret()));
            assert_eq!(credentials, user, "{address}");
            server.transport(Duration::from_secs(1)).unwrap();
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for address in [
            "smtp:localhost",
            "smtp://",
            "smtps://:465",
            "smtp://h:99999",
            "smtp://h?tls=maybe",
            "smtp://h?tsl=required",
            "smtps://h?tls=opportunistic",
            "smtp://user@h",
            "smtp://u:%ff@h",
            "smtp://[::1",
            "smtp://h/a b",
            "smtp://h#x",
        ] {
            assert!(SmtpServer::parse(address).is_err(), "{address}");
        }
    }
}
