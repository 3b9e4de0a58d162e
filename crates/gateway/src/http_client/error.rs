//! Why a request has no response.

use std::io::ErrorKind;
use std::path::PathBuf;

use thiserror::Error;
use ureq::Timeout;

/// Why a request has no response.
#[derive(Debug, Error)]
pub(crate) enum RequestError {
    /// No connection to the host was made.
    #[error("connecting to {authority}: {reason}")]
    Connect { authority: String, reason: String },
    /// The connection failed before the end of the response, or the response is not HTTP.
    #[error("request to {authority}: {reason}")]
    Request { authority: String, reason: String },
    /// The host does not have the certificate that it should have, or takes another one.
    #[error("TLS with {authority}: {reason}")]
    Tls { authority: String, reason: String },
    /// The own certificate or its key cannot be used.
    #[error("{}: {reason}", file.display())]
    ClientCertificate { file: PathBuf, reason: String },
}

impl RequestError {
    pub(super) fn of_host(authority: String, error: ureq::Error) -> Self {
        if is_of_connecting(&error) {
            let reason = reason(error);
            Self::Connect { authority, reason }
        } else if is_of_tls(&error) {
            let reason = reason(error);
            Self::Tls { authority, reason }
        } else {
            let reason = reason(error);
            Self::Request { authority, reason }
        }
    }
}

fn is_of_connecting(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => true,
        // An established connection ends by one of these. A name that cannot be resolved has no kind.
        ureq::Error::Io(error) => !matches!(
            error.kind(),
            ErrorKind::BrokenPipe
                | ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset
                | ErrorKind::InvalidData
                | ErrorKind::Other
                | ErrorKind::TimedOut
                | ErrorKind::UnexpectedEof
        ),
        _ => false,
    }
}

fn is_of_tls(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => true,
        ureq::Error::Io(error) => error
            .get_ref()
            .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>),
        _ => false,
    }
}

/// Leaves out the kind of error that the library writes first.
fn reason(error: ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Rustls(error) => error.to_string(),
        error => error.to_string(),
    }
}
