//! The form that enrols a second factor, after a password was set.

use actix_web::HttpResponse;
use actix_web::web::{Data, Form, Path};
use isogloss_core::{Auth, AuthError, ENROLMENT_REALM, Token};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::AccountPage;
use super::error::PageError;

#[derive(Deserialize)]
pub(super) struct ConfirmingCode {
    code: SecretString,
}

/// Returns the token of a link. Fails if the text is none.
fn token(text: &str) -> Result<Token, PageError> {
    Token::from_hex(ENROLMENT_REALM, text).ok_or(PageError::Enrolment)
}

/// Returns the error of a token that was used up, or that an error of a store concerns.
fn refused(error: AuthError) -> PageError {
    let error = PageError::from(error);
    if matches!(error, PageError::Link) {
        PageError::Enrolment
    } else {
        error
    }
}

pub(super) async fn show(
    page: Data<AccountPage>,
    auth: Data<Auth>,
    link: Path<String>,
) -> Result<HttpResponse, PageError> {
    let pending = auth.pending_enrolment(&token(&link)?).await;
    let pending = pending.map_err(refused)?;
    Ok(page.enrolment_form(&pending, None))
}

/// Switches the second factor on if the code is right, and shows the recovery codes.
pub(super) async fn submit(
    page: Data<AccountPage>,
    auth: Data<Auth>,
    link: Path<String>,
    form: Form<ConfirmingCode>,
) -> Result<HttpResponse, PageError> {
    let token = token(&link)?;
    // As apps show it: in two groups.
    let code = form.into_inner().code;
    let code: String = code.expose_secret().split_whitespace().collect();
    match auth.enrol_by_token(&token, &code).await {
        Ok(codes) => Ok(page.recovery_codes(&codes)),
        Err(AuthError::SecondFactorRequired(_)) => {
            let pending = auth.pending_enrolment(&token).await;
            let pending = pending.map_err(refused)?;
            let error = "The code does not match. Enter the one that the app shows now.";
            Ok(page.enrolment_form(&pending, Some(error)))
        }
        Err(error) => Err(refused(error)),
    }
}
