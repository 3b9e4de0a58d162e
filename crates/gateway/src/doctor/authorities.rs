//! Checks that authorities can be asked, and that what they assign exists.

use isogloss_core::authority::CheckStep;
use isogloss_core::directory::Directory;
use tokio::time::timeout;

use super::{Finding, Findings};
use crate::authority_check::{LONGEST, run};
use crate::bootstrap::authorities::{HINT, unknown_organisations};
use crate::config::{Config, ConfiguredAuthority};

/// Tries each authority without a login. Adds the results to `findings`.
pub(super) async fn examine(config: &Config, findings: &mut Findings) {
    let configured = &config.sections.authorities;
    for (index, authority) in configured.iter().enumerate() {
        let check = format!("authority {}", authority.name);
        let advice = format!(
            "isogloss authority check {} shows each step",
            authority.name
        );
        let finding = match timeout(LONGEST, run(index, authority, None)).await {
            Err(_) => Finding::failed(check, format!("no answer within {LONGEST:?}"), advice),
            Ok(Err(problem)) => Finding::failed(check, problem.to_string(), "correct the setting"),
            Ok(Ok(steps)) => finding(check, &steps, advice),
        };
        findings.add(finding);
    }
}

/// Returns the finding about the steps of a check. The last one decides: an earlier one may be about one of several servers.
fn finding(check: String, steps: &[CheckStep], advice: String) -> Finding {
    let failed = steps.iter().rev().find_map(|step| {
        let reason = step.outcome.as_ref().err()?;
        Some(format!("{}: {reason}", step.name))
    });
    let can_be_asked = steps.last().is_none_or(|step| step.outcome.is_ok());
    match failed {
        None => Finding::ok(check, "can be asked"),
        Some(reason) if can_be_asked => Finding::warning(check, reason, advice),
        Some(reason) => Finding::failed(check, reason, advice),
    }
}

/// Checks that the organisations exist that authorities assign. Adds the results to `findings`.
pub(super) async fn organisations(
    configured: &[ConfiguredAuthority],
    directory: &dyn Directory,
    findings: &mut Findings,
) {
    for authority in configured {
        let check = format!("authority {}", authority.name);
        match unknown_organisations(authority, directory).await {
            Ok(unknown) => {
                for name in unknown {
                    let text = format!("assigns the organisation {name}, which does not exist");
                    findings.add(Finding::failed(&check, text, HINT));
                }
            }
            // It is a finding of the directory.
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    #[test]
    fn one_of_several_servers_that_fails_is_a_warning() {
        let step = |outcome: Result<&str, &str>| CheckStep {
            name: "connect to ldaps://dc1".to_owned(),
            outcome: outcome.map(str::to_owned).map_err(str::to_owned),
        };
        for (steps, verdict) in [
            (vec![step(Ok("TLS 1.3"))], Severity::Ok),
            (
                vec![step(Err("refused")), step(Ok("TLS 1.3"))],
                Severity::Warning,
            ),
            (
                vec![step(Ok("TLS 1.3")), step(Err("refused"))],
                Severity::Failed,
            ),
        ] {
            let found = finding("authority corp".to_owned(), &steps, "look".to_owned());
            assert_eq!(found.verdict, verdict, "{steps:?}");
            if verdict != Severity::Ok {
                assert_eq!(found.text, "connect to ldaps://dc1: refused");
            }
        }
    }
}
