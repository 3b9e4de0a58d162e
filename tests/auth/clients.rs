//! Which clients are recognised, and that blocked clients are refused on every call.

use std::sync::Arc;

use std::num::NonZeroU32;

use super::*;
use isogloss_core::Concurrency;
use isogloss_core::{ClientFilter, ClientIdentity, Expired, ObservedRequest};

const FORBIDDEN: &str = "the user may not do this";

fn at(client: &str, application: &str) -> Terms {
    Terms {
        client: Some(client.to_owned()),
        application: Some(application.to_owned()),
        ..Terms::new(Purpose::Access, HOUR)
    }
}

#[tokio::test]
async fn what_a_request_tells_of_its_client_is_known_after_it() {
    let f = fixture().await;
    let user = f.user("ada").await;
    let work = async {
        f.auth.key(HERE, "app-key").await.unwrap();
        f.auth.issue(HERE, &user, at("desk", "shop")).await.unwrap()
    };
    let (issued, ObservedRequest { client, .. }) = ObservedRequest::observe(None, work).await;
    let expected = ClientIdentity {
        has_logged_in: false,
        application: Some("shop".to_owned()),
        client: Some("desk".to_owned()),
        key: Some("app".to_owned()),
        user: Some(user.id),
        expired: None,
    };
    assert_eq!(client, expected);

    let validate = f.auth.validate(&issued.token, &[Purpose::Access]);
    let (_, ObservedRequest { client, .. }) = ObservedRequest::observe(None, validate).await;
    assert_eq!(
        client,
        ClientIdentity {
            key: None,
            ..expected
        }
    );

    let (_, nobody) = ObservedRequest::observe(None, f.auth.key(HERE, "no-key")).await;
    assert_eq!(nobody.client, ClientIdentity::default());
}

#[tokio::test]
async fn whoever_is_cut_off_is_refused_all_that_he_asks() {
    let f = fixture().await;
    let live = f.token("ada", at("desk", "shop")).await.token;
    let once = Terms {
        purpose: Purpose::Handover,
        ..at("desk", "shop")
    };
    let once = f.token("ada", once).await.token;
    let user = f.user("ada").await;
    let cut_off: ClientFilter = Arc::new(|client| {
        client.application.as_deref() == Some("shop") || client.key.as_deref() == Some("app")
    });
    let (key, _) =
        ObservedRequest::observe(Some(cut_off.clone()), f.auth.key(HERE, "app-key")).await;
    assert_eq!(refusal(key), FORBIDDEN);
    let issue = f.auth.issue(HERE, &user, at("desk", "shop"));
    let (issued, ObservedRequest { client, .. }) =
        ObservedRequest::observe(Some(cut_off.clone()), issue).await;
    assert_eq!(refusal(issued), FORBIDDEN);
    assert_eq!(client.application.as_deref(), Some("shop"));
    let (session, _) = ObservedRequest::observe(
        Some(cut_off.clone()),
        f.auth.validate(&live, &[Purpose::Access]),
    )
    .await;
    assert_eq!(refusal(session), FORBIDDEN);
    let redeem = f.auth.redeem(&once, Purpose::Handover);
    let (session, _) = ObservedRequest::observe(Some(cut_off.clone()), redeem).await;
    assert_eq!(refusal(session), FORBIDDEN);

    let others = f.auth.issue(HERE, &user, at("desk", "archive"));
    assert!(
        ObservedRequest::observe(Some(cut_off), others)
            .await
            .0
            .is_ok()
    );
    // The refused call did not consume the one-time token.
    f.auth.redeem(&once, Purpose::Handover).await.unwrap();
    assert!(f.is_live(&live, Purpose::Access).await);
}

/// Returns the error of presenting the token, and what the call found out about its client.
async fn presented(f: &Fixture, token: &Token) -> (String, ClientIdentity) {
    let validate = f.auth.validate(token, &[Purpose::Access]);
    let (outcome, ObservedRequest { client, .. }) = ObservedRequest::observe(None, validate).await;
    (refusal(outcome), client)
}

