//! Overview: what needs attention first, then each dialect, stores, authorities and certificates.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::Data;
use isogloss_core::Scope;
use maud::{Markup, html};
use time::OffsetDateTime;

use super::chart::Days;
use super::overview_health::{Attention, authorities, certificates, stores};
use super::overview_refusals::last_hour;
use crate::config::Sunset;
use crate::console::error::ConsoleError;
use crate::console::layout;
use crate::console::markup::{badge, number, table, timestamp, timestamp_or};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::dialects;
use crate::introspection::IntrospectionApi;
use crate::management::Readiness;
use crate::usage::days::DAYS;
use crate::usage::report::{DialectSummary, summaries};

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
    let days = Days::read(&visitor, None).await?;
    let dialects = all_dialects(&visitor, &introspection, &days).await?;
    let settings = &visitor.console.settings;
    if !settings.has_usage {
        attention.hint("Clients are not counted: set usage.enabled = true.".to_owned());
    }
    retirements(
        &dialects,
        &settings.sunsets,
        visitor.auth.now(),
        &mut attention,
    );
    let refusals = if visitor.may(Scope::AuditRead) {
        last_hour(&visitor).await?
    } else {
        html! {}
    };
    let names = dialects.iter().map(|summary| summary.dialect.as_str());
    let content = html! {
        (attention.list())
        (refusals)
        (dialect_table(&dialects, &settings.sunsets))
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

/// Returns the summary of each dialect, with the users of those days.
///
/// # Errors
/// The directory is unreachable.
pub(super) async fn all_dialects(
    visitor: &Visitor,
    introspection: &IntrospectionApi,
    days: &Days,
) -> Result<Vec<DialectSummary>, ConsoleError> {
    let counted = visitor.directory().usage_summaries().await?;
    let served = dialects::served(&introspection.mounts, None).unwrap_or_default();
    let names: Vec<_> = served.iter().map(|(name, _)| name.clone()).collect();
    let last_uses = visitor.directory().last_uses(&names).await?;
    let (users, now) = (|dialect: &str| days.users(dialect), visitor.auth.now());
    Ok(summaries(&counted, &last_uses, &served, users, now))
}

/// Adds the dialects that are retired soon or already and still have clients.
fn retirements(
    dialects: &[DialectSummary],
    sunsets: &BTreeMap<String, Sunset>,
    now: OffsetDateTime,
    attention: &mut Attention,
) {
    for summary in dialects
        .iter()
        .filter(|summary| summary.last_served.is_some())
    {
        let sunset = sunsets.get(&summary.dialect);
        let Some(at) = sunset.and_then(|sunset| sunset.sunset_at) else {
            continue;
        };
        let (dialect, verdict) = (&summary.dialect, &summary.verdict);
        let text = if at.0 <= now {
            format!("The dialect {dialect} is past its sunset: {verdict}.")
        } else {
            let days = (at.0 - now).whole_days();
            format!("The dialect {dialect} ends in {days} days: {verdict}.")
        };
        attention.hint(text);
    }
}

/// Returns a table of the dialects, each with a link to its page.
pub(super) fn dialect_table(
    dialects: &[DialectSummary],
    sunsets: &BTreeMap<String, Sunset>,
) -> Markup {
    let users = format!("Users, {DAYS} days");
    let headings = [
        "Dialect",
        "State",
        &users,
        "Clients",
        "Calls",
        "Refused",
        "Last success",
        "Sunset",
        "Verdict",
    ];
    let row = |summary: &DialectSummary| {
        let sunset = sunsets.get(&summary.dialect);
        let sunset = sunset.and_then(|sunset| sunset.sunset_at);
        html! {
            tr {
                td { a href={ (ConsolePage::Dialects.path()) "/" (summary.dialect) } { (summary.dialect) } }
                td { @if summary.enabled { (badge("good", "enabled")) } @else { (badge("plain", "off")) } }
                td { (number(summary.users)) }
                td { (number(summary.clients)) }
                td { (number(summary.calls)) }
                td { (number(summary.refused)) }
                td { (timestamp_or(summary.last_served, "never")) }
                td { @match sunset { None => "not planned", Some(at) => (timestamp(at.0)) } }
                td { (summary.verdict) }
            }
        }
    };
    let rows: Vec<_> = dialects.iter().map(row).collect();
    table("Dialects", &headings, &rows)
}
