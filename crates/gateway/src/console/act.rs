//! A form that changes something.

use actix_web::http::header::LOCATION;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use maud::{Markup, html};

use super::error::ConsoleError;
use super::fields::Fields;
use super::same_origin::is_same_origin;
use super::visitor::Visitor;

/// A form that a page of the visitor's session has sent. The scopes of the visitor are not checked yet.
pub(super) struct Act {
    pub(super) visitor: Visitor,
    pub(super) fields: Fields,
}

impl FromRequest for Act {
    type Error = ConsoleError;
    type Future = LocalBoxFuture<'static, Result<Self, ConsoleError>>;

    fn from_request(request: &HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        let fields = SentForm::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let SentForm(fields) = fields.await?;
            let visitor = Visitor::of_request(&request).await?;
            if !visitor.has_form_token(fields.get("form_token").unwrap_or_default()) {
                return Err(ConsoleError::ForeignForm);
            }
            Ok(Self { visitor, fields })
        })
    }
}

/// A form that no foreign page has sent, as far as the browser says.
pub(super) struct SentForm(pub(super) Fields);

impl FromRequest for SentForm {
    type Error = ConsoleError;
    type Future = LocalBoxFuture<'static, Result<Self, ConsoleError>>;

    fn from_request(request: &HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        let is_ours = is_same_origin(request);
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            if !is_ours {
                return Err(ConsoleError::ForeignForm);
            }
            let body = body.await;
            let body = body.map_err(|_| ConsoleError::malformed("The form cannot be read."))?;
            Ok(Self(Fields::parse(&body)))
        })
    }
}

/// What was done, as the next page says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Disabled,
    Enabled,
    SessionsEnded,
    Forgiven,
    Invited,
    TotpOff,
    AppPasswordRevoked,
    KeyRevoked,
}

impl Done {
    const ALL: [Self; 8] = [
        Self::Disabled,
        Self::Enabled,
        Self::SessionsEnded,
        Self::Forgiven,
        Self::Invited,
        Self::TotpOff,
        Self::AppPasswordRevoked,
        Self::KeyRevoked,
    ];

    /// Returns the name in the query of the next page.
    const fn name(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::SessionsEnded => "sessions-ended",
            Self::Forgiven => "forgiven",
            Self::Invited => "invited",
            Self::TotpOff => "totp-off",
            Self::AppPasswordRevoked => "app-password-revoked",
            Self::KeyRevoked => "key-revoked",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Disabled => "The user is disabled, and all tokens of the user have ended.",
            Self::Enabled => "The user is enabled.",
            Self::SessionsEnded => "The sessions have ended.",
            Self::Forgiven => "The counted attempts and their locks are cleared.",
            Self::Invited => "The invitation is on its way.",
            Self::TotpOff => "The second factor is off.",
            Self::AppPasswordRevoked => {
                "The application password is revoked, and all tokens of the user have ended."
            }
            Self::KeyRevoked => "The key is revoked.",
        }
    }

    /// Returns the response that leads to the page at `path`, which says what was done. A reload of that page does nothing
    /// again.
    pub(super) fn then(self, path: &str) -> HttpResponse {
        let separator = if path.contains('?') { '&' } else { '?' };
        let location = format!("{path}{separator}done={}", self.name());
        HttpResponse::SeeOther()
            .insert_header((LOCATION, location))
            .finish()
    }

    /// Returns what was done just before the page was opened; nothing if the query does not say.
    pub(super) fn notice(fields: &Fields) -> Markup {
        let named = fields.get("done").unwrap_or_default();
        let done = Self::ALL.into_iter().find(|done| done.name() == named);
        html! { @if let Some(done) = done { p.notice role="status" { (done.text()) } } }
    }
}

/// Returns a button with a question: it opens a form, whose button acts. `fields` are further fields of the form.
pub(super) fn question(
    visitor: &Visitor,
    action: &str,
    (summary, text, button): (&str, &str, &str),
    fields: &Markup,
) -> Markup {
    html! {
        details.question {
            summary { (summary) }
            form method="post" action=(action) {
                (visitor.form_token())
                (fields)
                p { (text) }
                button type="submit" { (button) }
            }
        }
    }
}