#[tokio::test]
async fn an_expired_token_tells_its_age_though_the_store_has_forgotten_it() {
    let f = fixture().await;
    let issued = f.token("ada", at("desk", "shop")).await;
    f.clock.advance(Duration::from_mins(115));
    let mut expected = ClientIdentity {
        application: Some("shop".to_owned()),
        client: Some("desk".to_owned()),
        expired: Some(Expired {
            age: Duration::from_mins(115),
            first: true,
        }),
        ..ClientIdentity::default()
    };
    let found = presented(&f, &issued.token).await;
    assert_eq!(found, (DEAD.to_owned(), expected.clone()));
    // A request that was in flight together with the one above.
    f.clock.advance(Duration::from_secs(1));
    let found = presented(&f, &issued.token).await;
    assert_eq!(found, (DEAD.to_owned(), ClientIdentity::default()));
    f.tokens.sweep(f.auth.now()).await.unwrap();
    f.clock.advance(Duration::from_secs(59));
    expected.expired = Some(Expired {
        age: Duration::from_mins(116),
        first: false,
    });
    let found = presented(&f, &issued.token).await;
    assert_eq!(found, (DEAD.to_owned(), expected));
}

#[tokio::test]
async fn a_token_that_was_revoked_or_invented_tells_nothing_of_lifetimes() {
    let f = fixture().await;
    let issued = f.token("ada", at("desk", "shop")).await;
    f.auth
        .revoke_by_digest(issued.session.digest)
        .await
        .unwrap();
    f.clock.advance(HOUR * 2);
    let invented = Token::from_hex(HERE, &uuid::Uuid::new_v4().simple().to_string()).unwrap();
    for token in [&issued.token, &invented] {
        let found = presented(&f, token).await;
        assert_eq!(found, (DEAD.to_owned(), ClientIdentity::default()));
    }
}

#[tokio::test]
async fn a_token_that_another_replaced_or_its_user_ended_tells_nothing_of_lifetimes() {
    let f = fixture().await;
    let mut ended = Vec::new();
    let per_client = at("crowded", "shop");
    ended.push(f.token("ada", per_client.clone()).await.token);
    for _ in 0..CAPS.per_client {
        f.clock.advance(Duration::from_secs(1));
        f.token("ada", per_client.clone()).await;
    }
    let one_of_its_kind = Terms {
        concurrency: Concurrency::AtMost(NonZeroU32::MIN),
        ..at("remembered", "shop")
    };
    let one_at_a_time = Terms {
        concurrency: Concurrency::OnePerClient,
        ..at("desk", "shop")
    };
    for terms in [one_of_its_kind, one_at_a_time.clone()] {
        ended.push(f.token("ada", terms.clone()).await.token);
        f.clock.advance(Duration::from_secs(1));
        f.token("ada", terms).await;
    }
    let admin = f.token("admin", at("desk", "shop")).await;
    let id = admin.session.user.id;
    f.directory.set_password(id, "$2b$04$other").await.unwrap();
    ended.push(admin.token);
    let expired = f.token("stranger", one_at_a_time.clone()).await.token;
    f.clock.advance(HOUR * 2);
    for token in &ended {
        let found = presented(&f, token).await;
        assert_eq!(found, (DEAD.to_owned(), ClientIdentity::default()));
    }
    // A token that had expired before its successor was issued still counts as expired.
    f.token("stranger", one_at_a_time).await;
    let (_, client) = presented(&f, &expired).await;
    assert!(client.expired.is_some());
}

#[test]
fn an_identifier_that_the_gateway_made_is_no_name_of_a_client() {
    let named = |client: &str| ClientIdentity {
        client: Some(client.to_owned()),
        ..ClientIdentity::default()
    };
    let own = "b3a7d2f5-3a1c-4d25-9a0f-0c5a17d93f11";
    for (client, name) in [
        (own, Some(own)),
        ("desk", Some("desk")),
        (&*ClientIdentity::unnamed().to_string(), None),
    ] {
        assert_eq!(named(client).given_name(), name, "{client}");
    }
    assert_eq!(ClientIdentity::default().given_name(), None);
}
