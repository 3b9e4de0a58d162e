//! ID tokens, keys and userinfo.

use isogloss_authority_oidc::{GroupRule, OidcAuthority, OidcSettings};
use isogloss_core::Role;
use isogloss_core::authority::CauseKind;
use isogloss_testkit::{AuthorityFault, AuthorityServer, AuthorityUser, IdTokens, TokenFault};

use super::{accepted, judge, provider, settings, unavailable};

fn server() -> AuthorityServer {
    AuthorityServer::oidc([AuthorityUser::new("kim", "right")]).unwrap()
}

#[tokio::test]
async fn claims_come_from_the_id_token_or_from_userinfo_or_from_both() {
    let server = server();
    let authority = OidcAuthority::new(OidcSettings {
        roles: vec![GroupRule {
            group: "LINGUIST".to_owned(),
            role: Some(Role::ProjectManager),
            ..GroupRule::default()
        }],
        ..settings(&server)
    });
    let authority = authority.unwrap();
    for id_tokens in [IdTokens::Full, IdTokens::Short, IdTokens::None] {
        server.set_id_tokens(id_tokens);
        let identity = accepted(judge(&authority, "kim", "right").await);
        assert_eq!(identity.external_id, "id-kim", "{id_tokens:?}");
        assert_eq!(
            identity.email.as_deref(),
            Some("kim@example.com"),
            "{id_tokens:?}"
        );
        assert_eq!(identity.role, Some(Role::ProjectManager), "{id_tokens:?}");
    }
}

#[tokio::test]
async fn an_id_token_that_must_not_be_believed_is_no_judgement() {
    let server = server();
    let authority = provider(&server);
    for fault in TokenFault::ALL {
        server.set_id_tokens(IdTokens::Wrong(fault));
        let cause = unavailable(judge(&authority, "kim", "right").await);
        assert_eq!(cause.kind, CauseKind::Response, "{fault:?}: {cause}");
    }
    server.set_id_tokens(IdTokens::Full);
    accepted(judge(&authority, "kim", "right").await);
}

#[tokio::test]
async fn userinfo_is_not_asked_if_the_id_token_says_enough() {
    let server = server();
    let authority = provider(&server);
    server.set_fault_of("/userinfo", AuthorityFault::InternalServerError);
    accepted(judge(&authority, "kim", "right").await);
    server.set_id_tokens(IdTokens::Short);
    let cause = unavailable(judge(&authority, "kim", "right").await);
    assert_eq!(cause.kind, CauseKind::Refused);
}

#[tokio::test]
async fn a_new_key_of_the_provider_needs_no_restart() {
    let server = server();
    let authority = provider(&server);
    accepted(judge(&authority, "kim", "right").await);
    for _ in 0..3 {
        server.rotate_key().unwrap();
        accepted(judge(&authority, "kim", "right").await);
    }
}

#[tokio::test]
async fn a_client_that_the_provider_refuses_is_named_to_the_operator_and_is_no_judgement() {
    let server = server();
    let with_secret = |secret: &str| {
        let changed = OidcSettings {
            client_secret: Some(secret.into()),
            ..settings(&server)
        };
        OidcAuthority::new(changed).unwrap()
    };
    for password in ["right", "wrong"] {
        let decision = judge(&with_secret("another"), "kim", password).await;
        let cause = unavailable(decision);
        assert_eq!(cause.kind, CauseKind::Configuration);
        assert_eq!(
            cause.detail,
            "invalid_client: check client_id and client_secret"
        );
    }
}
