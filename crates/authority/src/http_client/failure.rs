//! Why there was no complete response.

use std::error::Error;
use std::io;

use isogloss_core::authority::{Cause, CauseKind};

/// Returns the cause of a failed request. Its text has nothing of the request and of the response.
pub(super) fn cause(error: &reqwest::Error) -> Cause {
    let tls = chain(error).find_map(tls_error);
    let kind = if tls.is_some() {
        CauseKind::Tls
    } else if error.is_connect() {
        CauseKind::Connect
    } else if error.is_timeout() {
        CauseKind::Timeout
    } else {
        CauseKind::Closed
    };
    let deepest = chain(error).last();
    let detail = match (tls, deepest) {
        (Some(tls), _) => tls.to_string(),
        (None, Some(deepest)) => deepest.to_string(),
        (None, None) => "the request failed".to_owned(),
    };
    Cause::new(kind, detail)
}

/// Returns the errors that an error was caused by. The error itself has the address, and is left out.
fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let current = next?;
        next = current.source();
        Some(current)
    })
}

/// Returns the error of TLS that is in an error. Those of streams contain another one, but not as their source, and each
/// layer of the client wraps it once more.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut current = error;
    loop {
        if let Some(tls) = current.downcast_ref() {
            return Some(tls);
        }
        current = current.downcast_ref::<io::Error>()?.get_ref()?;
    }
}
