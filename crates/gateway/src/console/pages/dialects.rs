//! Dialects: who still uses each of them, and what its retirement would refuse.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::Scope;
use isogloss_core::usage::{ClientPage, ClientPattern};
use maud::{Markup, html};

use super::chart::Days;
use super::dialect_plan::{cut_off_url, plan};
use super::overview::{all_dialects, dialect_table};
use super::use_by_users::users_of_dialect;
use crate::config::{AfterSunset, Sunset};
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::layout;
use crate::console::markup::{
    badge, facts, number, shown, shown_if_any, table, timestamp, timestamp_or, timestamp_text,
};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::introspection::IntrospectionApi;
use crate::usage::days::DAYS;
use crate::usage::report::{ClientUsageView, DialectSummary, client_views};

/// The number of clients that are shown.
const CLIENTS: u32 = 200;

/// Shows all dialects.
///
/// # Errors
/// The key lacks the scope, or the directory is unreachable.
pub(in crate::console) async fn list(
    visitor: Visitor,
    introspection: Data<IntrospectionApi>,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::Dialects).await?;
    let days = Days::read(&visitor, None).await?;
    let dialects = all_dialects(&visitor, &introspection, &days).await?;
    let content = dialect_table(&dialects, &visitor.console.settings.sunsets);
    Ok(layout::page(
        &visitor,
        ConsolePage::Dialects,
        "Dialects",
        &content,
    ))
}

/// Shows the clients of a dialect, how it is retired, and what a change would have refused.
///
/// # Errors
/// The key lacks the scope, there is no such dialect, the query is invalid, or the directory is unreachable.
pub(in crate::console) async fn show(
    visitor: Visitor,
    dialect: Path<String>,
    request: HttpRequest,
    introspection: Data<IntrospectionApi>,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::Dialects).await?;
    let days = Days::read(&visitor, Some(&dialect)).await?;
    let dialects = all_dialects(&visitor, &introspection, &days).await?;
    let summary = dialects.iter().find(|summary| summary.dialect == *dialect);
    let summary = summary.ok_or_else(|| ConsoleError::missing("There is no such dialect."))?;
    let sunset = visitor.console.settings.sunsets.get(&summary.dialect);
    let fields = Fields::of_query(&request);
    let users = if visitor.may(Scope::UsersRead) {
        users_of_dialect(&visitor, &summary.dialect, &fields).await?
    } else {
        html! {}
    };
    let content = html! {
        p { (summary.verdict) "." }
        (about(summary))
        (days.chart_and_table(&summary.dialect))
        (retirement(sunset))
        (plan(&visitor, &summary.dialect, &fields).await?)
        (clients(&visitor, summary).await?)
        (users)
    };
    let title = &summary.dialect;
    Ok(layout::page(
        &visitor,
        ConsolePage::Dialects,
        title,
        &content,
    ))
}

fn about(summary: &DialectSummary) -> Markup {
    let users = format!("Users, {DAYS} days");
    let state = if summary.enabled {
        badge("good", "enabled")
    } else {
        badge("plain", "off")
    };
    facts(&[
        ("State", state),
        (&users, number(summary.users)),
        ("Clients", number(summary.clients)),
        ("Calls", number(summary.calls)),
        ("Refused calls", number(summary.refused)),
        ("Last success", timestamp_or(summary.last_served, "never")),
        ("Last call", timestamp_or(summary.last_seen, "never")),
    ])
}

/// Returns how the configuration retires the dialect.
fn retirement(sunset: Option<&Sunset>) -> Markup {
    let Some(sunset) = sunset else {
        return html! { h2 { "Retirement" } p.empty { "It is not being retired." } };
    };
    let after = match sunset.then {
        AfterSunset::Serve => "calls are still served",
        AfterSunset::Refuse => "every call is refused",
    };
    let time = |at: Option<crate::config::Timestamp>| html! { @match at { None => "not set", Some(at) => (timestamp(at.0)) } };
    html! {
        h2 { "Retirement" }
        (facts(&[
            ("Deprecated at", time(sunset.deprecated_at)),
            ("Sunset at", time(sunset.sunset_at)),
            ("Then", html! { (after) }),
            ("Brownouts", number(sunset.brownouts.len())),
            ("Clients that are cut off", number(sunset.cut_off.len())),
            ("Page for people", shown(&sunset.link)),
        ]))
    }
}

const HEADINGS: [&str; 11] = [
    "Program",
    "Application",
    "Key",
    "Device",
    "Network",
    "Releases of the API",
    "Users",
    "Calls",
    "Refused",
    "Last success",
    "Act",
];

/// Returns the section of the clients.
///
/// # Errors
/// The directory is unreachable.
async fn clients(visitor: &Visitor, summary: &DialectSummary) -> Result<Markup, ConsoleError> {
    let page = ClientPage {
        dialect: summary.dialect.clone(),
        attributes: ClientPattern::default(),
        served_since: None,
        after: 0,
        limit: CLIENTS,
    };
    let clients = read_clients(visitor, &page).await?;
    let row = |client: &ClientUsageView| {
        html! {
            tr {
                (client_cells(client))
                td { (shown(&client.network)) }
                td { (shown(&client.revisions.join(", "))) }
                td { (number(client.users)) }
                td { (number(client.calls)) }
                td { (number(client.refused)) }
                td { @match &client.last_served { None => "never", Some(at) => (timestamp_text(at)) } }
                td { @if let Some(url) = cut_off_url(&summary.dialect, client) { a href=(url) { "Plan to cut it off" } } }
            }
        }
    };
    let rows: Vec<_> = clients.iter().map(row).collect();
    Ok(html! {
        h2 { "Who still uses it" }
        @if rows.is_empty() { p.empty { "No client was counted." } } @else {
            (table("Clients, the most recently seen first", &HEADINGS, &rows))
        }
        @if summary.clients > u64::from(CLIENTS) { p { "Only " (number(CLIENTS)) " of " (number(summary.clients)) " are shown." } }
    })
}

/// Returns the cells that name a client: program, application, key and device.
pub(super) fn client_cells(client: &ClientUsageView) -> Markup {
    html! {
        td { (shown(&client.user_agent)) }
        td { (shown_if_any(client.application.as_deref())) }
        td { (shown_if_any(client.key.as_deref())) }
        td { (shown_if_any(client.client.as_deref())) }
    }
}

/// Returns the clients of a page, the most recently seen first.
///
/// # Errors
/// The directory is unreachable.
pub(super) async fn read_clients(
    visitor: &Visitor,
    page: &ClientPage,
) -> Result<Vec<ClientUsageView>, ConsoleError> {
    let rows = visitor.directory().usage_of_clients(page).await?;
    Ok(client_views(rows))
}
