//! Refused requests, logins that were tried, and tokens, as text.

use anyhow::Result;

use crate::admin::refusals::RefusalView;
use crate::admin::token_finding::TokenView;
use crate::admin::trial::TrialView;
use crate::cli::output;

/// Prints refused requests, each as a paragraph. Fails if the standard output cannot be written.
pub(super) fn refusals(found: &[RefusalView]) -> Result<()> {
    for refusal in found {
        let dialect = refusal.dialect.as_deref().unwrap_or("no dialect");
        output::text(format_args!(
            "{}  {dialect}  {} {}  {}",
            refusal.time, refusal.method, refusal.route, refusal.status
        ))?;
        output::text(format_args!("  {}: {}", refusal.cause, refusal.explanation))?;
        if let Some(advice) = &refusal.advice {
            output::text(format_args!("  {advice}"))?;
        }
        let request_id = refusal.request_id.map(|id| id.to_string());
        let hash = refusal.name_hash.as_ref().map(|hash| format!("#{hash}"));
        let user = refusal.user.as_ref().or(refusal.typed_name.as_ref());
        let facts = [
            ("user", user.or(hash.as_ref())),
            ("from", refusal.source.as_ref()),
            ("by", refusal.by.as_ref()),
            ("client", refusal.client.as_ref()),
            ("application", refusal.application.as_ref()),
            ("key", refusal.key.as_ref()),
            ("user agent", refusal.user_agent.as_ref()),
            ("token", refusal.handle.as_ref()),
            ("request", request_id.as_ref()),
        ];
        output::text(format_args!("  {}", joined(&facts)))?;
        output::text("")?;
    }
    Ok(())
}

/// Prints what each step of a login found. Fails if the standard output cannot be written.
pub(super) fn trial(trial: &TrialView) -> Result<()> {
    let steps = trial.steps.iter();
    let rows: Vec<_> = steps
        .map(|step| vec![step.step.clone(), step.verdict.clone(), step.text.clone()])
        .collect();
    output::table(&["STEP", "VERDICT", "FINDING"], &rows)?;
    output::text(match trial.verdict.as_str() {
        "passes" => "This login would succeed.",
        "fails" => "This login would be refused.",
        _ => "An authority could not be asked, so the login would be refused as unavailable.",
    })
}

/// Prints what is known of a token. Fails if the standard output cannot be written.
pub(super) fn token(found: &TokenView) -> Result<()> {
    output::text(&found.explanation)?;
    let facts = [
        ("dialect", Some(&found.dialect)),
        ("purpose", found.purpose.as_ref()),
        ("user", found.user.as_ref()),
        ("client", found.client.as_ref()),
        ("application", found.application.as_ref()),
        ("issued", found.issued_at.as_ref()),
        ("last used", found.used_at.as_ref()),
        ("expires", found.expires_at.as_ref()),
        ("handle", Some(&found.handle)),
    ];
    output::text(joined(&facts))?;
    for event in &found.events {
        let text = |member: &str| event[member].as_str().unwrap_or_default().to_owned();
        let (time, kind, outcome) = (text("time"), text("event"), text("outcome"));
        let actor = match text("actor") {
            actor if actor.is_empty() => String::new(),
            actor => format!(" by {actor}"),
        };
        output::text(format_args!("  {time}  {kind} {outcome}{actor}"))?;
    }
    Ok(())
}

/// Returns the facts that are known, each after its name.
fn joined(facts: &[(&str, Option<&String>)]) -> String {
    let known = facts.iter();
    let known = known.filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)));
    known.collect::<Vec<_>>().join(", ")
}
