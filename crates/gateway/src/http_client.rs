//! HTTP requests of the command line, `doctor` and the exporter of traces.

mod error;
mod tls;

use std::io::{ErrorKind, Read as _, Write};
use std::path::Path;
use std::time::Duration;

use ureq::http::{Request, Response};
use ureq::{Agent, AsSendBody, Body};

pub(crate) use self::error::RequestError;
pub(crate) use self::tls::system_roots;
use self::tls::{client_certificate, tls_config};
use crate::config::BaseUrl;

/// How long connecting, and each read and write after that, may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// How many bytes of a response are copied at a time.
const BUFFER: usize = 64 * 1024;

/// Sends requests to one host. Its certificate must be of an authority that the system trusts;
/// `SSL_CERT_FILE` names others. Redirects are not followed, and no proxy is used.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    base: BaseUrl,
    agent: Agent,
}

impl HttpClient {
    /// Returns a client for a host.
    pub(crate) fn new(base: BaseUrl) -> Self {
        let tls = base.is_https().then(|| tls_config(None));
        Self::build(base, tls)
    }

    /// Returns a client that authenticates to the host with a certificate and its key, in PEM. For a host
    /// without TLS, the files are not read.
    ///
    /// # Errors
    /// A file cannot be read or is not PEM, or the key is of another certificate.
    pub(crate) fn with_client_certificate(
        base: BaseUrl,
        certificate: &Path,
        key: &Path,
    ) -> Result<Self, RequestError> {
        if !base.is_https() {
            return Ok(Self::new(base));
        }
        let certificate = client_certificate(certificate, key)?;
        Ok(Self::build(base, Some(tls_config(Some(certificate)))))
    }

    fn build(base: BaseUrl, tls: Option<ureq::tls::TlsConfig>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .proxy(None)
            .user_agent("")
            .accept("")
            .timeout_connect(Some(TIMEOUT))
            .timeout_per_read(Some(TIMEOUT))
            .timeout_per_write(Some(TIMEOUT));
        let config = match tls {
            Some(tls) => config.tls_config(tls),
            None => config,
        };
        let agent = config.build().new_agent();
        Self { base, agent }
    }

    /// Returns the URL of the host.
    pub(crate) fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// Returns the URL of a path, which may have a query, below the host's.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str())
    }

    /// Sends `GET` for a path with these headers, and returns the response, whatever its status.
    ///
    /// # Errors
    /// The host is unreachable, or its response is not HTTP.
    pub(crate) fn get(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response<Vec<u8>>, RequestError> {
        let mut request = Request::get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(()))
    }

    /// Sends a request to a URL of this host, and returns the response, whatever its status.
    ///
    /// # Errors
    /// The request is invalid, the host is unreachable, or its response is not HTTP.
    pub(crate) fn send(
        &self,
        request: ureq::http::Result<Request<impl AsSendBody>>,
    ) -> Result<Response<Vec<u8>>, RequestError> {
        let (head, body) = self.exchange(request)?.into_parts();
        let body = self.read_to_end(body)?;
        Ok(Response::from_parts(head, body))
    }

    /// Sends a request, and copies the body of a response with status 200 to `file` as it arrives. Returns the
    /// response; its body is empty then.
    ///
    /// # Errors
    /// The host is unreachable, its response is not HTTP, or the file cannot be written.
    pub(crate) fn download(
        &self,
        request: ureq::http::Result<Request<()>>,
        file: &mut impl Write,
    ) -> Result<Response<Vec<u8>>, RequestError> {
        let (head, body) = self.exchange(request)?.into_parts();
        let body = if head.status == 200 {
            self.copy(body, file)?;
            Vec::new()
        } else {
            self.read_to_end(body)?
        };
        Ok(Response::from_parts(head, body))
    }

    /// Sends a request, and returns the response with an unread body. Fails if no response arrives.
    fn exchange(
        &self,
        request: ureq::http::Result<Request<impl AsSendBody>>,
    ) -> Result<Response<Body>, RequestError> {
        let request = request.map_err(|error| self.request_error(error.into()))?;
        self.agent
            .run(request)
            .map_err(|error| self.request_error(error))
    }

    /// Copies a body to `file`. Fails if the connection breaks or the file cannot be written.
    fn copy(&self, body: Body, file: &mut impl Write) -> Result<(), RequestError> {
        let mut body = body.into_reader();
        let mut buffer = vec![0; BUFFER];
        loop {
            match body.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => file
                    .write_all(&buffer[..count])
                    .map_err(RequestError::File)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.response_error(error.into())),
            }
        }
    }

    /// Returns the bytes of a body. Fails if the connection breaks.
    fn read_to_end(&self, body: Body) -> Result<Vec<u8>, RequestError> {
        let mut bytes = Vec::new();
        let read = body.into_reader().read_to_end(&mut bytes);
        read.map_err(|error| self.response_error(error.into()))?;
        Ok(bytes)
    }

    /// Returns the error of a connection that broke after the response had begun.
    fn response_error(&self, error: ureq::Error) -> RequestError {
        RequestError::from_response(self.base.authority(), error)
    }

    /// Returns the error of a request that got no response.
    fn request_error(&self, error: ureq::Error) -> RequestError {
        RequestError::from_request(self.base.authority(), error)
    }
}

#[cfg(test)]
mod tests;
