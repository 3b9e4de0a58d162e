//! What can be done to a user.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use isogloss_core::audit::{Event, EventKind};
use isogloss_core::directory::{KnownAppPassword, UserRecord, tidy_label};
use isogloss_core::{
    AppPassword, Scope, SessionFilter, StoreError, ThrottleFilter, TokenDigest, UserState,
};
use maud::html;

use super::people::person_path;
use super::person::find;
use crate::AccountPage;
use crate::account::RequestedLanguages;
use crate::admin::AdminError;
use crate::console::act::{Act, Done};
use crate::console::error::ConsoleError;
use crate::console::layout;
use crate::console::markup::shown;
use crate::console::navigation::ConsolePage;
use crate::dialects;

/// What an act returns: the page that says what was done, or why it was not.
type Outcome = Result<HttpResponse, ConsoleError>;

impl Act {
    /// Returns the user with that identifier if the key has the scope.
    ///
    /// # Errors
    /// The key lacks the scope, there is no such user, or the directory is unreachable.
    pub(super) async fn user(&self, scope: Scope, id: &str) -> Result<UserRecord, ConsoleError> {
        self.visitor.require(scope).await?;
        find(&self.visitor, id).await
    }
}

/// Leads to the page of the user, which says what was done.
fn then(user: &UserRecord, done: Done) -> HttpResponse {
    done.then(&person_path(user.id))
}

/// Disables or enables a user.
///
/// # Errors
/// The key lacks the scope, there is no such user or state, or the directory is unreachable.
pub(in crate::console) async fn set_state(act: Act, id: Path<String>) -> Outcome {
    let user = act.user(Scope::UsersWrite, &id).await?;
    let (state, done) = match act.fields.get("state") {
        Some("active") => (UserState::Active, Done::Enabled),
        Some("disabled") => (UserState::Disabled, Done::Disabled),
        Some(_) | None => return Err(ConsoleError::malformed("There is no such state.")),
    };
    let visitor = &act.visitor;
    let setting = visitor.service.set_state(&user, state);
    visitor.run(setting).await?;
    Ok(then(&user, done))
}

/// Ends the session of the handle in the form, or all sessions of a user.
///
/// # Errors
/// The key lacks the scope, there is no such user, the handle is none, or a store is unreachable.
pub(in crate::console) async fn end_sessions(act: Act, id: Path<String>) -> Outcome {
    let user = act.user(Scope::SessionsWrite, &id).await?;
    let handle = match act.fields.get("handle") {
        None => None,
        Some(text) => Some(handle(text)?),
    };
    let filter = SessionFilter {
        user: Some(user.id),
        handle,
        ..SessionFilter::default()
    };
    let visitor = &act.visitor;
    visitor.run(visitor.auth.end_sessions(&filter)).await?;
    Ok(then(&user, Done::SessionsEnded))
}

/// Returns the handle of a session.
///
/// # Errors
/// The text is no handle.
pub(super) fn handle(text: &str) -> Result<TokenDigest, ConsoleError> {
    let handle = TokenDigest::from_handle(text);
    handle.ok_or_else(|| ConsoleError::malformed("A handle has 26 letters and digits."))
}

/// Clears the counted attempts of a user.
///
/// # Errors
/// The key lacks the scope, there is no such user, or a store is unreachable.
pub(in crate::console) async fn forgive(act: Act, id: Path<String>) -> Outcome {
    let user = act.user(Scope::ThrottleWrite, &id).await?;
    let filter = ThrottleFilter {
        name: Some(user.user_name.clone()),
        ..ThrottleFilter::default()
    };
    let visitor = &act.visitor;
    visitor.run(visitor.auth.clear_throttle(&filter)).await?;
    Ok(then(&user, Done::Forgiven))
}

