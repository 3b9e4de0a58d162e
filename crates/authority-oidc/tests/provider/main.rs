//! The password grant, on sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checks;
mod decisions;
mod faults;
mod faults_of_endpoints;
mod oidc_provider;
mod tokens;

use std::time::Duration;

use isogloss_authority_oidc::{ClaimMap, OidcAuthority, OidcSettings};
use isogloss_core::authority::{Authority as _, Decision, Identity, JudgeRequest};
use isogloss_testkit::AuthorityServer;
use secrecy::SecretString;

fn settings(server: &AuthorityServer) -> OidcSettings {
    OidcSettings {
        issuer: server.url().parse().unwrap(),
        client_id: AuthorityServer::CLIENT_ID.to_owned(),
        client_secret: Some(AuthorityServer::CLIENT_SECRET.into()),
        scope: "openid profile email".to_owned(),
        claims: ClaimMap::default(),
        roles: Vec::new(),
        ca_file: Some(server.ca_file()),
        allow_plain: false,
        accept_expired: false,
        timeout: Duration::from_secs(30),
    }
}

fn provider(server: &AuthorityServer) -> OidcAuthority {
    OidcAuthority::new(settings(server)).unwrap()
}

async fn judge(authority: &OidcAuthority, login: &str, password: &str) -> Decision {
    judge_linked(authority, (login, password), None).await
}

async fn judge_linked(
    authority: &OidcAuthority,
    (login, password): (&str, &str),
    external_id: Option<&str>,
) -> Decision {
    let password = SecretString::from(password);
    let request = JudgeRequest {
        login,
        password: &password,
        external_id,
        dialect: "bimplus",
        organisation: None,
        source: None,
    };
    authority.judge(&request).await
}

/// Returns whom the authority accepted.
#[track_caller]
fn accepted(decision: Decision) -> Identity {
    let Decision::Accepted(identity) = decision else {
        panic!("{decision:?}")
    };
    *identity
}

/// Returns the kind and the text of the cause for which the authority did not judge.
#[track_caller]
fn unavailable(decision: Decision) -> isogloss_core::authority::Cause {
    let Decision::Unavailable(cause) = decision else {
        panic!("{decision:?}")
    };
    cause
}
