//! Outcome of a request, independent of the status that its dialect sends.

use actix_web::Error;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use isogloss_dialect::back_end::Relayed;

/// Outcome of a request. CRM.COM's clients get status 200 in every case, so the status alone is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestOutcome {
    /// The request succeeded.
    Done,
    /// The client must not get what it requested.
    Refused,
    /// The gateway could not decide: a store is unavailable, or the gateway is overloaded.
    Unavailable,
    /// The gateway failed to process a request that it should have processed.
    Failed,
}

impl RequestOutcome {
    /// Returns the outcome of a request, from the status of its error rather than the one that the dialect
    /// sends.
    pub(super) fn from_result<B>(outcome: &Result<ServiceResponse<B>, Error>) -> Self {
        match outcome {
            Ok(response) => {
                if response.response().extensions().contains::<Relayed>() {
                    // The gateway has done its part, whatever the back end responded.
                    return Self::Done;
                }
                let status = response.status();
                let refusal = response.response().error();
                let meant = refusal.map(|refusal| refusal.as_response_error().status_code());
                Self::from_status(meant.unwrap_or(status))
            }
            Err(error) => Self::from_status(error.as_response_error().status_code()),
        }
    }

    /// Returns the outcome that a status stands for.
    fn from_status(status: StatusCode) -> Self {
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

    /// Returns the label of the outcome in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }
}
