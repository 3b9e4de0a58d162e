//! Sessions: lists those of a user or a handle, and ends them.

use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{Reach, Scope, SessionFilter, SessionInfo, SessionPage};
use maud::{Markup, html};

use super::people::person_path;
use super::person_acts::handle;
use super::token::token_form;
use super::{PAGE, list_or_reason};
use crate::admin::sessions::{SessionQuery, format_cursor};
use crate::console::act::{Act, Done, question};
use crate::console::error::ConsoleError;
use crate::console::fields::{Fields, query};
use crate::console::layout;
use crate::console::markup::{
    choice, filter_field, filters, next_page, shown, shown_if_any, table, timestamp,
};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::dialects;

const PATH: &str = ConsolePage::Sessions.path();

/// The fields of the filter.
const FIELDS: [&str; 4] = ["user", "handle", "client", "dialect"];

const END: (&str, &str, &str) = (
    "End",
    "The token ends, and with it those that are derived from it.",
    "End the session",
);

/// Shows the sessions of a user or of a handle. Without either, no store is asked: it would have to read all tokens.
///
/// # Errors
/// The key lacks the scope, the query is invalid, its user does not exist, or a store is unreachable.
pub(in crate::console) async fn list(
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::Sessions).await?;
    let fields = Fields::of_query(&request);
    let list = found(&visitor, &fields).await;
    let list = list_or_reason(list.map(|page| match page {
        None => html! { p.empty { "Name a user or a handle." } },
        Some(page) => listed(&visitor, &page, &fields),
    }))?;
    let value = |name| fields.get(name).unwrap_or_default();
    let mut names = vec![("", "Any")];
    names.extend(dialects::names().into_iter().map(|name| (name, name)));
    let fields_of_filter = html! {
        (filter_field("user", "User name or e-mail", value("user")))
        (filter_field("handle", "Handle", value("handle")))
        (filter_field("client", "Device or program", value("client")))
        (choice("dialect", "Dialect", value("dialect"), &names))
    };
    let content = html! {
        (Done::notice(&fields))
        (token_form(&visitor))
        (filters(PATH, &fields_of_filter))
        div #list { (list) }
    };
    Ok(layout::page(
        &visitor,
        ConsolePage::Sessions,
        "Sessions",
        &content,
    ))
}

async fn found(visitor: &Visitor, fields: &Fields) -> Result<Option<SessionPage>, ConsoleError> {
    let query = SessionQuery {
        user: fields.text("user"),
        handle: fields.text("handle"),
        client: fields.text("client"),
        dialect: fields.text("dialect"),
        after: fields.text("after"),
        ..SessionQuery::default()
    };
    if query.user.is_none() && query.handle.is_none() {
        return Ok(None);
    }
    let filter = query.filter(visitor.directory().as_ref()).await?;
    let page = visitor.auth.session_page(&filter, query.cursor()?, PAGE);
    Ok(Some(page.await?))
}

fn listed(visitor: &Visitor, page: &SessionPage, fields: &Fields) -> Markup {
    let target = format!("{PATH}/end");
    let next = page.next.map(format_cursor);
    let next = next.map(|after| fields.url(PATH, &FIELDS, &[("after", &after)]));
    html! {
        @if page.sessions.is_empty() { p.empty { "There are none." } } @else {
            (session_table(visitor, &page.sessions, &target, fields.get("user")))
        }
        (next_page(next.as_deref()))
    }
}

/// Returns a table of sessions. If the key may end sessions, each has a form that is sent to `target`, with the user whose
/// sessions are listed.
pub(super) fn session_table(
    visitor: &Visitor,
    sessions: &[SessionInfo],
    target: &str,
    user: Option<&str>,
) -> Markup {
    let may_end = visitor.may(Scope::SessionsWrite);
    let links = visitor.may(Scope::UsersRead);
    let row = |session: &SessionInfo| {
        let fields = html! {
            input type="hidden" name="handle" value=(session.handle);
            @if let Some(user) = user { input type="hidden" name="user" value=(user); }
        };
        let name = shown(&session.user_name);
        html! {
            tr {
                td { @if links { a href=(person_path(session.user)) { (name) } } @else { (name) } }
                td { (session.dialect) }
                td { (session.purpose.name()) }
                td { (shown_if_any(session.client.as_deref())) }
                td { (shown_if_any(session.application.as_deref())) }
                td { (shown_if_any(session.actor_name.as_deref())) }
                td { (timestamp(session.login_at)) }
                td { (timestamp(session.used_at)) }
                td { (timestamp(session.expires_at)) }
                td { code { (session.handle) } }
                @if may_end { td { (question(visitor, target, END, &fields)) } }
            }
        }
    };
    let mut headings = vec![
        "User",
        "Dialect",
        "Purpose",
        "Device or program",
        "Application",
        "Administrator",
        "Login",
        "Last use",
        "End",
        "Handle",
    ];
    if may_end {
        headings.push("Act");
    }
    let rows: Vec<_> = sessions.iter().map(row).collect();
    table("Sessions, the latest first", &headings, &rows)
}

/// Ends the session of a handle, and those that are derived from it.
///
/// # Errors
/// The key lacks the scope, the handle is none, or a store is unreachable.
pub(in crate::console) async fn end(act: Act) -> Result<HttpResponse, ConsoleError> {
    let visitor = &act.visitor;
    visitor.require(Scope::SessionsWrite).await?;
    let filter = SessionFilter {
        handle: Some(handle(act.fields.get("handle").unwrap_or_default())?),
        reach: Reach::Derived,
        ..SessionFilter::default()
    };
    visitor.run(visitor.auth.end_sessions(&filter)).await?;
    let user = act.fields.get("user").unwrap_or_default();
    Ok(Done::SessionsEnded.then(&format!("{PATH}{}", query(&[("user", user)]))))
}
