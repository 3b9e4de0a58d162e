//! The HTTP client of authorities: no redirects, no proxy, no retries, one request per connection.

mod connection;
mod failure;
mod permitted_url;
mod tls;

use std::path::PathBuf;

use bytes::Bytes;
use isogloss_core::authority::{Cause, CauseKind};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode};
use thiserror::Error;
use url::Url;
use zeroize::Zeroizing;

pub use self::connection::connection_step;
pub use self::permitted_url::{UrlError, permit_url};

/// The maximum length of a response, in bytes.
pub const LONGEST_BODY: usize = 64 * 1024;
/// The media type of JSON.
pub const JSON: &str = "application/json";

/// The files of an [`HttpClient`].
#[derive(Debug, Clone, Default)]
pub struct ClientSettings {
    /// Certificates (PEM) of the authorities to trust, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The certificate (PEM) by which the client identifies itself.
    pub client_certificate_file: Option<PathBuf>,
    /// The private key (PEM) of that certificate.
    pub client_key_file: Option<PathBuf>,
}

/// Why there is no client. A message about a file begins with the name of its setting.
#[derive(Debug, Error)]
pub enum ClientError {
    /// One of the two files of the client certificate is missing.
    #[error("client_certificate_file: needs client_key_file, and the other way round")]
    HalfIdentity,
    /// A file cannot be used.
    #[error("{setting}: {}: {problem}", file.display())]
    File {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong with it. Holds nothing of its contents.
        problem: String,
    },
    /// The system has no certificates of authorities.
    #[error("ca_file: missing, and the system has no certificates of authorities to trust")]
    NoRoots,
    /// TLS cannot be used.
    #[error("TLS cannot be used: {0}")]
    Tls(String),
}

/// A request to an authority.
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, which may hold a password.
    pub body: Zeroizing<Vec<u8>>,
}

/// A complete response.
pub struct HttpResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, not longer than [`LONGEST_BODY`].
    pub body: Vec<u8>,
}

/// An HTTP client.
#[derive(Debug, Clone)]
pub struct HttpClient(Client);

impl HttpClient {
    /// Creates a client. Reads the files that the settings name, and opens no connection.
    ///
    /// # Errors
    ///
    /// A [`ClientError`] if a file cannot be used.
    pub fn new(settings: &ClientSettings) -> Result<Self, ClientError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::config(settings)?)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            // A connection that the server is about to close would lose a password, which must not be sent again.
            .pool_max_idle_per_host(0)
            .build();
        client
            .map(Self)
            .map_err(|error| ClientError::Tls(error.to_string()))
    }

    /// Sends a request, once, and returns the response when it is complete. Takes as long as it takes.
    ///
    /// # Errors
    ///
    /// The [`Cause`] if there is no complete response of permitted length. Its text has nothing of the request.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Cause> {
        let sent = self
            .0
            .request(request.method, request.url)
            .headers(request.headers)
            .body(Bytes::from_owner(request.body))
            .send()
            .await;
        let mut response = sent.map_err(|error| failure::cause(&error))?;
        Ok(HttpResponse {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: body(response).await?,
        })
    }
}

impl HttpResponse {
    /// Fails unless the media type is that of JSON, with any parameters.
    ///
    /// # Errors
    ///
    /// A [`Cause`] if it is another one, or none.
    pub fn expect_json(&self) -> Result<(), Cause> {
        let mut types = self.headers.get_all(CONTENT_TYPE).iter();
        let only = types.next().filter(|_| types.next().is_none());
        let essence = only
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next());
        if essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON)) {
            return Ok(());
        }
        let detail = format!("the response is not declared as {JSON}");
        Err(Cause::new(CauseKind::Response, detail))
    }

    /// Returns the cause that a status means that was not expected.
    pub fn unexpected_status(&self) -> Cause {
        let status = self.status;
        let kind = match status {
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED => CauseKind::Configuration,
            StatusCode::TOO_MANY_REQUESTS => CauseKind::Refused,
            _ if status.is_server_error() => CauseKind::Refused,
            _ => CauseKind::Response,
        };
        let redirect = if status.is_redirection() {
            ", redirects are not followed"
        } else {
            ""
        };
        Cause::new(kind, format!("status {}{redirect}", status.as_u16()))
    }
}

/// Returns the whole body. Fails if it is too long, or if the connection ends before its end.
async fn body(mut response: Response) -> Result<Vec<u8>, Cause> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| failure::cause(&error))?
    {
        if body.len() + chunk.len() > LONGEST_BODY {
            let detail = format!("the response is longer than {LONGEST_BODY} bytes");
            return Err(Cause::new(CauseKind::Response, detail));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
