//! The HTTP client of authorities: no redirects, no proxy, no retries, one request per connection.

mod failure;

use bytes::Bytes;
use isogloss_core::authority::{Cause, CauseKind};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode};
use url::Url;
use zeroize::Zeroizing;

use crate::{TlsError, TlsSettings};

/// The maximum length of a response, in bytes.
pub const LONGEST_BODY: usize = 64 * 1024;
/// The media type of JSON.
pub const JSON: &str = "application/json";

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
    /// A [`TlsError`] if a file cannot be used.
    pub fn new(settings: &TlsSettings) -> Result<Self, TlsError> {
        let client = Client::builder()
            .tls_backend_preconfigured(settings.client_config()?)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            // A connection that the server is about to close would lose a password, which must not be sent again.
            .pool_max_idle_per_host(0)
            .build();
        client
            .map(Self)
            .map_err(|error| TlsError::Library(error.to_string()))
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
    /// Fails unless the media type is that of JSON, or of a format that is JSON, as `application/jwk-set+json` is.
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
        if essence.is_some_and(is_json) {
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

/// Returns whether a media type is that of JSON, or has its suffix: RFC 6839, section 3.1.
fn is_json(essence: &str) -> bool {
    let essence = essence.trim().to_ascii_lowercase();
    essence == JSON || (essence.starts_with("application/") && essence.ends_with("+json"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_json_if_it_says_so_once() {
        let declared = |types: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for media in types {
                headers.append(
                    CONTENT_TYPE,
                    reqwest::header::HeaderValue::from_static(media),
                );
            }
            HttpResponse {
                status: StatusCode::OK,
                headers,
                body: Vec::new(),
            }
        };
        for media in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/jwk-set+json",
        ] {
            assert!(declared(&[media]).expect_json().is_ok(), "{media}");
        }
        for media in ["text/html", "text/json", "application/jsonp", "json", ""] {
            assert!(declared(&[media]).expect_json().is_err(), "{media}");
        }
        assert!(declared(&[]).expect_json().is_err());
        assert!(declared(&[JSON, JSON]).expect_json().is_err());
    }
}