/// Invites a user by e-mail to set a password.
///
/// # Errors
/// The key lacks the scope, the account page is off, the user cannot be invited, or a store or the mail server is
/// unreachable.
pub(in crate::console) async fn invite(
    act: Act,
    id: Path<String>,
    account: Data<Option<AccountPage>>,
) -> Outcome {
    let user = act.user(Scope::UsersWrite, &id).await?;
    let account = account.as_ref().as_ref().ok_or_else(|| {
        ConsoleError::conflict("The account page is off: set server.account_path.")
    })?;
    let visitor = &act.visitor;
    let languages = RequestedLanguages::named(None);
    let invited = visitor.run(account.invite(&visitor.auth, &user, &languages));
    Box::pin(invited).await.map_err(AdminError::from)?;
    Ok(then(&user, Done::Invited))
}

/// Switches the second factor of a user off.
///
/// # Errors
/// The key lacks the scope, there is no such user, it is off already, or the directory is unreachable.
pub(in crate::console) async fn disable_totp(act: Act, id: Path<String>) -> Outcome {
    let user = act.user(Scope::UsersWrite, &id).await?;
    let visitor = &act.visitor;
    let disabling = async {
        let event = Event::new(EventKind::DisableTotp, visitor.auth.now()).about(&user);
        let made = visitor.directory().disenrol(user.id).await;
        let recorded = |event, was_on: &bool| was_on.then_some(event);
        visitor.service.record_result(event, made, recorded)
    };
    if !visitor.run(disabling).await? {
        return Err(ConsoleError::conflict("The second factor is off already."));
    }
    Ok(then(&user, Done::TotpOff))
}

/// Adds an application password, and shows it once.
///
/// # Errors
/// The key lacks the scope, there is no such user or dialect, the label is invalid, or the directory is unreachable.
pub(in crate::console) async fn add_app_password(act: Act, id: Path<String>) -> Outcome {
    let user = act.user(Scope::UsersWrite, &id).await?;
    let dialect = act.fields.get("dialect").unwrap_or_default();
    if !dialects::names().contains(&dialect) {
        return Err(ConsoleError::malformed("There is no such dialect."));
    }
    let label = tidy_label(act.fields.get("label").unwrap_or_default());
    let label = label.map_err(ConsoleError::malformed)?;
    let visitor = &act.visitor;
    let password = AppPassword::random();
    let password = password.map_err(|error| StoreError::new("random numbers", error))?;
    let known = KnownAppPassword {
        digest: password.digest(),
        realm: dialect.to_owned(),
        label,
        made_at: visitor.auth.now(),
        used_on: None,
    };
    let adding = async {
        let event = Event::new(EventKind::AddAppPassword, visitor.auth.now()).about(&user);
        let made = visitor.directory().add_app_password(user.id, &known).await;
        let recorded = |event, (): &()| Some(event);
        visitor.service.record_result(event, made, recorded)
    };
    visitor.run(adding).await?;
    let content = html! {
        p role="status" { "The application password of " (shown(&user.user_name)) " for " (known.realm) ". It is not shown again:" }
        p.secret #secret { (password.expose()) }
        p { a href=(person_path(user.id)) { "Back to the user" } }
    };
    let title = "A new application password";
    Ok(layout::page(visitor, ConsolePage::People, title, &content))
}

/// Revokes an application password, and ends all tokens of the user.
///
/// # Errors
/// The key lacks the scope, there is no such user or application password, or a store is unreachable.
pub(in crate::console) async fn revoke_app_password(act: Act, id: Path<String>) -> Outcome {
    let user = act.user(Scope::UsersWrite, &id).await?;
    let visitor = &act.visitor;
    let all = visitor.directory().app_passwords(user.id).await?;
    let named = act.fields.get("id").unwrap_or_default();
    let known = all.iter().find(|known| known.id() == named);
    let missing = || {
        let reason = "There is no such application password.";
        ConsoleError::Refused(StatusCode::NOT_FOUND, reason.to_owned())
    };
    let digest = known.ok_or_else(missing)?.digest;
    let revoking = async {
        let event = Event::new(EventKind::RevokeAppPassword, visitor.auth.now()).about(&user);
        let made = visitor
            .directory()
            .remove_app_password(user.id, digest)
            .await;
        let recorded = |event, removed: &bool| removed.then_some(event);
        visitor.service.record_result(event, made, recorded)
    };
    if !visitor.run(revoking).await? {
        return Err(missing());
    }
    Ok(then(&user, Done::AppPasswordRevoked))
}
