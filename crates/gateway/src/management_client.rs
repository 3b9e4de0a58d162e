//! A client for the management listener of the running gateway.

use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use ureq::http::request::Builder;
use ureq::http::{Method, Request, Response};

use crate::config::{BaseUrl, ConfigError, InvalidBaseUrl, Management, Sections, Tls, read_secret};
use crate::http_client::{HttpClient, RequestError};

/// The client certificate for a management listener with `client_ca_file`.
#[derive(Args)]
pub(crate) struct ClientCertificateArgs {
    /// Client certificate in PEM, if the management listener requires one
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_certificate: Option<PathBuf>,
    /// Private key of the client certificate
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    client_key: Option<PathBuf>,
}

impl Gateway {
    /// Returns whether the options name a gateway or a key.
    pub(crate) fn is_named(&self) -> bool {
        self.management.is_some() || self.key_file.is_some()
    }
}

impl ClientCertificateArgs {
    /// Returns a client for a management listener, which authenticates by the certificate if one is given.
    /// Fails if certificate or key cannot be used.
    pub(crate) fn client(&self, listener: BaseUrl) -> Result<HttpClient, RequestError> {
        match (&self.client_certificate, &self.client_key) {
            (Some(certificate), Some(key)) => {
                HttpClient::with_client_certificate(listener, certificate, key)
            }
            _ => Ok(HttpClient::new(listener)),
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
    client_certificate_args: ClientCertificateArgs,
}

/// A running gateway, and a key of its realm `admin`.
pub(crate) struct ManagementClient {
    client: HttpClient,
    key: SecretString,
}

#[derive(Deserialize)]
struct ErrorBody {
    reason: String,
}

impl ManagementClient {
    /// Returns a client for the management listener that the options name, or for the configured one. Reads the
    /// key from its file or from the terminal. Fails if the URL is invalid, the key cannot be read, or the
    /// gateway is unreachable before the prompt.
    pub(crate) fn open(gateway: &Gateway, sections: &Sections) -> Result<Self> {
        let base = if let Some(url) = &gateway.management {
            url.parse()
                .map_err(|error| ConfigError::new("--management", error))?
        } else {
            let Management { bind, tls, .. } = &sections.management;
            listener_url(*bind, tls.as_ref())?
        };
        let client = gateway.client_certificate_args.client(base)?;
        if let Some(file) = &gateway.key_file {
            let key = read_secret("--key-file", file)?;
            return Ok(Self { client, key });
        }
        // Before the operator types a key in vain.
        client
            .get("/", &[])
            .map_err(|error| with_advice(error, &client))?;
        let key = prompt_for_key()?;
        Ok(Self { client, key })
    }

    /// Sends a request to a route below `/admin`, and returns its JSON response. Fails if the gateway is
    /// unreachable or refuses the request, with the reason that it gives.
    pub(crate) fn call<T: DeserializeOwned>(
        &self,
        method: &Method,
        route: &str,
        query: &impl Serialize,
    ) -> Result<T> {
        let query = serde_urlencoded::to_string(query)?;
        let request = self.build_request(method, &format!("{route}?{query}"))?;
        let response = if *method == Method::POST {
            self.client.send(request.body(&[][..]))
        } else {
            self.client.send(request.body(()))
        };
        self.json_of(response)
    }

    /// Parses the JSON of a response. Fails if there is no response, or with the reason of a refusal.
    fn json_of<T: DeserializeOwned>(
        &self,
        response: Result<Response<Vec<u8>>, RequestError>,
    ) -> Result<T> {
        let response = response.map_err(|error| with_advice(error, &self.client))?;
        if response.status() == 200 {
            let body = serde_json::from_slice(response.body());
            return body.context("the response of the gateway cannot be read");
        }
        self.response_error(&response)
    }

    /// Sends a JSON body to a route below `/admin`, and returns its JSON response. Fails if the gateway is unreachable or
    /// refuses the request, with the reason that it gives.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        route: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let request = self.build_request(&Method::POST, route)?;
        let request = request.header(CONTENT_TYPE, "application/json");
        let body = serde_json::to_vec(body)?;
        self.json_of(self.client.send(request.body(&body[..])))
    }

    /// Writes the response of a route below `/admin` to a file as it arrives. Fails if the gateway is
    /// unreachable or refuses the request, or the file cannot be written.
    pub(crate) fn download(&self, route: &str, file: &mut impl Write) -> Result<()> {
        let request = self.build_request(&Method::GET, route)?.body(());
        let response = self.client.download(request, file);
        let response = response.map_err(|error| with_advice(error, &self.client))?;
        if response.status() == 200 {
            return Ok(());
        }
        self.response_error(&response)
    }

    /// Returns a request with the key. Fails if the key cannot be in a header.
    fn build_request(&self, method: &Method, route: &str) -> Result<Builder> {
        let url = self.client.url(&format!("/admin/{route}"));
        let bearer = format!("Bearer {}", self.key.expose_secret());
        let bearer = HeaderValue::try_from(bearer);
        let mut bearer = bearer.context("the key has characters that no key has")?;
        bearer.set_sensitive(true);
        let request = Request::builder().method(method).uri(url);
        Ok(request.header(AUTHORIZATION, bearer))
    }

    /// Always fails: with the reason in a response, or with its status if it has no reason.
    fn response_error<T>(&self, response: &Response<Vec<u8>>) -> Result<T> {
        let response_error: Result<ErrorBody, _> = serde_json::from_slice(response.body());
        if let Ok(ErrorBody { reason }) = response_error {
            bail!("{reason}");
        }
        let (base, status) = (self.client.base().as_str(), response.status().as_u16());
        bail!("{base} responded with {status}")
    }
}

/// Returns the URL of a listener of this machine; loopback if it is bound to all addresses. Fails if the
/// address cannot be in a URL.
pub(crate) fn listener_url(
    mut bind: SocketAddr,
    tls: Option<&Tls>,
) -> Result<BaseUrl, InvalidBaseUrl> {
    if bind.ip().is_unspecified() {
        // A socket at `[::]` takes IPv4 only where the system says so.
        bind.set_ip(match bind.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{bind}").parse()
}

/// Converts the error of a request. Adds advice if the gateway is unreachable.
fn with_advice(error: RequestError, client: &HttpClient) -> anyhow::Error {
    let is_unreachable = matches!(error, RequestError::Connect { .. });
    let error = anyhow::Error::from(error);
    if !is_unreachable {
        return error;
    }
    let base = client.base().as_str();
    error.context(format!(
        "no gateway responds at {base}: start it, or give its address with --management"
    ))
}

/// Prompts for the key at the terminal, and returns it. Fails if there is no terminal or no key is entered.
fn prompt_for_key() -> Result<SecretString> {
    match rpassword::prompt_password("Key of the realm admin: ") {
        Ok(key) => Ok(key.into()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => bail!("no key was entered"),
        Err(_) => bail!("there is no terminal to prompt for the key: give a file with --key-file"),
    }
}
