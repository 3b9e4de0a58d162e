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

use crate::authorization::header_token;
use crate::json_body::JsonObject;
use crate::portal_url::EmailTemplate;
use crate::requests::PasswordResetRequest;
use crate::routes::{HandlerResult, ok};
use crate::{REALM, Settings};

/// Responds to `POST auth-forgot` before the user is looked up, so that known and unknown addresses get the same
/// response after the same time. `Err` only if the body is invalid.
pub(crate) async fn request_reset(
    auth: Data<Auth>,
    settings: Data<Settings>,
    outbox: Data<Outbox>,
    source: Option<ReqData<ClientIp>>,
    http: HttpRequest,
    members: JsonObject,
) -> HandlerResult {
    let request = PasswordResetRequest::try_from(members)?;
    let inviter = header_token(http.headers()).filter(|_| request.names_creator);
    let origin = LoginOrigin::new(REALM, source.as_deref().copied());
    outbox.post(|mailer| async move {
        if !settings.portal_url.is_set() {
            warn!("an e-mail was not sent: dialects.bimplus.portal_url is not set");
            return;
        }
        let sent = match auth.may_send_email(&request.user_id, &origin).await {
            Ok(true) => {
                let sent = send_email(&auth, &settings, &*mailer, (request, inviter));
                sent.await
            }
            Ok(false) => {
                debug!("an e-mail was not sent: too many were requested");
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            warn!(%error, "an e-mail was not sent");
        }
    });
    Ok(ok(&json!({})))
}

/// Sends an e-mail if the user exists, may log in and has an address. A mailbox does not replace a second factor, so
/// users with one get no e-mail. `Err` if a store or the mail server fails.
async fn send_email(
    auth: &Auth,
    settings: &Settings,
    mailer: &dyn Mailer,
    (request, inviter): (PasswordResetRequest, Option<Token>),
) -> Result<(), AuthError> {
    let Some(user) = auth.find_without_second_factor(&request.user_id).await? else {
        return Ok(());
    };
    let Some(to) = user.address() else {
        debug!(user.id = %user.id, "no e-mail to a user without an address");
        return Ok(());
    };
    let template = choose_template(auth, inviter.as_ref(), &user).await?;
    let (lifetime, subject) = match template {
        EmailTemplate::Reset => (settings.reset_lifetime, "Your password"),
        EmailTemplate::Invitation => (settings.invitation_lifetime, "Your invitation"),
    };
    let terms = Terms {
        // Only the newest e-mail is valid, so many requests do not fill the store.
        concurrency: Concurrency::OnePerClient,
        topic: Some(template.topic()),
        address: Some(to.into()),
        ..Terms::new(Purpose::Handover, lifetime)
    };
    let issued = auth.issue(REALM, &user, terms).await?;
    let link = settings.portal_url.link(template, to, &issued.token);
    let email = Email {
        to: to.to_owned(),
        subject: subject.to_owned(),
        text: email_text(
            template,
            &link.unwrap_or_default(),
            &format_duration(lifetime),
        ),
        html: None,
    };
    Ok(mailer.send(email).await?)
}

/// Returns the invitation if the request has a valid access token of an administrator or project manager of the same
/// organisation, else the e-mail for a forgotten password. `Err` if a store is unreachable.
async fn choose_template(
    auth: &Auth,
    inviter: Option<&Token>,
    user: &User,
) -> Result<EmailTemplate, AuthError> {
    let Some(token) = inviter else {
        return Ok(EmailTemplate::Reset);
    };
    let inviter = match auth.validate(token, &[Purpose::Access]).await {
        Ok(session) => session.user,
        Err(error @ AuthError::Unavailable(_)) => return Err(error),
        Err(
            AuthError::InvalidToken(_)
            | AuthError::InvalidCredentials(_)
            | AuthError::AccountDisabled(_)
            | AuthError::SecondFactorRequired(_)
            | AuthError::Forbidden(_)
            | AuthError::Overloaded { .. }
            | AuthError::Throttled { .. },
        ) => return Ok(EmailTemplate::Reset),
    };
    let may_invite = match inviter.role {
        Role::Admin | Role::ProjectManager => inviter.organisation.id == user.organisation.id,
        Role::Linguist => false,
    };
    Ok(if may_invite {
        EmailTemplate::Invitation
    } else {
        debug!(user.id = %inviter.id, "an invitation is sent as an ordinary reset e-mail: the user may not invite");
        EmailTemplate::Reset
    })
}

/// Returns the text of an e-mail with this link and the time for which it is valid.
fn email_text(template: EmailTemplate, link: &str, lifetime: &impl std::fmt::Display) -> String {
    let reason = match template {
        EmailTemplate::Reset => {
            "Somebody, you we hope, has forgotten the password of this address."
        }
        EmailTemplate::Invitation => "You are invited to work with us.",
    };
    format!(
        "{reason}\nThis link logs you in, once, within {lifetime}:\n\n{link}\n\n\
         If you did not expect this letter, do nothing.\n"
    )
}
