//! `POST auth-forgot`: an e-mail with a link that logs in.

use actix_web::HttpRequest;
use actix_web::web::{Data, ReqData};
use humantime_serde::re::humantime::format_duration;
use isogloss_core::{
    Auth, AuthError, ClientIp, Concurrency, Email, LoginOrigin, Mailer, Outbox, Purpose, Role,
    Terms, Token, User,
};
use serde_json::json;
use tracing::{debug, warn};

use crate::authorization::in_header;
use crate::json_body::Members;
use crate::portal_url::Occasion;
use crate::requests::ForgottenRequest;
use crate::routes::{HandlerResult, ok};
use crate::{REALM, Settings};

/// Responds before anything is looked up: in the same way and time for known and unknown addresses.
pub(crate) async fn request_reset(
    auth: Data<Auth>,
    settings: Data<Settings>,
    outbox: Data<Outbox>,
    source: Option<ReqData<ClientIp>>,
    http: HttpRequest,
    members: Members,
) -> HandlerResult {
    let request = ForgottenRequest::try_from(members)?;
    let inviter = in_header(http.headers()).filter(|_| request.names_creator);
    let origin = LoginOrigin::new(REALM, source.as_deref().copied());
    outbox.post(|mailer| async move {
        if !settings.portal_url.is_set() {
            warn!("an e-mail was not sent: dialects.bimplus.portal_url is not set");
            return;
        }
        let written = match auth.may_send_email(&request.user_id, &origin).await {
            Ok(true) => {
                let written = write(&auth, &settings, &*mailer, (request, inviter));
                written.await
            }
            Ok(false) => {
                debug!("an e-mail was not sent: too many were requested");
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            warn!(%error, "an e-mail was not sent");
        }
    });
    Ok(ok(&json!({})))
}

/// Sends an e-mail to a user who exists, may log in and has an address. A mailbox does not replace a second
/// factor, so users with one get no e-mail.
async fn write(
    auth: &Auth,
    settings: &Settings,
    mailer: &dyn Mailer,
    (request, inviter): (ForgottenRequest, Option<Token>),
) -> Result<(), AuthError> {
    let Some(user) = auth.find_without_second_factor(&request.user_id).await? else {
        return Ok(());
    };
    let Some(to) = user.address() else {
        debug!(user.id = %user.id, "no e-mail to a user without an address");
        return Ok(());
    };
    let occasion = occasion(auth, inviter.as_ref(), &user).await?;
    let (lifetime, subject) = match occasion {
        Occasion::Reset => (settings.reset_lifetime, "Your password"),
        Occasion::Invitation => (settings.invitation_lifetime, "Your invitation"),
    };
    let terms = Terms {
        // Only the newest e-mail is valid, so many requests do not fill the store.
        concurrency: Concurrency::OnePerClient,
        topic: Some(occasion.topic()),
        address: Some(to.into()),
        ..Terms::new(Purpose::Handover, lifetime)
    };
    let issued = auth.issue(REALM, &user, terms).await?;
    let link = settings.portal_url.link(occasion, to, &issued.token);
    let letter = Email {
        to: to.to_owned(),
        subject: subject.to_owned(),
        text: text(
            occasion,
            &link.unwrap_or_default(),
            &format_duration(lifetime),
        ),
    };
    Ok(mailer.send(letter).await?)
}

/// Returns an invitation if the request has a live access token of an administrator or a project manager of the
/// same organisation. For all other callers it is an e-mail to a user who forgot the password.
async fn occasion(
    auth: &Auth,
    inviter: Option<&Token>,
    user: &User,
) -> Result<Occasion, AuthError> {
    let Some(token) = inviter else {
        return Ok(Occasion::Reset);
    };
    let inviter = match auth.validate(token, &[Purpose::Access]).await {
        Ok(session) => session.user,
        Err(error @ AuthError::Unavailable(_)) => return Err(error),
        Err(
            AuthError::InvalidToken
            | AuthError::InvalidCredentials
            | AuthError::AccountDisabled
            | AuthError::SecondFactorRequired
            | AuthError::Forbidden
            | AuthError::Overloaded { .. }
            | AuthError::Throttled { .. },
        ) => return Ok(Occasion::Reset),
    };
    let may_invite = match inviter.role {
        Role::Admin | Role::ProjectManager => inviter.organisation.id == user.organisation.id,
        Role::Linguist => false,
    };
    Ok(if may_invite {
        Occasion::Invitation
    } else {
        debug!(user.id = %inviter.id, "an invitation is sent as an ordinary reset e-mail: the user may not invite");
        Occasion::Reset
    })
}

fn text(occasion: Occasion, link: &str, lifetime: &impl std::fmt::Display) -> String {
    let reason = match occasion {
        Occasion::Reset => "Somebody, you we hope, has forgotten the password of this address.",
        Occasion::Invitation => "You are invited to work with us.",
    };
    format!(
        "{reason}\nThis link logs you in, once, within {lifetime}:\n\n{link}\n\n\
         If you did not expect this letter, do nothing.\n"
    )
}
