//! What needs attention, and the state of stores, authorities and certificates.

use std::path::PathBuf;

use isogloss_core::authority::AuthorityStatus;
use maud::{Markup, html};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use x509_parser::parse_x509_certificate;

use crate::bootstrap::blocking::run_blocking;
use crate::console::error::ConsoleError;
use crate::console::markup::{badge, sentences, shown, table, timestamp, timestamp_or};
use crate::console::visitor::Visitor;
use crate::management::Readiness;

/// How soon the end of a certificate needs attention: most are renewed a month before.
const SOON: Duration = Duration::days(21);

/// The findings of an overview.
#[derive(Default)]
pub(super) struct Attention {
    /// What is broken, and what will be.
    findings: Vec<(bool, String)>,
}

impl Attention {
    fn bad(&mut self, text: String) {
        self.findings.push((true, text));
    }

    /// Adds what should be known and breaks nothing.
    pub(super) fn hint(&mut self, text: String) {
        self.findings.push((false, text));
    }

    /// Returns the findings, what is broken first.
    pub(super) fn list(mut self) -> Markup {
        self.findings.sort_by_key(|(is_bad, _)| !is_bad);
        html! {
            h2 { "What needs attention" }
            @if self.findings.is_empty() { p.empty { "Nothing." } } @else {
                ul.attention {
                    @for (is_bad, text) in &self.findings {
                        li class=(if *is_bad { "bad" } else { "hint" }) { (sentences(text)) }
                    }
                }
            }
        }
    }
}

/// Returns the state of the stores, and adds what they report.
pub(super) async fn stores(readiness: &Readiness, attention: &mut Attention) -> Markup {
    let (refusal, found) = readiness.check().await;
    if let Some(reason) = &refusal {
        attention.bad(format!("Logins and token checks fail: {reason}"));
    }
    for finding in &found.directory {
        attention.hint(format!("Directory: {}", finding.text));
    }
    let store = found.token_store.unwrap_or_default();
    for finding in store["findings"].as_array().into_iter().flatten() {
        let text = finding["text"].as_str().unwrap_or_default();
        attention.hint(format!("Token store: {text}"));
    }
    let servers = store["servers"].as_array().cloned().unwrap_or_default();
    let rows: Vec<_> = servers.iter().map(server).collect();
    let headings = ["Address", "Version", "Role", "Persistence"];
    html! {
        h2 { "Stores" }
        p { "Logins and token checks: " @if refusal.is_none() { (badge("good", "work")) } @else { (badge("bad", "fail")) } }
        @if !rows.is_empty() { (table("Servers of the token store", &headings, &rows)) }
    }
}

fn server(server: &Value) -> Markup {
    let text = |name: &str| server[name].as_str().unwrap_or_default();
    html! {
        tr { @for name in ["address", "version", "role", "persistence"] { td { (shown(text(name))) } } }
    }
}

/// Returns the state of the authorities, and adds those that are unavailable.
pub(super) fn authorities(visitor: &Visitor, attention: &mut Attention) -> Markup {
    let all = visitor.auth.authorities().status();
    for one in all.iter().filter(|one| !one.health.is_available) {
        let name = &one.name;
        attention.bad(format!(
            "The authority {name} is unavailable: its users cannot log in."
        ));
    }
    let rows: Vec<_> = all.iter().map(authority).collect();
    let headings = ["Authority", "State", "Since", "Cause"];
    html! {
        @if !rows.is_empty() {
            (table("Authorities", &headings, &rows))
        }
    }
}

fn authority(status: &AuthorityStatus) -> Markup {
    let health = &status.health;
    let cause = health.last_cause.as_ref().filter(|_| !health.is_available);
    let cause = cause.map(ToString::to_string).unwrap_or_default();
    html! {
        tr {
            td { (shown(&status.name)) }
            td { @if health.is_available { (badge("good", "available")) } @else { (badge("bad", "unavailable")) } }
            td { (timestamp_or(health.since, "not asked yet")) }
            td { (shown(&cause)) }
        }
    }
}

/// Returns the ends of the certificates of our own listeners, and adds those that end soon or cannot be read.
///
/// # Errors
/// No thread can be started to read the files.
pub(super) async fn certificates(
    visitor: &Visitor,
    attention: &mut Attention,
) -> Result<Markup, ConsoleError> {
    let files = visitor.console.settings.certificates.clone();
    let read = move || {
        let ends = files.into_iter().map(|(name, file)| (name, end_of(&file)));
        ends.collect::<Vec<_>>()
    };
    let busy = |error| ConsoleError::Unavailable(format!("certificates: {error}"));
    let ends: Vec<(&str, Option<OffsetDateTime>)> = run_blocking(read).await.map_err(busy)?;
    let now = visitor.auth.now();
    for (name, end) in &ends {
        match end {
            None => attention.bad(format!(
                "The certificate of the {name} listener cannot be read."
            )),
            Some(end) if *end - now < SOON => {
                let days = (*end - now).whole_days();
                attention.bad(format!(
                    "The certificate of the {name} listener ends in {days} days."
                ));
            }
            Some(_) => {}
        }
    }
    let row = |(name, end): &(&str, Option<OffsetDateTime>)| {
        html! { tr { td { (name) } td { @match end { None => "cannot be read", Some(end) => (timestamp(*end)) } } } }
    };
    let rows: Vec<_> = ends.iter().map(row).collect();
    Ok(html! {
        @if !rows.is_empty() {
            (table("Certificates of our own listeners", &["Listener", "End"], &rows))
        }
    })
}

/// Returns the end of the first certificate of a file; `None` if it cannot be read.
fn end_of(file: &PathBuf) -> Option<OffsetDateTime> {
    let text = std::fs::read(file).ok()?;
    let certificate = CertificateDer::pem_slice_iter(&text).next()?.ok()?;
    let (_, certificate) = parse_x509_certificate(&certificate).ok()?;
    let end = certificate.validity().not_after.timestamp();
    OffsetDateTime::from_unix_timestamp(end).ok()
}
