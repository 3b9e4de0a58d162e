//! The sections of one person's page that stores are asked for.

use isogloss_core::directory::{KnownAppPassword, UserRecord};
use isogloss_core::{Scope, SessionFilter, ThrottleFilter, ThrottlePageQuery, TotpStep};
use maud::{Markup, html};

use super::people::person_path;
use super::refusals::{Of, find, none, refusal_table};
use super::sessions::session_table;
use super::throttle::bucket_table;
use super::{PAGE, cut_to_page};
use crate::admin::refusals::RefusalQuery;
use crate::console::act::question;
use crate::console::error::ConsoleError;
use crate::console::fields::query as query_text;
use crate::console::markup::{
    facts, number, shown, table, timestamp, timestamp_or, timestamp_text,
};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::dialects;

/// The number of refused requests that are shown.
const ATTEMPTS: u32 = 20;

const TOTP_OFF: (&str, &str, &str) = (
    "Switch it off",
    "Logins need only the password. Recovery codes end; tokens stay valid.",
    "Switch the second factor off",
);
const REVOKE: (&str, &str, &str) = (
    "Revoke",
    "The application password ends, and with it all tokens of the user.",
    "Revoke it",
);

/// Returns the section of the second factor.
///
/// # Errors
/// The directory is unreachable.
pub(super) async fn second_factor(
    visitor: &Visitor,
    user: &UserRecord,
) -> Result<Markup, ConsoleError> {
    let enrolment = visitor.directory().enrolment(user.id).await?;
    let target = format!("{}/second-factor", person_path(user.id));
    Ok(html! {
        h2 { "Second factor" }
        @if let Some(enrolment) = enrolment {
            (facts(&[
                ("State", html! { "on" }),
                ("Since", timestamp_or(enrolment.since, "imported")),
                ("Last use", timestamp_or(enrolment.last_step.map(TotpStep::began_at), "none")),
                ("Recovery codes left", number(enrolment.recovery_codes_left)),
            ]))
            @if visitor.may(Scope::UsersWrite) { (question(visitor, &target, TOTP_OFF, &html! {})) }
        } @else {
            p.empty { "It is off." }
        }
    })
}

/// Returns the section of the application passwords.
///
/// # Errors
/// The directory is unreachable.
pub(super) async fn app_passwords(
    visitor: &Visitor,
    user: &UserRecord,
) -> Result<Markup, ConsoleError> {
    let all = visitor.directory().app_passwords(user.id).await?;
    let path = format!("{}/app-passwords", person_path(user.id));
    let revoke = format!("{path}/revoke");
    let may_write = visitor.may(Scope::UsersWrite);
    let row = |known: &KnownAppPassword| {
        let id = html! { input type="hidden" name="id" value=(known.id()); };
        html! {
            tr {
                td { code { (known.id()) } }
                td { (shown(&known.realm)) }
                td { (shown(&known.label)) }
                td { (timestamp(known.made_at)) }
                td { @match known.used_on { None => "never", Some(day) => (timestamp_text(&day.to_string())) } }
                td { @if may_write { (question(visitor, &revoke, REVOKE, &id)) } }
            }
        }
    };
    let headings = [
        "Identifier",
        "Dialect",
        "Label",
        "Created",
        "Last use",
        "Act",
    ];
    let rows: Vec<_> = all.iter().map(row).collect();
    Ok(html! {
        h2 { "Application passwords" }
        @if rows.is_empty() { p.empty { "There are none." } } @else {
            (table("Application passwords", &headings, &rows))
        }
        @if may_write {
            details.question {
                summary { "Add an application password" }
                form.form method="post" action=(path) {
                    (visitor.form_token())
                    p { "It replaces the password and the second factor in one dialect. It is shown once." }
                    label { span { "Dialect" }
                        select name="dialect" { @for name in dialects::names() { option value=(name) { (name) } } }
                    }
                    label { span { "Label, such as the name of the program" } input name="label" maxlength="100" autocomplete="off"; }
                    button type="submit" { "Add it" }
                }
            }
        }
    })
}

/// Returns the section of the locks and counted attempts.
///
/// # Errors
/// A store is unreachable.
pub(super) async fn locks(visitor: &Visitor, user: &UserRecord) -> Result<Markup, ConsoleError> {
    let query = ThrottlePageQuery {
        filter: ThrottleFilter {
            name: Some(user.user_name.clone()),
            ..ThrottleFilter::default()
        },
        kind: None,
        part: None,
        after: None,
        limit: PAGE,
    };
    let page = visitor.auth.throttle_page(&query).await?;
    let url = format!(
        "{}{}",
        ConsolePage::Throttle.path(),
        query_text(&[("user", &user.user_name)])
    );
    Ok(html! {
        h2 { "Locks and counted attempts" }
        @if page.buckets.is_empty() { p.empty { "No wrong attempts are counted." } } @else {
            (bucket_table(&page.buckets, visitor.auth.now(), None))
        }
        @if page.next.is_some() { p { a href=(url) { "All locks and counted attempts of the user" } } }
    })
}

/// Returns the section of the sessions.
///
/// # Errors
/// A store is unreachable.
pub(super) async fn sessions(visitor: &Visitor, user: &UserRecord) -> Result<Markup, ConsoleError> {
    let filter = SessionFilter {
        user: Some(user.id),
        ..SessionFilter::default()
    };
    let mut sessions = visitor.auth.sessions(&filter, PAGE + 1).await?;
    let has_more = cut_to_page(&mut sessions);
    let target = format!("{}/sessions", person_path(user.id));
    Ok(html! {
        h2 { "Sessions" }
        @if sessions.is_empty() { p.empty { "There are none." } } @else {
            (session_table(visitor, &sessions, &target, None))
        }
        @if has_more { p { "Only the latest " (number(PAGE)) " are shown." } }
    })
}

/// Returns the section of the last requests of the user that were refused, with their causes.
///
/// # Errors
/// The directory is unreachable.
pub(super) async fn attempts(visitor: &Visitor, user: &UserRecord) -> Result<Markup, ConsoleError> {
    let query = RefusalQuery {
        limit: Some(ATTEMPTS),
        ..RefusalQuery::default()
    };
    let refusals = find(visitor, &query, Some(&user.user_name)).await?;
    let url = format!(
        "{}{}",
        ConsolePage::Refusals.path(),
        query_text(&[("user", &user.user_name)])
    );
    Ok(html! {
        h2 { "Last attempts" }
        @if refusals.is_empty() { (none(visitor)) } @else {
            (refusal_table(visitor, "Refused requests, the latest first", &refusals, Of::One))
            p { a href=(url) { "All refused requests of the user" } }
        }
    })
}
