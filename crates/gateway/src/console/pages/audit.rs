//! Audit: recorded events, with filters.

use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::Scope;
use maud::{Markup, html};
use serde_json::Value;
use uuid::Uuid;

use super::audit_search::{FIELDS, event_search, filter_fields, limit};
use super::list_or_reason;
use super::people::person_path;
use crate::admin::cursors::format_event_cursor;
use crate::admin::user_names::UserNames;
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::layout;
use crate::console::markup::{
    badge, filters, next_page, shown, shown_if_any, table, timestamp_text,
};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;

const PATH: &str = ConsolePage::Audit.path();

/// Shows recorded events, the latest first.
///
/// # Errors
/// The key lacks the scope, or a store is unreachable.
pub(in crate::console) async fn list(
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::Audit).await?;
    let fields = Fields::of_query(&request);
    if !visitor.console.settings.has_audit_table {
        let text = "Events are not in the database, so they cannot be searched here. Set audit.database = true.";
        let content = html! { p.empty { (text) } };
        return Ok(layout::page(
            &visitor,
            ConsolePage::Audit,
            "Audit",
            &content,
        ));
    }
    let list = list_or_reason(listed(&visitor, &fields).await)?;
    let content = html! {
        (filters(PATH, &filter_fields(&fields)))
        div #list { (list) }
    };
    Ok(layout::page(
        &visitor,
        ConsolePage::Audit,
        "Audit",
        &content,
    ))
}

async fn listed(visitor: &Visitor, fields: &Fields) -> Result<Markup, ConsoleError> {
    let search = event_search(visitor, fields, limit(fields)).await?;
    let found = visitor.directory().search_events(&search).await?;
    let is_full = found.len() == usize::try_from(search.filter.limit).unwrap_or(usize::MAX);
    let last = found.last().filter(|_| is_full);
    let next = last.map(|last| {
        fields.url(
            PATH,
            &FIELDS,
            &[("after", &format_event_cursor(last.cursor))],
        )
    });
    let events = found.iter().map(|event| serde_json::from_str(&event.line));
    let events: Vec<Value> = events.map(Result::unwrap_or_default).collect();
    let download = format!("{PATH}/events.jsonl");
    Ok(html! {
        @if events.is_empty() { p.empty { "There are none." } } @else {
            (event_table(visitor, "Events, the latest first", &events).await?)
        }
        (next_page(next.as_deref()))
        p { a href=(fields.url(&download, &FIELDS, &[])) download { "Download these events as JSON lines" } }
    })
}

const HEADINGS: [&str; 9] = [
    "Time", "Event", "Outcome", "Cause", "Dialect", "User", "By", "Address", "About",
];

/// Returns a table of events.
///
/// # Errors
/// The directory is unreachable.
pub(super) async fn event_table(
    visitor: &Visitor,
    caption: &str,
    events: &[Value],
) -> Result<Markup, ConsoleError> {
    let mut names = UserNames::new(visitor.directory().as_ref());
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let user = named(visitor, &mut names, &event["user"]).await?;
        let actor = named(visitor, &mut names, &event["actor"]).await?;
        rows.push(row(event, &user, &actor));
    }
    Ok(table(caption, &HEADINGS, &rows))
}

/// Returns the name of a user for the identifier in an event, and any other text as it is.
async fn named(
    visitor: &Visitor,
    names: &mut UserNames<'_>,
    value: &Value,
) -> Result<Markup, ConsoleError> {
    let Some(text) = value.as_str() else {
        return Ok(html! {});
    };
    let Some(id) = Uuid::try_parse(text)
        .ok()
        .filter(|_| visitor.may(Scope::UsersRead))
    else {
        return Ok(shown(text));
    };
    let name = names.name(id).await?;
    Ok(match name.as_deref() {
        Some(name) => html! { a href=(person_path(id)) { (shown(name)) } },
        None => shown(text),
    })
}

fn row(event: &Value, user: &Markup, actor: &Markup) -> Markup {
    let text = |name: &str| event[name].as_str();
    let is_done = text("outcome") == Some("done");
    let count = event["count"].as_u64();
    let count = count.map(|count| format!("{count} {}", if count == 1 { "item" } else { "items" }));
    let name_hash = text("name_hash").map(|hash| format!("name #{hash}"));
    let about = [
        text("judged_by"),
        text("organisation"),
        text("unit"),
        text("client"),
        text("target"),
        text("issued_before"),
        count.as_deref(),
        name_hash.as_deref().filter(|_| text("user").is_none()),
        text("handle"),
    ];
    html! {
        tr {
            td { (timestamp_text(text("time").unwrap_or_default())) }
            td { (shown_if_any(text("event"))) }
            td {
                @if is_done { (badge("good", "done")) } @else {
                    (badge("bad", "refused")) " " (shown_if_any(text("reason")))
                }
            }
            td { (shown_if_any(text("cause"))) }
            td { (shown_if_any(text("dialect"))) }
            td { (user) }
            td { (actor) }
            td { (shown_if_any(text("source"))) }
            td { (shown(&about.into_iter().flatten().collect::<Vec<_>>().join(", "))) }
        }
    }
}
