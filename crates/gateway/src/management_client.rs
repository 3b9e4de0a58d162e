//! A client for the management listener of the running gateway.

use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use isogloss_exchange::{Host, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::config::{Management, Problem, Sections, Tls, read_secret};

/// The client certificate for a management listener with `client_ca_file`.
#[derive(Args)]
pub(crate) struct Identity {
    /// Client certificate in PEM, if the management listener requires one
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_certificate: Option<PathBuf>,
    /// Private key of the client certificate
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    client_key: Option<PathBuf>,
}

impl Gateway {
    /// Whether anything is said about it.
    pub(crate) fn is_named(&self) -> bool {
        self.management.is_some() || self.key_file.is_some()
    }
}

impl Identity {
    /// Returns the host, with this client certificate.
    pub(crate) fn asks(&self, host: Host) -> isogloss_exchange::Result<Host> {
        match (&self.client_certificate, &self.client_key) {
            (Some(certificate), Some(key)) => host.asked_by(certificate, key),
            _ => Ok(host),
        }
    }
}

/// Options to reach the running gateway.
#[derive(Args)]
pub(crate) struct Gateway {
    /// URL of the management listener; default: management.bind
    #[arg(long, value_name = "URL")]
    management: Option<String>,
    /// File with the admin key; without it, the command prompts for the key
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    identity: Identity,
}

/// The gateway, and the admin key for it.
pub(crate) struct Remote {
    host: Host,
    key: SecretString,
}

#[derive(Deserialize)]
struct Refused {
    reason: String,
}

impl Remote {
    pub(crate) fn open(gateway: &Gateway, sections: &Sections) -> Result<Self> {
        let host = if let Some(url) = &gateway.management {
            url.parse()
                .map_err(|failure| Problem::new("--management", failure))?
        } else {
            let Management { bind, tls, .. } = &sections.management;
            listener(*bind, tls.as_ref())?
        };
        let host = gateway.identity.asks(host)?;
        if let Some(file) = &gateway.key_file {
            let key = read_secret("--key-file", file)?;
            return Ok(Self { host, key });
        }
        // Or a key would be typed in vain.
        host.reach().with_context(|| unreachable(&host))?;
        let key = typed_key()?;
        Ok(Self { host, key })
    }

    /// Calls a route of `/admin/…` and returns its JSON response.
    pub(crate) fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        route: &str,
        selection: &impl Serialize,
    ) -> Result<T> {
        let query = serde_urlencoded::to_string(selection)?;
        let request = self.request(&format!("{method} /admin/{route}?{query}"));
        let response = self.host.roundtrip(request.expose_secret().as_bytes());
        let response = response.with_context(|| unreachable(&self.host))?;
        if response.status == 200 {
            let body = serde_json::from_slice(&response.body);
            return body.context("the response of the gateway cannot be read");
        }
        self.refused(&response)
    }

    /// Writes what a route of `/admin/…` responds with to a file, as it comes.
    pub(crate) fn download(&self, route: &str, file: &mut impl Write) -> Result<()> {
        let request = self.request(&format!("GET /admin/{route}"));
        let request = request.expose_secret().as_bytes();
        let response = self.host.download(request, file);
        let response = response.with_context(|| unreachable(&self.host))?;
        if response.status == 200 {
            return Ok(());
        }
        self.refused(&response)
    }

    fn request(&self, line: &str) -> SecretString {
        let line = self.host.below(line);
        let key = self.key.expose_secret();
        format!("{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n").into()
    }

    fn refused<T>(&self, response: &Response) -> Result<T> {
        let refused: Result<Refused, _> = serde_json::from_slice(&response.body);
        match refused {
            Ok(Refused { reason }) => bail!("{reason}"),
            Err(_) => bail!("{} answered {}", self.host.base(), response.status),
        }
    }
}

/// A listener of this machine. One that is bound to every address is reached at loopback.
pub(crate) fn listener(mut bind: SocketAddr, tls: Option<&Tls>) -> isogloss_exchange::Result<Host> {
    if bind.ip().is_unspecified() {
        // A socket at `[::]` takes IPv4 only where the system says so.
        bind.set_ip(match bind.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    match tls {
        None => Ok(Host::from(bind)),
        Some(_) => format!("https://{bind}").parse(),
    }
}

fn unreachable(host: &Host) -> String {
    let base = host.base();
    format!("no gateway responds at {base}: start it, or give its address with --management")
}

fn typed_key() -> Result<SecretString> {
    match rpassword::prompt_password("Key of the realm admin: ") {
        Ok(key) => Ok(key.into()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => bail!("no key was entered"),
        Err(_) => bail!("there is no terminal to prompt for the key: give a file with --key-file"),
    }
}
