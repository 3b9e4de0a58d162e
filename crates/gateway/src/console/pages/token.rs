//! "What is this token?": what is known of a token that a client has sent or shown.

use actix_web::HttpResponse;
use actix_web::web::Data;
use isogloss_core::Scope;
use maud::{Markup, html};
use secrecy::ExposeSecret as _;

use super::audit::event_table;
use super::people::person_path;
use crate::admin::token_finding::{TokenView, examine};
use crate::console::act::Act;
use crate::console::error::ConsoleError;
use crate::console::layout;
use crate::console::markup::{badge, facts, sentences, shown_if_any, timestamp_text};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::introspection::IntrospectionApi;

/// Returns the form on the page of the sessions. The token is a secret: it is sent in the body.
pub(super) fn token_form(visitor: &Visitor) -> Markup {
    html! {
        details.question {
            summary { "What is this token?" }
            form.form method="post" action={ (ConsolePage::Sessions.path()) "/token" } {
                (visitor.form_token())
                p { "Shows whose token it is, whether it is valid, and how it ended. No use of it is recorded." }
                label { span { "Token" } input name="token" type="password" maxlength="4000" autocomplete="off" required; }
                button type="submit" { "Examine it" }
            }
        }
    }
}

/// Shows what is known of the token in the form.
///
/// # Errors
/// The key lacks the scope, the text has the format of no enabled dialect's tokens, or a store is unreachable.
pub(in crate::console) async fn show(
    act: Act,
    introspection: Data<IntrospectionApi>,
) -> Result<HttpResponse, ConsoleError> {
    let Act { visitor, fields } = act;
    visitor.require(Scope::SessionsRead).await?;
    let token = fields.secret("token");
    let stores = (visitor.auth.as_ref(), visitor.directory().as_ref());
    let found = examine(token.expose_secret(), &introspection.mounts, stores).await?;
    let unknown = "The text has the format of no token of an enabled dialect.";
    let found = found.ok_or_else(|| ConsoleError::missing(unknown))?;
    let page = ConsolePage::Sessions;
    let content = html! {
        p { (sentences(&found.explanation)) }
        (about(&visitor, &found))
        @if !found.events.is_empty() {
            (event_table(&visitor, "Events of the token, the latest first", &found.events).await?)
        }
        p { a href=(page.path()) { "Back to the sessions" } }
    };
    Ok(layout::page(
        &visitor,
        page,
        "What is this token?",
        &content,
    ))
}

fn about(visitor: &Visitor, found: &TokenView) -> Markup {
    let state = match (found.valid, found.cause.as_deref()) {
        (true, _) => badge("good", "valid"),
        (false, cause) => html! { (badge("bad", "not valid")) " " (shown_if_any(cause)) },
    };
    let name = shown_if_any(found.user.as_deref());
    let user = match found.user_id {
        Some(id) if visitor.may(Scope::UsersRead) => html! { a href=(person_path(id)) { (name) } },
        Some(_) | None => name,
    };
    let time = |at: &Option<String>| html! { @match at { None => "not known", Some(at) => (timestamp_text(at)) } };
    facts(&[
        ("State", state),
        ("Dialect", html! { (found.dialect) }),
        ("User", user),
        ("Purpose", shown_if_any(found.purpose.as_deref())),
        ("Device or program", shown_if_any(found.client.as_deref())),
        ("Application", shown_if_any(found.application.as_deref())),
        ("Issued", time(&found.issued_at)),
        ("Last use", time(&found.used_at)),
        ("End", time(&found.expires_at)),
        ("Handle", html! { code { (found.handle) } }),
    ])
}
