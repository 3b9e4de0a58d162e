//! A forgotten password: a key by mail, and the new password in return for it.

use actix_web::web::{Data, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError, Credentials, Origin, Outbox, SecondFactor, Source, Token};
use tracing::{debug, warn};

use crate::error::Error;
use crate::login::logged_in;
use crate::model::Model;
use crate::query::Call;
use crate::reset_email::send_reset_key;
use crate::routes::Answer;
use crate::wire::requests::{PasswordResetInformation, PasswordResetRequest};
use crate::{REALM, Settings};

/// `POST Authentication/RequestPasswordReset`. Whether the name is anybody's is looked up after
/// the answer, so that neither the answer nor its time tells.
pub(crate) async fn request(
    auth: Data<Auth>,
    outbox: Data<Outbox>,
    settings: Data<Settings>,
    source: Option<ReqData<Source>>,
    request: HttpRequest,
    model: Result<Model, Error>,
) -> Answer {
    Call::check(&auth, &request).await?;
    let login_name = PasswordResetRequest::try_from(model?)?.login_name;
    auth.ready().await.map_err(AuthError::Unavailable)?;
    let lifetime = settings.reset_key_lifetime;
    let origin = Origin::new(REALM, source.as_deref().copied());
    outbox.post(|mailer| async move {
        let sent = match auth.may_write(&login_name, &origin).await {
            Ok(true) => send_reset_key(&auth, &*mailer, &login_name, lifetime).await,
            Ok(false) => {
                debug!("a letter with a reset key was not sent: too many were asked for");
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            warn!(%error, "a letter with a reset key was not sent");
        }
    });
    Ok(HttpResponse::Ok().finish())
}

/// `POST Authentication/FinishPasswordReset`.
pub(crate) async fn finish(
    auth: Data<Auth>,
    settings: Data<Settings>,
    request: HttpRequest,
    model: Result<Model, Error>,
) -> Answer {
    let call = Call::check(&auth, &request).await?;
    let information = PasswordResetInformation::read(model?, &settings.password_policy)?;
    let key = Token::from_guid(REALM, information.reset_key.trim());
    let key = key.ok_or(AuthError::InvalidToken)?;
    let password = information.password;
    let user = auth.reset_password(&key, password.clone()).await?;
    // A login like any other, but that a letter stands for no second factor, wherever it is opened:
    // the policy for logins does not count. Nothing is guessed here, so it comes from nowhere, where nobody else has used tries up.
    let credentials = Credentials {
        name: user.user_name,
        password,
        factor: SecondFactor::Code(None),
        organisation: None,
        origin: Origin::new(REALM, None),
    };
    let user = auth.login(credentials).await?;
    let session = auth.issue(REALM, &user, settings.session()).await?;
    Ok(logged_in(&call, &session, String::new()))
}
