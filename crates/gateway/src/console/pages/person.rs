//! One person: what is known about the user, and what can be done.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::directory::UserRecord;
use isogloss_core::{Passwords, Scope, UserState};
use maud::{Markup, html};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::people::{person_path, state};
use super::person_sections::{app_passwords, attempts, locks, second_factor, sessions};
use super::trial::trial_form;
use super::use_by_users::dialects_of_user;
use crate::AccountPage;
use crate::console::act::{Done, question};
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::layout;
use crate::console::markup::{facts, number, shown, shown_if_any, timestamp_or};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::introspection::IntrospectionApi;

/// Shows the user with the identifier in the path.
///
/// # Errors
/// The key lacks the scope, there is no such user, or a store is unreachable.
pub(in crate::console) async fn show(
    visitor: Visitor,
    id: Path<String>,
    request: HttpRequest,
    passwords: Data<Passwords>,
    account: Data<Option<AccountPage>>,
    introspection: Data<IntrospectionApi>,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::People).await?;
    let user = find(&visitor, &id).await?;
    let hash = hash_format(&visitor, &user, &passwords).await?;
    let content = html! {
        (Done::notice(&Fields::of_query(&request)))
        (acts(&visitor, &user, account.is_some()))
        @if visitor.may(Scope::UsersWrite) { (trial_form(&visitor, &user, &introspection)) }
        (about(&user, &hash))
        @if visitor.may(Scope::AuditRead) { (attempts(&visitor, &user).await?) }
        @if visitor.may(Scope::UsageRead) { (dialects_of_user(&visitor, &user).await?) }
        (second_factor(&visitor, &user).await?)
        (app_passwords(&visitor, &user).await?)
        @if visitor.may(Scope::ThrottleRead) { (locks(&visitor, &user).await?) }
        @if visitor.may(Scope::SessionsRead) { (sessions(&visitor, &user).await?) }
    };
    let title = &user.user_name;
    Ok(layout::page(&visitor, ConsolePage::People, title, &content))
}

/// Returns the user with that identifier.
///
/// # Errors
/// There is no such user, or the directory is unreachable.
pub(super) async fn find(visitor: &Visitor, id: &str) -> Result<UserRecord, ConsoleError> {
    let missing = || ConsoleError::missing("There is no such user.");
    let id = Uuid::try_parse(id).map_err(|_| missing())?;
    let record = visitor.directory().user_record(id).await?;
    record.ok_or_else(missing)
}

fn about(user: &UserRecord, hash: &str) -> Markup {
    let name = format!("{} {}", user.first_name, user.last_name);
    let authority = match &user.link {
        None => html! { "local" },
        Some(link) => html! {
            (shown(&link.authority))
            @if let Some(id) = &link.external_id { ", as " (shown(id)) }
            @if link.is_adopted { ", adopted: the password is checked here" }
        },
    };
    let units = html! {
        @for (index, unit) in user.units.iter().enumerate() {
            @if index > 0 { ", " }
            (shown(unit))
        }
    };
    facts(&[
        ("State", state(user.state)),
        ("Name", shown(name.trim())),
        ("E-mail", shown_if_any(user.email.as_deref())),
        ("Number", number(user.number)),
        ("Identifier", html! { code { (user.id) } }),
        ("Role", html! { (user.role.name()) }),
        ("Organisation", shown(&user.organisation.name)),
        ("Units", units),
        ("Default unit", shown_if_any(user.default_unit.as_deref())),
        ("Authority", authority),
        ("Password", html! { (hash) }),
        (
            "Last login",
            timestamp_or(user.last_login_at, "none recorded"),
        ),
    ])
}

