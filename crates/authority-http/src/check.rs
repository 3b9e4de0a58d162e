//! What `isogloss authority check` tries with a web hook.

use isogloss_authority::{connection_step, login_outcome, made_up_login_outcome};
use isogloss_core::authority::{Cause, CauseKind, CheckStep, Decision, JudgeRequest};
use secrecy::SecretString;
use uuid::Uuid;

use crate::HookAuthority;

/// Connects, then sends a request for the login with its password, or for a name that does not exist, and returns what
/// was found.
pub(crate) async fn steps(
    hook: &HookAuthority,
    login: Option<&str>,
    password: Option<&SecretString>,
) -> Vec<CheckStep> {
    let connected = connection_step(hook.url(), hook.timeout()).await;
    if connected.outcome.is_err() {
        return vec![connected];
    }
    let asked = match (login, password) {
        (Some(login), Some(password)) => ask_about(hook, login, password).await,
        _ => ask_about_unknown_name(hook).await,
    };
    let mut steps = vec![connected, asked];
    if login.is_some() && password.is_none() {
        steps.push(CheckStep {
            name: "look the user up".to_owned(),
            outcome: Ok("a web hook only judges passwords: give the password, too".to_owned()),
        });
    }
    steps
}

async fn ask_about(hook: &HookAuthority, login: &str, password: &SecretString) -> CheckStep {
    CheckStep {
        name: format!("ask {} about the login", hook.url()),
        outcome: login_outcome(&ask(hook, login, password).await, explain),
    }
}

/// Asks about a name and a password that are made up: a hook that works accepts neither.
async fn ask_about_unknown_name(hook: &HookAuthority) -> CheckStep {
    let name = format!("isogloss-check-{}", Uuid::new_v4().simple());
    let password = SecretString::from(Uuid::new_v4().to_string());
    CheckStep {
        name: format!("ask {} about a name that does not exist", hook.url()),
        outcome: made_up_login_outcome(&ask(hook, &name, &password).await, explain),
    }
}

async fn ask(hook: &HookAuthority, login: &str, password: &SecretString) -> Decision {
    let request = JudgeRequest {
        login,
        password,
        external_id: None,
        dialect: "check",
        organisation: None,
        source: None,
    };
    hook.ask(&request).await
}

/// Returns a cause with what to do about it.
fn explain(cause: &Cause) -> String {
    let advice = match cause.kind {
        CauseKind::Connect => "check url, and that the service runs and is reachable from here",
        CauseKind::Tls => {
            "check the name and the dates of the service's certificate, that ca_file has its authority, and \
             client_certificate_file if the service asks for a certificate"
        }
        CauseKind::Timeout => "look at how long the service takes, then at timeout",
        CauseKind::Configuration => {
            "check the path of url, and that the service has the same secret; it may want a client certificate"
        }
        CauseKind::Response => "compare the response with docs/users-from-a-web-hook.md",
        CauseKind::Closed
        | CauseKind::Refused
        | CauseKind::Ambiguous
        | CauseKind::Busy
        | CauseKind::CircuitOpen
        | CauseKind::NotLinked
        | CauseKind::InvalidUser => "look into the log of the service",
    };
    format!("{cause}; {advice}")
}
