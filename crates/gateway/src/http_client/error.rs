//! The error of a request that gets no response.

use std::io::ErrorKind;
use std::path::PathBuf;

use thiserror::Error;
use ureq::Timeout;

use super::TIMEOUT;

/// Reason why a request has no response.
#[derive(Debug, Error)]
pub(crate) enum RequestError {
    /// No connection to the host was made.
    #[error("connecting to {authority}: {reason}")]
    Connect { authority: String, reason: String },
    /// The connection failed before the end of the response, or the response is not HTTP.
    #[error("request to {authority}: {reason}")]
    Request { authority: String, reason: String },
    /// The host does not have the certificate that it should have, or does not accept that of the client.
    #[error("TLS with {authority}: {reason}")]
    Tls { authority: String, reason: String },
    /// The response cannot be written to the file.
    #[error("cannot write the response: {0}")]
    File(#[source] std::io::Error),
    /// The client's own certificate or its key cannot be used.
    #[error("{}: {reason}", file.display())]
    ClientCertificate { file: PathBuf, reason: String },
}

impl RequestError {
    /// Converts the error of a request whose response has not begun: the connection may have failed.
    pub(super) fn from_request(authority: String, error: ureq::Error) -> Self {
        if is_connect_error(&error) {
            let reason = reason(error);
            Self::Connect { authority, reason }
        } else {
            Self::from_response(authority, error)
        }
    }

    /// Converts the error of an established connection.
    pub(super) fn from_response(authority: String, error: ureq::Error) -> Self {
        let is_tls_error = is_tls_error(&error);
        let reason = reason(error);
        if is_tls_error {
            Self::Tls { authority, reason }
        } else {
            Self::Request { authority, reason }
        }
    }
}

/// Returns whether no connection was made. ureq reports I/O errors of connecting and of an established
/// connection alike; only a connector of our own could tell them apart, on ureq's unversioned API. So the kinds
/// with which an established connection ends are excluded.
fn is_connect_error(error: &ureq::Error) -> bool {
    if let ureq::Error::Io(error) = error {
        // An established connection ends with one of these. A name that cannot be resolved has none of them.
        return !matches!(
            error.kind(),
            ErrorKind::BrokenPipe
                | ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset
                | ErrorKind::InvalidData
                | ErrorKind::Other
                | ErrorKind::TimedOut
                | ErrorKind::UnexpectedEof
        );
    }
    matches!(
        error,
        ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve)
    )
}

/// Returns whether TLS failed.
fn is_tls_error(error: &ureq::Error) -> bool {
    if let ureq::Error::Io(error) = error {
        let source = error.get_ref();
        return source.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
    }
    matches!(error, ureq::Error::Tls(_) | ureq::Error::Rustls(_))
}

/// Returns the text of an error, without the kind that the library writes before it.
fn reason(error: ureq::Error) -> String {
    if let ureq::Error::Io(error) = error {
        error.to_string()
    } else if let ureq::Error::Rustls(error) = error {
        error.to_string()
    } else if let ureq::Error::Protocol(error) = error {
        error.to_string()
    } else if matches!(
        error,
        ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve)
    ) {
        format!("no connection within {TIMEOUT:?}")
    } else if matches!(error, ureq::Error::Timeout(Timeout::PerRead)) {
        format!("no response for {TIMEOUT:?}")
    } else if matches!(error, ureq::Error::Timeout(Timeout::PerWrite)) {
        format!("sending took longer than {TIMEOUT:?}")
    } else {
        error.to_string()
    }
}
