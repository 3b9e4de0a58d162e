//! A provider that is not ours: the npm library `oidc-provider`.

use isogloss_authority_oidc::{ClaimMap, GroupRule, OidcAuthority, OidcSettings};
use isogloss_core::Role;
use isogloss_core::authority::{Authority as _, CauseKind, Decision, Identity};
use isogloss_testkit::servers::OidcProvider;
use secrecy::SecretString;

use super::{accepted, judge, unavailable};

fn client(server: &OidcProvider, client_id: &str) -> OidcAuthority {
    let settings = OidcSettings {
        issuer: server.issuer().parse().unwrap(),
        client_id: client_id.to_owned(),
        client_secret: Some(OidcProvider::CLIENT_SECRET.into()),
        scope: "openid profile email".to_owned(),
        claims: ClaimMap::default(),
        roles: vec![GroupRule {
            group: "linguists".to_owned(),
            role: Some(Role::Linguist),
            units: vec!["U1".to_owned()],
            ..GroupRule::default()
        }],
        ca_file: Some(server.ca_file()),
        allow_plain: false,
        accept_expired: false,
        timeout: std::time::Duration::from_secs(30),
    };
    OidcAuthority::new(settings).unwrap()
}

/// One server for all: it takes a second to start.
#[tokio::test]
async fn a_provider_that_is_not_ours_judges_and_says_who_the_user_is() {
    let server = OidcProvider::start().unwrap();
    let kim = Identity {
        external_id: "a7c1".to_owned(),
        user_name: Some("kim".to_owned()),
        email: Some("kim@example.com".to_owned()),
        first_name: Some("Kim".to_owned()),
        last_name: Some("Doe".to_owned()),
        language: Some("de-AT".to_owned()),
        role: Some(Role::Linguist),
        units: Some(vec!["U1".to_owned()]),
        ..Identity::default()
    };
    // The ID tokens of `short` have only `sub`: the rest is in userinfo.
    for name in ["basic", "short"] {
        let authority = client(&server, name);
        let identity = accepted(judge(&authority, "kim", "right").await);
        assert!(identity == kim, "{name}: {identity:?}");
        for (login, password) in [("kim", "wrong"), ("lee", "right"), ("kim", "Right")] {
            let decision = judge(&authority, login, password).await;
            assert_eq!(decision, Decision::Rejected, "{name}: {login} {password}");
        }
    }
    for (name, expected) in [
        (
            "unknown",
            "invalid_client: check client_id and client_secret",
        ),
        (
            "without-grant",
            "invalid_request: the client may lack the password grant, or the provider wants more than a name and a password",
        ),
    ] {
        for password in ["right", "wrong"] {
            let cause = unavailable(judge(&client(&server, name), "kim", password).await);
            assert_eq!(cause.kind, CauseKind::Configuration);
            assert_eq!(cause.detail, expected);
        }
    }
    let password = SecretString::from("right");
    let checked = client(&server, "basic")
        .check(Some("kim"), Some(&password))
        .await;
    assert!(
        checked.iter().all(|step| step.outcome.is_ok()),
        "{checked:?}"
    );
    assert_eq!(checked.len(), 4, "{checked:?}");
}
