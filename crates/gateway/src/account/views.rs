//! The contents of the pages.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use isogloss_core::{PendingEnrolment, RecoveryCode, User};
use maud::{Markup, html};

use super::AccountPage;
use super::page::Page;
use super::qr_code;
use crate::otpauth;

/// A field with an error gets these values of its attributes.
fn described_by(error: Option<&str>, id: &'static str) -> Option<&'static str> {
    error.map(|_| id)
}

/// Returns an error below its field, which names it by `id`. Empty without an error.
fn error_text(error: Option<&str>, id: &str) -> Markup {
    html! {
        @if let Some(error) = error { p.error id=(id) { (error) } }
    }
}

/// Returns the list of recovery codes.
fn codes_list(codes: &[RecoveryCode]) -> Markup {
    html! {
        ul.codes #codes {
            @for code in codes { li { code { (code.expose()) } } }
        }
    }
}

/// Returns the status of a form: refused if it has an error.
fn status(error: Option<&str>) -> StatusCode {
    error.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY)
}

impl AccountPage {
    fn page(&self, status: StatusCode, title: &str, content: Markup) -> HttpResponse {
        let issuer = &self.0.issuer;
        Page {
            status,
            title,
            issuer,
            content,
        }
        .response()
    }

    /// Returns the form that requests a link, with an error if there is one.
    pub(super) fn request_form(&self, error: Option<&str>) -> HttpResponse {
        let content = html! {
            p { "Enter your user name or e-mail address. We send a link with which you set a new password." }
            form method="post" {
                label for="name" { "User name or e-mail address" }
                input #name name="name" type="text" autocomplete="username" autocapitalize="none" spellcheck="false"
                    maxlength="320" required aria-invalid=[error.map(|_| "true")]
                    aria-describedby=[described_by(error, "name-error")];
                (error_text(error, "name-error"))
                button type="submit" { "Send the link" }
            }
        };
        self.page(status(error), "Forgotten password", content)
    }

    /// Returns the answer to a request for a link, the same for everyone.
    pub(super) fn link_requested(&self) -> HttpResponse {
        let content = html! {
            p role="status" {
                "If there is such a user with a password here and an e-mail address, an e-mail with a link is on its way."
            }
            p { "Nothing came? Look into your spam folder, wait some minutes before you try again, or ask your administrator." }
        };
        self.page(StatusCode::OK, "Look into your mailbox", content)
    }

    /// Returns the form that sets the password of a user, with an error if there is one.
    pub(super) fn password_form(&self, user: &User, error: Option<&str>) -> HttpResponse {
        let least = self.0.policy.min_length.max(1);
        let described = if error.is_some() {
            "password-hint password-error"
        } else {
            "password-hint"
        };
        let content = html! {
            form method="post" {
                label for="user" { "User name" }
                input #user name="username" type="text" autocomplete="username" readonly value=(user.user_name);
                label for="password" { "New password" }
                p.hint #password-hint {
                    "At least " (least) " characters that are hard to guess, such as a few uncommon words. Not your name."
                }
                input #password name="password" type="password" autocomplete="new-password" required
                    aria-invalid=[error.map(|_| "true")] aria-describedby=(described);
                (error_text(error, "password-error"))
                label for="repeat" { "The same password again" }
                input #repeat name="repeat" type="password" autocomplete="new-password" required;
                button type="submit" { "Set the password" }
            }
        };
        self.page(status(error), "Choose a password", content)
    }

    /// Returns the page after a password was set, for a user who has a second factor or cannot enrol one now.
    pub(super) fn password_is_set(&self) -> HttpResponse {
        let content = html! {
            p role="status" { "Your new password is valid from now on. You are logged out everywhere." }
            p { "A second factor that is on stays on. You can close this page." }
        };
        self.page(StatusCode::OK, "Your password is set", content)
    }

    /// Returns the form that enrols a second factor, with an error if there is one.
    pub(super) fn enrolment_form(
        &self,
        pending: &PendingEnrolment,
        error: Option<&str>,
    ) -> HttpResponse {
        let url = otpauth::url(&self.0.issuer, &pending.user, &pending.secret);
        let content = html! {
            p role="status" { "Your new password is valid from now on." }
            p {
                "A second factor protects you when someone learns your password: with each login you then also enter a code "
                "from an authenticator app. Without one, you can close this page."
            }
            p { "Scan this picture with the app, or enter the secret below it." }
            @if let Some(picture) = qr_code::data_url(&url) {
                img src=(picture) alt="QR code of the secret below" width="220" height="220";
            }
            p { "Secret: " code #secret { (pending.secret.expose()) } }
            p {
                "Keep these recovery codes in a safe place. Once the second factor is on, each replaces a code of the app "
                "once, when you have lost it."
            }
            (codes_list(&pending.recovery_codes))
            form method="post" {
                label for="code" { "Code that the app shows" }
                input #code name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="16" required
                    aria-invalid=[error.map(|_| "true")] aria-describedby=[described_by(error, "code-error")];
                (error_text(error, "code-error"))
                button type="submit" { "Switch the second factor on" }
            }
        };
        self.page(status(error), "Second factor", content)
    }

    /// Returns the page with the recovery codes, which are not shown again.
    pub(super) fn recovery_codes(&self, codes: &[RecoveryCode]) -> HttpResponse {
        let content = html! {
            p role="status" { "The second factor is on. You are logged out everywhere." }
            p {
                "Keep these recovery codes in a safe place. Each replaces a code of the app once, when you have lost it. "
                "They are not shown again."
            }
            (codes_list(codes))
        };
        self.page(StatusCode::OK, "Your recovery codes", content)
    }
}
