//! One server: its address, and a connection to it.

use isogloss_authority::is_loopback;
use isogloss_core::authority::{Cause, CauseKind};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};
use tokio_rustls::TlsConnector;
use url::Url;

use crate::connection::{Connection, Stream};
use crate::message::{Answer, Operation};
use crate::{LdapSettingsError, request, tls, wire};

/// One server.
pub(crate) struct Server {
    /// The host name or IP address.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
    /// How passwords are kept from others.
    pub(crate) security: Security,
    name: String,
}

/// How passwords are kept from others on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// TLS from the beginning.
    Tls,
    /// TLS after StartTLS.
    StartTls,
    /// They are not.
    Plain,
}

impl Server {
    /// Returns the server at an address. Fails if it is none, or if passwords would cross a network without TLS.
    pub(crate) fn new(
        url: &Url,
        start_tls: bool,
        allow_plain: bool,
    ) -> Result<Self, LdapSettingsError> {
        let refused = || LdapSettingsError::Url(url.clone());
        let (security, port) = match (url.scheme(), start_tls) {
            ("ldaps", _) => (Security::Tls, 636),
            ("ldap", true) => (Security::StartTls, 389),
            ("ldap", false) => (Security::Plain, 389),
            _ => return Err(refused()),
        };
        let rest = [url.query(), url.fragment(), url.password()];
        let is_bare = rest.iter().all(Option::is_none)
            && url.username().is_empty()
            && matches!(url.path(), "" | "/");
        let host = url.host_str().unwrap_or_default();
        if host.is_empty() || host.contains('%') || !is_bare {
            return Err(refused());
        }
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        if security == Security::Plain && !allow_plain && !is_loopback(&host) {
            return Err(LdapSettingsError::Plain(url.clone()));
        }
        Ok(Self {
            host,
            port: url.port().unwrap_or(port),
            security,
            name: url.as_str().trim_end_matches('/').to_owned(),
        })
    }

    /// Returns the address as it was configured.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Connects, with TLS if the settings say so. Fails if that takes longer than `limit`.
    pub(crate) async fn connect(
        &self,
        connector: &TlsConnector,
        limit: Duration,
    ) -> Result<Connection, Cause> {
        let connected = timeout(limit, async {
            let stream = self.dial().await?;
            self.secure(connector, stream).await
        });
        connected
            .await
            .unwrap_or_else(|_| Err(Cause::new(CauseKind::Timeout, "no connection in time")))
            .map_err(|cause| self.name_in(&cause))
    }

    /// Opens a TCP connection.
    pub(crate) async fn dial(&self) -> Result<TcpStream, Cause> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|error| Cause::new(CauseKind::Connect, error))?;
        // Requests are small, and each waits for its answer.
        drop(stream.set_nodelay(true));
        Ok(stream)
    }

    /// Makes a connection secure, if the settings say so.
    pub(crate) async fn secure(
        &self,
        connector: &TlsConnector,
        mut stream: TcpStream,
    ) -> Result<Connection, Cause> {
        let (stream, description): (Box<dyn Stream>, _) = match self.security {
            Security::Plain => (Box::new(stream), "no TLS".to_owned()),
            Security::Tls | Security::StartTls => {
                if self.security == Security::StartTls {
                    start_tls(&mut stream).await?;
                }
                let secured = tls::secure(connector, &self.host, stream).await?;
                let description = tls::description(&secured);
                (Box::new(secured), description)
            }
        };
        Ok(Connection::new(stream, description))
    }

    /// Returns a cause with the server's name before it.
    pub(crate) fn name_in(&self, cause: &Cause) -> Cause {
        Cause::new(cause.kind, format!("{}: {}", self.name, cause.detail))
    }
}

/// Asks for TLS. What the server sends after its consent is read by TLS, and by nothing else.
async fn start_tls(stream: &mut TcpStream) -> Result<(), Cause> {
    let sent = stream.write_all(&request::start_tls(1)).await;
    sent.map_err(|error| wire::closed(&error))?;
    let answer = Answer::parse(wire::read_message(stream, wire::MessageLimits::USUAL).await?)?;
    match answer.operation {
        Operation::Extended(outcome) if outcome.code == 0 => Ok(()),
        Operation::Extended(outcome) => Err(Cause::new(
            CauseKind::Tls,
            format!(
                "the server refuses StartTLS with result code {}",
                outcome.code
            ),
        )),
        Operation::Bind(_) | Operation::Entry(_) | Operation::Done(_) | Operation::Reference => {
            Err(wire::malformed("it is not about StartTLS"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str, start_tls: bool, allow_plain: bool) -> Result<Server, LdapSettingsError> {
        Server::new(&url.parse().unwrap(), start_tls, allow_plain)
    }

    #[test]
    fn passwords_cross_a_network_only_with_tls_or_permission() {
        for loopback in [
            "ldap://127.0.0.1",
            "ldap://127.8.9.1:3",
            "ldap://[::1]",
            "ldap://LOCALHOST",
        ] {
            assert_eq!(
                server(loopback, false, false).unwrap().security,
                Security::Plain
            );
        }
        for remote in [
            "ldap://10.0.0.1",
            "ldap://localhost.example.com",
            "ldap://[2001:db8::1]:389",
        ] {
            assert!(matches!(
                server(remote, false, false),
                Err(LdapSettingsError::Plain(_))
            ));
            assert_eq!(
                server(remote, true, false).unwrap().security,
                Security::StartTls
            );
            assert_eq!(
                server(remote, false, true).unwrap().security,
                Security::Plain
            );
        }
        assert_eq!(
            server("ldaps://a.example", true, true).unwrap().security,
            Security::Tls
        );
    }

    #[test]
    fn addresses_have_a_host_and_nothing_else() {
        let server = |url| server(url, false, true);
        let ports =
            ["ldap://a", "ldaps://a", "ldap://a:3890/"].map(|url| server(url).unwrap().port);
        assert_eq!(ports, [389, 636, 3890]);
        assert_eq!(server("ldap://[::1]").unwrap().host, "::1");
        for url in [
            "https://a",
            "ldapi://a",
            "ldap:a",
            "ldap:///dc=a",
            "ldap://a/dc=a",
            "ldap://u:p@a",
            "ldap://a?x",
            "ldap://%41",
        ] {
            assert!(
                matches!(server(url), Err(LdapSettingsError::Url(_))),
                "{url}"
            );
        }
    }
}