fn acts(visitor: &Visitor, user: &UserRecord, can_invite: bool) -> Markup {
    let path = person_path(user.id);
    let target = |name: &str| format!("{path}/{name}");
    let state = |to: &str| html! { input type="hidden" name="state" value=(to); };
    html! {
        div.acts {
            @if visitor.may(Scope::UsersWrite) {
                @if user.state == UserState::Active {
                    (question(visitor, &target("state"), DISABLE, &state("disabled")))
                } @else {
                    (question(visitor, &target("state"), ENABLE, &state("active")))
                }
                @if can_invite { (question(visitor, &target("invite"), INVITE, &html! {})) }
            }
            @if visitor.may(Scope::SessionsWrite) {
                (question(visitor, &target("sessions"), END_ALL, &html! {}))
            }
            @if visitor.may(Scope::ThrottleWrite) {
                (question(visitor, &target("forgive"), FORGIVE, &html! {}))
            }
        }
    }
}

/// Buttons: what opens the question, the question, and what acts.
const DISABLE: (&str, &str, &str) = (
    "Disable",
    "The user can no longer log in, and all tokens of the user end.",
    "Disable the user",
);
const ENABLE: (&str, &str, &str) = (
    "Enable",
    "The user can log in again. Tokens that have ended stay so.",
    "Enable the user",
);
const INVITE: (&str, &str, &str) = (
    "Set a password by invitation",
    "The user gets an e-mail with a link, by which the user sets a password. A previous invitation ends.",
    "Send the invitation",
);
const END_ALL: (&str, &str, &str) = (
    "End all sessions",
    "All tokens of the user end, in every dialect.",
    "End the sessions",
);
const FORGIVE: (&str, &str, &str) = (
    "Forgive wrong attempts",
    "The counted attempts of the user and their locks are cleared.",
    "Clear the attempts",
);

/// Returns what is stored of the password, in words: the format of the hash and whether it can be checked, never the hash.
///
/// # Errors
/// The directory is unreachable.
async fn hash_format(
    visitor: &Visitor,
    user: &UserRecord,
    passwords: &Passwords,
) -> Result<String, ConsoleError> {
    let account = visitor.directory().account(&user.user_name).await?;
    let account = account.filter(|account| account.user.id == user.id);
    let Some(hash) = account.and_then(|account| account.password_hash) else {
        return Ok("none here".to_owned());
    };
    let hash = hash.expose_secret();
    let format = format_name(hash);
    Ok(match passwords.check_hash(hash) {
        Err(_) => format!("{format}: this hash cannot be checked"),
        Ok(()) if passwords.is_current(hash) => format!("{format}, current"),
        Ok(()) => format!("{format}, replaced at the next login"),
    })
}

/// Returns the name that a hash gives its format, such as `argon2id` or `{SSHA}`.
fn format_name(hash: &str) -> String {
    let is_word = |text: &&str| {
        let is_short = (1..=24).contains(&text.len());
        is_short
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-.+".contains(&byte))
    };
    let braces = hash.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    if let Some((scheme, _)) = braces.filter(|(scheme, _)| is_word(scheme)) {
        return format!("{{{scheme}}}");
    }
    // `$argon2id$…`, or `pbkdf2_sha256$…` as Django writes it.
    let text = hash.strip_prefix('$').unwrap_or(hash);
    let name = text.split_once('$').map(|(name, _)| name).filter(is_word);
    match name {
        Some("2a" | "2b" | "2y") => "bcrypt".to_owned(),
        Some(name) => name.to_owned(),
        None => "unknown format".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_named_and_nothing_of_the_hash_is_shown() {
        for (hash, name) in [
            ("$2b$10$abcdefghijklmnopqrstuv", "bcrypt"),
            ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "argon2id"),
            ("{SSHA}c2FsdGVkaGFzaA==", "{SSHA}"),
            ("pbkdf2_sha256$600000$salt$aGFzaA=", "pbkdf2_sha256"),
            ("5f4dcc3b5aa765d61d8327deb882cf99", "unknown format"),
            ("<script>$x", "unknown format"),
        ] {
            assert_eq!(format_name(hash), name, "{hash}");
        }
    }
}
