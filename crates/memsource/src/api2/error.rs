//! The dialect's errors in the wording of `api2`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use isogloss_core::AuthError;
use thiserror::Error as ThisError;

use crate::error::Error;

/// An error with a description where the old API has none.
#[derive(Debug, ThisError)]
#[error(transparent)]
pub(crate) struct Api2Error(#[from] Error);

impl From<AuthError> for Api2Error {
    fn from(error: AuthError) -> Self {
        Self(error.into())
    }
}

impl ResponseError for Api2Error {
    fn status_code(&self) -> StatusCode {
        self.0.status_code()
    }

    /// Returns the response, in which a wrong password also has a description: a client shows it to its user.
    fn error_response(&self) -> HttpResponse {
        let description = self.0.response_parts().2;
        self.0
            .json_response(Some(description.as_deref().unwrap_or("Unauthorized")))
    }
}
