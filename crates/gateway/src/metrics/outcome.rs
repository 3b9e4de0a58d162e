//! How a request ended, whatever status its dialect says so by.

use actix_web::Error;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;

/// How a request ended. CRM.COM's clients read 200 whatever happened; this tells what did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It got what it asked for.
    Done,
    /// It was not to get it.
    Refused,
    /// We could not say: a store is away, or there is too much to do.
    Unavailable,
    /// We could not, and should have.
    Failed,
}

impl Outcome {
    pub(super) fn of<B>(outcome: &Result<ServiceResponse<B>, Error>) -> Self {
        match outcome {
            Ok(response) => {
                let status = response.status();
                let refusal = response.response().error();
                let meant = refusal.map(|refusal| refusal.as_response_error().status_code());
                Self::by(meant.unwrap_or(status))
            }
            Err(error) => Self::by(error.as_response_error().status_code()),
        }
    }

    fn by(status: StatusCode) -> Self {
        if status == StatusCode::SERVICE_UNAVAILABLE {
            Self::Unavailable
        } else if status.is_server_error() {
            Self::Failed
        } else if status.is_client_error() {
            Self::Refused
        } else {
            Self::Done
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }
}
