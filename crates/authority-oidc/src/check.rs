//! What `isogloss authority check` tries with an OpenID provider.

use std::time::Duration;

use isogloss_authority::{connection_step, login_outcome, made_up_login_outcome};
use isogloss_core::authority::{Cause, CauseKind, CheckStep};
use secrecy::SecretString;
use tokio::time::timeout;
use uuid::Uuid;

use crate::OidcAuthority;
use crate::metadata::Metadata;

/// The name of the grant in metadata.
const GRANT: &str = "password";

/// Connects, reads metadata and keys, and asks for tokens: for the login with its password, or for a name that does not
/// exist. Returns what was found; a step after one that failed is left out.
pub(crate) async fn steps(
    authority: &OidcAuthority,
    login: Option<&str>,
    password: Option<&SecretString>,
) -> Vec<CheckStep> {
    let patience = authority.timeout();
    let provider = authority.provider();
    // What is cached would hide what is wrong now.
    provider.forget();
    let mut steps = vec![connection_step(&provider.metadata_address(), patience).await];
    if is_over(&steps) {
        return steps;
    }
    let metadata = within(patience, provider.metadata()).await;
    steps.push(CheckStep {
        name: format!("read {}", provider.metadata_address()),
        outcome: match &metadata {
            Ok(metadata) => describe(metadata),
            Err(cause) => Err(explain(cause)),
        },
    });
    let (Ok(metadata), false) = (metadata, is_over(&steps)) else {
        return steps;
    };
    steps.push(CheckStep {
        name: format!("read keys from {}", metadata.jwks_uri),
        outcome: match within(patience, provider.keys(&metadata)).await {
            Ok(keys) => Ok(format!("{} for signatures", keys.count())),
            Err(cause) => Err(explain(&cause)),
        },
    });
    if is_over(&steps) {
        return steps;
    }
    steps.push(match (login, password) {
        (Some(login), Some(password)) => judge(authority, login, password).await,
        _ => authenticate(authority, &metadata).await,
    });
    if login.is_some() && password.is_none() {
        steps.push(CheckStep {
            name: "look the user up".to_owned(),
            outcome: Ok("this grant only judges passwords: give the password, too".to_owned()),
        });
    }
    steps
}

fn is_over(steps: &[CheckStep]) -> bool {
    steps.iter().any(|step| step.outcome.is_err())
}

fn describe(metadata: &Metadata) -> Result<String, String> {
    if let Some(grants) = &metadata.grant_types_supported
        && !grants.iter().any(|grant| grant == GRANT)
    {
        return Err(format!(
            "the provider has no grant {GRANT}, only {}; switch it on there, or use another kind of authority",
            grants.join(", ")
        ));
    }
    Ok(format!(
        "the issuer is right, the token endpoint is {}",
        metadata.token_endpoint
    ))
}

/// Asks about a name and a password that are made up: the provider refuses them if it accepts us.
async fn authenticate(authority: &OidcAuthority, metadata: &Metadata) -> CheckStep {
    let name = format!("isogloss-check-{}", Uuid::new_v4().simple());
    let password = SecretString::from(Uuid::new_v4().to_string());
    let decision = authority.ask(&name, &password, None).await;
    CheckStep {
        name: format!(
            "authenticate as the client {} at {}",
            authority.credentials().client_id,
            metadata.token_endpoint
        ),
        outcome: made_up_login_outcome(&decision, explain),
    }
}

async fn judge(authority: &OidcAuthority, login: &str, password: &SecretString) -> CheckStep {
    CheckStep {
        name: "judge the password".to_owned(),
        outcome: login_outcome(&authority.ask(login, password, None).await, explain),
    }
}

async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, Cause>>,
) -> Result<T, Cause> {
    timeout(patience, work).await.unwrap_or_else(|_| {
        let detail = format!("no complete response within {patience:?}");
        Err(Cause::new(CauseKind::Timeout, detail))
    })
}

fn explain(cause: &Cause) -> String {
    let advice = match cause.kind {
        CauseKind::Connect => "check issuer, and that the provider is reachable from here",
        CauseKind::Tls => {
            "check the name and the dates of the provider's certificate, and that ca_file has its authority"
        }
        CauseKind::Timeout => "look at how long the provider takes, then at timeout",
        CauseKind::Configuration => {
            "compare issuer, client_id and client_secret with the provider: issuer is written as its metadata write it"
        }
        CauseKind::Response => {
            "check that issuer is that of an OpenID provider, and that no other service answers at its address"
        }
        CauseKind::Closed
        | CauseKind::Refused
        | CauseKind::Ambiguous
        | CauseKind::Busy
        | CauseKind::CircuitOpen
        | CauseKind::NotLinked
        | CauseKind::InvalidUser => "look into the log of the provider",
    };
    format!("{cause}; {advice}")
}
