//! What an operator sees.

use isogloss_core::authority::{Authority as _, CheckStep};
use isogloss_testkit::{AuthorityFault, AuthorityServer, AuthorityUser};
use secrecy::SecretString;

use super::hook;

async fn last(server: &AuthorityServer, login: Option<(&str, &str)>) -> CheckStep {
    let password = login.map(|(_, password)| SecretString::from(password));
    let login = login.map(|(login, _)| login);
    let mut steps = hook(server).check(login, password.as_ref()).await;
    steps.pop().unwrap()
}

#[tokio::test]
async fn a_hook_that_works_passes() {
    let server = AuthorityServer::hook([AuthorityUser::new("kim", "right")]).unwrap();
    assert!(last(&server, None).await.outcome.is_ok());
    let accepted = last(&server, Some(("kim", "right"))).await.outcome;
    assert!(accepted.unwrap().contains("id-kim"));
    let rejected = last(&server, Some(("kim", "wrong"))).await.outcome;
    assert_eq!(rejected.unwrap(), "rejected");
}

#[tokio::test]
async fn a_fault_is_named_with_advice() {
    let server = AuthorityServer::hook([]).unwrap();
    for (fault, expected) in [
        (AuthorityFault::Refuse, "check the name and the port"),
        (AuthorityFault::ForeignCertificate, "ca_file"),
        (AuthorityFault::WrongContentType, "application/json"),
        (AuthorityFault::Redirect, "redirects are not followed"),
        (AuthorityFault::InternalServerError, "log of the service"),
    ] {
        server.set_fault(Some(fault));
        let problem = last(&server, None).await.outcome.unwrap_err();
        assert!(problem.contains(expected), "{fault:?}: {problem}");
    }
}
