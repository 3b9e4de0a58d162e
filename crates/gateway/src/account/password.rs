//! The form that sets a password by a link.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Form, Path};
use isogloss_core::{ACCOUNT_REALM, Auth, LinkError, PasswordError, Token};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::AccountPage;
use super::error::PageError;

#[derive(Deserialize)]
pub(super) struct NewPassword {
    password: SecretString,
    repeat: SecretString,
}

/// Returns the token of a link. Fails if the text is none.
fn token(text: &str) -> Result<Token, PageError> {
    Token::from_hex(ACCOUNT_REALM, text).ok_or(PageError::Link)
}

pub(super) async fn show(
    page: Data<AccountPage>,
    auth: Data<Auth>,
    link: Path<String>,
) -> Result<HttpResponse, PageError> {
    let user = auth.user_of_link(&token(&link)?).await?;
    Ok(page.password_form(&user, None))
}

/// Sets the password, and leads to the form for a second factor if the user has none.
pub(super) async fn submit(
    page: Data<AccountPage>,
    auth: Data<Auth>,
    link: Path<String>,
    form: Form<NewPassword>,
) -> Result<HttpResponse, PageError> {
    let token = token(&link)?;
    let NewPassword { password, repeat } = form.into_inner();
    if password.expose_secret() != repeat.expose_secret() {
        let user = auth.user_of_link(&token).await?;
        return Ok(page.password_form(&user, Some("The two passwords differ.")));
    }
    let policy = &page.0.policy;
    match auth.set_password_by_link(&token, password, policy).await {
        Ok(change) => Ok(match change.enrolment {
            // Relative to this address, so that a proxy may serve the page at another path.
            Some(token) => HttpResponse::SeeOther()
                .insert_header((LOCATION, format!("../second-factor/{}", token.hex())))
                .finish(),
            None => page.password_is_set(),
        }),
        Err(LinkError::Policy(violation)) => {
            let user = auth.user_of_link(&token).await?;
            Ok(page.password_form(&user, Some(&violation.to_string())))
        }
        Err(LinkError::Password(PasswordError::Invalid(error))) => {
            let user = auth.user_of_link(&token).await?;
            let error = format!("The password cannot be used: {error}.");
            Ok(page.password_form(&user, Some(&error)))
        }
        Err(LinkError::Password(PasswordError::Auth(error))) => Err(error.into()),
    }
}
