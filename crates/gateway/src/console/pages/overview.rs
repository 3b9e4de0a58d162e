//! Overview: what needs attention first, then each dialect, stores, authorities and certificates.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::Data;
use isogloss_core::Scope;
use isogloss_core::usage::UsageRows;
use maud::{Markup, html};
use time::OffsetDateTime;

use super::chart::Days;
use super::overview_health::{Attention, authorities, certificates, stores};
use super::overview_refusals::last_hour;
use crate::config::Sunset;
use crate::console::error::ConsoleError;
use crate::console::layout;
use crate::console::markup::{badge, number, table, timestamp, timestamp_text};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::dialects;
use crate::introspection::IntrospectionApi;
use crate::management::Readiness;
use crate::usage::report::{Report, reports};

/// Shows the state of the gateway.
///
/// # Errors
/// The key lacks the scope, or the directory is unreachable.
pub(in crate::console) async fn show(
    visitor: Visitor,
    introspection: Data<IntrospectionApi>,
    readiness: Data<Readiness>,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::Overview).await?;
    let mut attention = Attention::default();
    let stores = stores(&readiness, &mut attention).await;
    let authorities = authorities(&visitor, &mut attention);
    let certificates = certificates(&visitor, &mut attention).await?;
    let reports = all_reports(&visitor, &introspection).await?;
    let settings = &visitor.console.settings;
    if !settings.has_usage {
        attention.hint("Clients are not counted: set usage.enabled = true.".to_owned());
    }
    retirements(
        &reports,
        &settings.sunsets,
        visitor.auth.now(),
        &mut attention,
    );
    let refusals = if visitor.may(Scope::AuditRead) {
        last_hour(&visitor).await?
    } else {
        html! {}
    };
    let days = Days::read(&visitor, None).await?;
    let names = reports.iter().map(|report| report.dialect.as_str());
    let content = html! {
        (attention.list())
        (refusals)
        (dialect_table(&reports, &settings.sunsets))
        (days.charts(names))
        (stores)
        (authorities)
        (certificates)
    };
    Ok(layout::page(
        &visitor,
        ConsolePage::Overview,
        "Overview",
        &content,
    ))
}

/// Returns the report of each dialect.
///
/// # Errors
/// The directory is unreachable.
pub(super) async fn all_reports(
    visitor: &Visitor,
    introspection: &IntrospectionApi,
) -> Result<Vec<Report>, ConsoleError> {
    let since = OffsetDateTime::UNIX_EPOCH;
    let rows: UsageRows = visitor.directory().usage(since).await?;
    let served = dialects::served(&introspection.mounts, None).unwrap_or_default();
    let names: Vec<_> = served.iter().map(|(name, _)| name.clone()).collect();
    let last_uses = visitor.directory().last_uses(&names).await?;
    Ok(reports(rows, &last_uses, &served, visitor.auth.now()))
}

/// Adds the dialects that are retired soon or already and still have clients.
fn retirements(
    reports: &[Report],
    sunsets: &BTreeMap<String, Sunset>,
    now: OffsetDateTime,
    attention: &mut Attention,
) {
    for report in reports.iter().filter(|report| report.last_served.is_some()) {
        let sunset = sunsets.get(&report.dialect);
        let Some(at) = sunset.and_then(|sunset| sunset.sunset_at) else {
            continue;
        };
        let (dialect, verdict) = (&report.dialect, &report.verdict);
        let text = if at.0 <= now {
            format!("The dialect {dialect} is past its sunset: {verdict}.")
        } else {
            let days = (at.0 - now).whole_days();
            format!("The dialect {dialect} ends in {days} days: {verdict}.")
        };
        attention.hint(text);
    }
}

const HEADINGS: [&str; 9] = [
    "Dialect",
    "State",
    "Users",
    "Clients",
    "Calls",
    "Refused",
    "Last success",
    "Sunset",
    "Verdict",
];

/// Returns a table of the dialects, each with a link to its page.
pub(super) fn dialect_table(reports: &[Report], sunsets: &BTreeMap<String, Sunset>) -> Markup {
    let row = |report: &Report| {
        let sunset = sunsets.get(&report.dialect);
        let sunset = sunset.and_then(|sunset| sunset.sunset_at);
        html! {
            tr {
                td { a href={ (ConsolePage::Dialects.path()) "/" (report.dialect) } { (report.dialect) } }
                td { @if report.enabled { (badge("good", "enabled")) } @else { (badge("plain", "off")) } }
                td { (number(report.users)) }
                td { (number(report.clients.len())) }
                td { (number(report.calls)) }
                td { (number(report.refused)) }
                td { @match &report.last_served { None => "never", Some(at) => (timestamp_text(at)) } }
                td { @match sunset { None => "not planned", Some(at) => (timestamp(at.0)) } }
                td { (report.verdict) }
            }
        }
    };
    let rows: Vec<_> = reports.iter().map(row).collect();
    table("Dialects", &HEADINGS, &rows)
}
