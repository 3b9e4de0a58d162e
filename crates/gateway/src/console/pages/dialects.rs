//! Dialects: who still uses each of them, and what its retirement would refuse.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::Scope;
use maud::{Markup, html};

use super::chart::Days;
use super::dialect_plan::{cut_off_url, plan};
use super::overview::{all_reports, dialect_table};
use super::use_by_users::users_of_dialect;
use crate::config::{AfterSunset, Sunset};
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::layout;
use crate::console::markup::{
    badge, facts, number, shown, shown_if_any, table, timestamp, timestamp_text,
};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::introspection::IntrospectionApi;
use crate::usage::report::{ClientUsageView, Report};

/// The number of clients that are shown.
const CLIENTS: usize = 200;

/// Shows all dialects.
///
/// # Errors
/// The key lacks the scope, or the directory is unreachable.
pub(in crate::console) async fn list(
    visitor: Visitor,
    introspection: Data<IntrospectionApi>,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::Dialects).await?;
    let reports = all_reports(&visitor, &introspection).await?;
    let content = dialect_table(&reports, &visitor.console.settings.sunsets);
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
    let reports = all_reports(&visitor, &introspection).await?;
    let report = reports.iter().find(|report| report.dialect == *dialect);
    let report = report.ok_or_else(|| ConsoleError::missing("There is no such dialect."))?;
    let sunset = visitor.console.settings.sunsets.get(&report.dialect);
    let fields = Fields::of_query(&request);
    let days = Days::read(&visitor, Some(&report.dialect)).await?;
    let users = if visitor.may(Scope::UsersRead) {
        users_of_dialect(&visitor, &report.dialect, &fields).await?
    } else {
        html! {}
    };
    let content = html! {
        p { (report.verdict) "." }
        (about(report))
        (days.chart_and_table(&report.dialect))
        (retirement(sunset))
        (plan(report, &fields, visitor.auth.now())?)
        (clients(report))
        (users)
    };
    let title = &report.dialect;
    Ok(layout::page(
        &visitor,
        ConsolePage::Dialects,
        title,
        &content,
    ))
}

fn about(report: &Report) -> Markup {
    let time = |at: &Option<String>| html! { @match at { None => "never", Some(at) => (timestamp_text(at)) } };
    let state = if report.enabled {
        badge("good", "enabled")
    } else {
        badge("plain", "off")
    };
    facts(&[
        ("State", state),
        ("Users", number(report.users)),
        ("Clients", number(report.clients.len())),
        ("Calls", number(report.calls)),
        ("Refused calls", number(report.refused)),
        ("Last success", time(&report.last_served)),
        ("Last call", time(&report.last_seen)),
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

fn clients(report: &Report) -> Markup {
    let row = |client: &ClientUsageView| {
        html! {
            tr {
                td { (shown(&client.user_agent)) }
                td { (shown_if_any(client.application.as_deref())) }
                td { (shown_if_any(client.key.as_deref())) }
                td { (shown_if_any(client.client.as_deref())) }
                td { (shown(&client.network)) }
                td { (shown(&client.revisions.join(", "))) }
                td { (number(client.users)) }
                td { (number(client.calls)) }
                td { (number(client.refused)) }
                td { @match &client.last_served { None => "never", Some(at) => (timestamp_text(at)) } }
                td { @if let Some(url) = cut_off_url(&report.dialect, client) { a href=(url) { "Plan to cut it off" } } }
            }
        }
    };
    let rows: Vec<_> = report.clients.iter().take(CLIENTS).map(row).collect();
    html! {
        h2 { "Who still uses it" }
        @if rows.is_empty() { p.empty { "No client was counted." } } @else {
            (table("Clients, the most recently seen first", &HEADINGS, &rows))
        }
        @if report.clients.len() > CLIENTS { p { "Only " (number(CLIENTS)) " of " (number(report.clients.len())) " are shown." } }
    }
}
