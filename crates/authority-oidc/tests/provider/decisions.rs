//! Decisions, and what is sent.

use std::collections::HashMap;

use data_encoding::BASE64;
use isogloss_authority_oidc::{OidcAuthority, OidcSettings};
use isogloss_core::authority::{CauseKind, Decision, DisabledReason};
use isogloss_testkit::{AuthorityServer, AuthorityUser, UserState};

use super::{accepted, judge, judge_linked, provider, settings, unavailable};

#[tokio::test]
async fn the_provider_decides() {
    let user = |login: &str, state| AuthorityUser::new(login, "right").with_state(state);
    let server = AuthorityServer::oidc([
        user("kim", UserState::Active),
        user("old", UserState::Disabled),
        user("expired", UserState::PasswordExpired),
        user("careful", UserState::SecondFactor),
        user("locked", UserState::Locked),
    ])
    .unwrap();
    let authority = provider(&server);
    let disabled = Decision::DisabledUnjudged(DisabledReason::Disabled);
    let expired = Decision::Disabled(DisabledReason::PasswordExpired);
    let throttled = Decision::Throttled { retry_after: None };
    for (login, password, expected) in [
        ("kim", "wrong", Decision::Rejected),
        ("lee", "right", Decision::Rejected),
        ("old", "right", disabled.clone()),
        ("old", "wrong", disabled),
        ("expired", "right", expired),
        ("expired", "wrong", Decision::Rejected),
        ("careful", "right", Decision::SecondFactorRequired),
        ("locked", "right", throttled),
    ] {
        assert_eq!(
            judge(&authority, login, password).await,
            expected,
            "{login}"
        );
    }
    let identity = accepted(judge(&authority, "kim", "right").await);
    assert_eq!(identity.external_id, "id-kim");
    assert_eq!(identity.user_name.as_deref(), Some("kim"));
    assert_eq!(identity.email.as_deref(), Some("kim@example.com"));
}

#[tokio::test]
async fn the_password_of_another_user_than_the_linked_one_is_not_a_yes() {
    let server = AuthorityServer::oidc([AuthorityUser::new("kim", "right")]).unwrap();
    let authority = provider(&server);
    let kim = ("kim", "right");
    accepted(judge_linked(&authority, kim, Some("id-kim")).await);
    let cause = unavailable(judge_linked(&authority, kim, Some("id-lee")).await);
    assert_eq!(cause.kind, CauseKind::NotLinked);
}

#[tokio::test]
async fn a_request_has_the_grant_the_scope_and_the_client() {
    let server = AuthorityServer::oidc([]).unwrap();
    judge(&provider(&server), "kím&x=\"", "p+ä€ %").await;
    let requests = server.requests();
    let [request] = requests.as_slice() else {
        panic!("{} requests", requests.len())
    };
    let form: HashMap<_, _> = form_urlencoded::parse(&request.body).into_owned().collect();
    let expected = [
        ("grant_type", "password"),
        ("username", "kím&x=\""),
        ("password", "p+ä€ %"),
        ("scope", "openid profile email"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(form, HashMap::from(expected));
    let header = |name: &str| {
        let mut all = request.headers.iter().filter(|(known, _)| known == name);
        all.next().map(|(_, value)| value.as_str())
    };
    let client = BASE64.encode(b"isogloss:secret+of+the+client");
    assert_eq!(
        header("authorization"),
        Some(format!("Basic {client}").as_str())
    );
    let form = "application/x-www-form-urlencoded";
    assert_eq!(header("content-type"), Some(form));
}

#[tokio::test]
async fn what_no_user_can_have_is_not_sent() {
    let server = AuthorityServer::oidc([AuthorityUser::new("kim", "")]).unwrap();
    let authority = provider(&server);
    for (login, password) in [("kim", ""), ("", "right"), ("k\0m", "right")] {
        assert_eq!(judge(&authority, login, password).await, Decision::Rejected);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let server = AuthorityServer::oidc([]).unwrap();
    let refused = |settings: OidcSettings| {
        let error = OidcAuthority::new(settings).err();
        error.map(|error| error.to_string()).unwrap_or_default()
    };
    let with = |change: fn(&mut OidcSettings)| {
        let mut settings = settings(&server);
        change(&mut settings);
        refused(settings)
    };
    assert_eq!(with(|_| {}), "");
    let plain = |settings: &mut OidcSettings| {
        settings.issuer = "http://192.0.2.1/realm".parse().unwrap();
    };
    assert!(with(plain).starts_with("issuer: "));
    let query =
        |settings: &mut OidcSettings| settings.issuer = "https://a.example/?x".parse().unwrap();
    assert!(with(query).starts_with("issuer: "));
    assert!(with(|settings| settings.client_id.clear()).starts_with("client_id: "));
    assert!(with(|settings| settings.scope = "profile".to_owned()).starts_with("scope: "));
    let missing = |settings: &mut OidcSettings| settings.ca_file = Some("/nowhere.pem".into());
    assert!(with(missing).starts_with("ca_file: "));
    let nobody = |settings: &mut OidcSettings| settings.claims.external_id = Some(String::new());
    assert!(with(nobody).starts_with("claims: "));
    assert!(with(|settings| settings.accept_expired = true).starts_with("accept_expired: "));
}
