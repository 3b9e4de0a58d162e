//! What an operator sees.

use isogloss_core::authority::{Authority as _, CheckStep};
use isogloss_testkit::{AuthorityFault, AuthorityServer, AuthorityUser};
use secrecy::SecretString;

use super::provider;

async fn steps(server: &AuthorityServer, login: Option<(&str, &str)>) -> Vec<CheckStep> {
    let password = login.map(|(_, password)| SecretString::from(password));
    let login = login.map(|(login, _)| login);
    provider(server).check(login, password.as_ref()).await
}

async fn last(server: &AuthorityServer, login: Option<(&str, &str)>) -> CheckStep {
    steps(server, login).await.pop().unwrap()
}

#[tokio::test]
async fn a_provider_that_works_passes_each_step() {
    let server = AuthorityServer::oidc([AuthorityUser::new("kim", "right")]).unwrap();
    let all = steps(&server, None).await;
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(all.iter().all(|step| step.outcome.is_ok()), "{all:?}");
    let accepted = last(&server, Some(("kim", "right"))).await.outcome;
    assert!(accepted.unwrap().contains("id-kim"));
    let rejected = last(&server, Some(("kim", "wrong"))).await.outcome;
    assert_eq!(rejected.unwrap(), "rejected");
}

#[tokio::test]
async fn a_fault_is_named_with_advice() {
    let server = AuthorityServer::oidc([]).unwrap();
    for (fault, expected) in [
        (AuthorityFault::Refuse, "check the name and the port"),
        (AuthorityFault::ForeignCertificate, "ca_file"),
        (AuthorityFault::WrongContentType, "application/json"),
        (AuthorityFault::Redirect, "redirects are not followed"),
        (AuthorityFault::InternalServerError, "log of the provider"),
    ] {
        server.set_fault(Some(fault));
        let problem = last(&server, None).await.outcome.unwrap_err();
        assert!(problem.contains(expected), "{fault:?}: {problem}");
    }
}

#[tokio::test]
async fn a_step_that_fails_is_the_last_one() {
    let server = AuthorityServer::oidc([]).unwrap();
    for (endpoint, number) in [
        ("/.well-known/openid-configuration", 2),
        ("/keys", 3),
        ("/token", 4),
    ] {
        server.set_fault_of(endpoint, AuthorityFault::InternalServerError);
        let all = steps(&server, None).await;
        assert_eq!(all.len(), number, "{all:?}");
        assert!(all.last().unwrap().outcome.is_err(), "{all:?}");
    }
}
