//! A forgotten password: a key by e-mail, and the new password in exchange for it.

use actix_web::web::{Data, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{
    Auth, AuthError, ClientIp, Credentials, LoginOrigin, Outbox, RefusalCause, SecondFactor, Token,
};
use tracing::{debug, warn};

use crate::error::Error;
use crate::login::logged_in;
use crate::model::Model;
use crate::query::DeveloperRequest;
use crate::reset_email::send_reset_key;
use crate::routes::HandlerResult;
use crate::wire::requests::{PasswordResetInformation, PasswordResetRequest};
use crate::{REALM, Settings};

/// Responds to `POST Authentication/RequestPasswordReset`. The user is looked up after the response, so neither the
/// response nor its time shows whether the user exists. `Err` if the developer's key or the body is refused, or if a
/// store is unreachable.
pub(crate) async fn request(
    auth: Data<Auth>,
    outbox: Data<Outbox>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    model: Result<Model, Error>,
) -> HandlerResult {
    DeveloperRequest::authenticate(&auth, &request).await?;
    let login_name = PasswordResetRequest::try_from(model?)?.login_name;
    auth.ready().await.map_err(AuthError::Unavailable)?;
    let lifetime = settings.reset_key_lifetime;
    let origin = LoginOrigin::new(REALM, source.as_deref().copied());
    outbox.post(|mailer| async move {
        let sent = match auth.may_send_email(&login_name, &origin).await {
            Ok(true) => send_reset_key(&auth, &*mailer, &login_name, lifetime).await,
            Ok(false) => {
                debug!("an e-mail with a reset key was not sent: too many were requested");
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            warn!(%error, "an e-mail with a reset key was not sent");
        }
    });
    Ok(HttpResponse::Ok().finish())
}

/// Responds to `POST Authentication/FinishPasswordReset`: sets the new password and logs in with it. `Err` if the
/// developer's key, the body, the reset key, the password or the login is refused, or if a store is unreachable.
pub(crate) async fn finish(
    auth: Data<Auth>,
    settings: Data<Settings>,
    request: HttpRequest,
    model: Result<Model, Error>,
) -> HandlerResult {
    let developer = DeveloperRequest::authenticate(&auth, &request).await?;
    let information = PasswordResetInformation::parse(model?, &settings.password_policy)?;
    let key = Token::from_guid(REALM, information.reset_key.trim());
    let key = key.ok_or(AuthError::InvalidToken(RefusalCause::NoToken))?;
    let password = information.password;
    let user = auth.reset_password(&key, password.clone()).await?;
    // An e-mail does not replace a second factor, so the policy for logins does not apply. Nothing is guessed here,
    // so the login has no source address whose budget others may have used up.
    let credentials = Credentials {
        name: user.user_name,
        password,
        factor: SecondFactor::Code(None),
        organisation: None,
        origin: LoginOrigin::new(REALM, None),
    };
    let user = auth.login(credentials).await?;
    let terms = developer.session_terms(&settings);
    let session = auth.issue(REALM, &user, terms).await?;
    Ok(logged_in(&developer, &session, String::new()))
}
