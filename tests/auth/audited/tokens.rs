//! Audit events of tokens, from issue to end.

use super::*;

#[tokio::test]
async fn an_issue_names_the_token_and_where_it_comes_from() {
    let w = watched().await;
    let ada = w.id("ada").await;
    let remember = Terms {
        client: Some("tablet".to_owned()),
        application: Some("app".to_owned()),
        unit: Some("U1".to_owned()),
        concurrency: Concurrency::Reuse { at_least: HOUR / 2 },
        ..Terms::new(Purpose::Remember, HOUR)
    };
    let first = w.issued("ada", remember.clone()).await;
    let again = w.issued("ada", remember).await;
    // Uses of the token are not recorded, but tokens that are derived from it are.
    let purposes = [Purpose::Remember];
    let used = w.f.auth.validate(&first.token, &purposes).await.unwrap();
    let child = Terms {
        parent: Some(used.digest),
        ..Terms::new(Purpose::Access, HOUR)
    };
    let child = w.issued("ada", child).await;
    let admin = w.known("admin").await.id;
    let other = Terms {
        actor: Some(isogloss_core::Actor {
            id: admin,
            generation: None,
        }),
        ..Terms::new(Purpose::Impersonation, HOUR)
    };
    let other = w.issued("ada", other).await;
    let place = json!({"client": "tablet", "application": "app", "unit": "U1"});
    let parent = json!({"parent": first.session.digest.to_string()});
    assert_eq!(
        w.end().await,
        [
            issue(&ada, &first, &place),
            issue(&ada, &again, &place),
            issue(&ada, &child, &parent),
            issue(&ada, &other, &json!({"actor": admin})),
        ]
    );
}

#[tokio::test]
async fn a_session_that_is_one_too_many_is_told() {
    let w = watched().await;
    let ada = w.id("ada").await;
    let terms = Terms {
        client: Some("tablet".to_owned()),
        ..Terms::new(Purpose::Access, HOUR)
    };
    let mut issued = Vec::new();
    for _ in 0..=CAPS.per_client {
        issued.push(w.issued("ada", terms.clone()).await);
    }
    let mut live = Vec::new();
    for one in &issued {
        live.push(w.f.is_live(&one.token, Purpose::Access).await);
    }
    let evicted = issued
        .iter()
        .zip(&live)
        .find(|(_, live)| !**live)
        .unwrap()
        .0;
    let client = json!({"client": "tablet"});
    let mut expected: Vec<_> = issued.iter().map(|i| issue(&ada, i, &client)).collect();
    let event = json!({
        "event": "evict", "outcome": "done", "dialect": "here", "user": ada,
        "organisation": "ACME", "handle": evicted.session.digest.to_string(),
    });
    expected.insert(CAPS.per_client, event);
    assert_eq!(w.end().await, expected);
}

#[tokio::test]
async fn a_one_time_token_is_told_at_its_first_use_and_at_the_second() {
    let w = watched().await;
    let (ada, auth) = (w.id("ada").await, &w.f.auth);
    let once = w.issued("ada", Terms::new(Purpose::Handover, HOUR)).await;
    let spent = auth.redeem(&once.token, Purpose::Handover).await.unwrap();
    let terms = Terms {
        redeemed: Some(spent.digest),
        ..Terms::new(Purpose::Access, HOUR)
    };
    let made = w.issued("ada", terms).await;
    drop(auth.redeem(&once.token, Purpose::Handover).await);
    let unknown = Token::from_hex(HERE, "35eb2b5e94b54d5aafa6b6a7b6e8de01").unwrap();
    drop(auth.redeem(&unknown, Purpose::Handover).await);
    let handle = once.session.digest.to_string();
    let redeem = json!({
        "event": "redeem", "outcome": "done", "dialect": "here", "user": ada,
        "handle": handle, "purpose": "handover",
    });
    let again = json!({"outcome": "refused", "reason": "used_again"});
    let ended = json!({
        "event": "revoke", "outcome": "done", "dialect": "here", "user": ada,
        "handle": made.session.digest.to_string(), "purpose": "access",
    });
    let unknown = unknown.digest(&pepper("0123456789abcdef")).to_string();
    let unknown = json!({
        "event": "redeem", "outcome": "refused", "reason": "token", "cause": "unknown_token",
        "dialect": "here", "handle": unknown, "purpose": "handover",
    });
    assert_eq!(
        w.end().await,
        [
            issue(&ada, &once, &json!({})),
            with(redeem.clone(), &json!({"organisation": "ACME"})),
            issue(&ada, &made, &json!({"parent": handle})),
            with(redeem, &again),
            ended,
            unknown,
        ]
    );
}

#[tokio::test]
async fn an_end_is_told_if_something_has_ended() {
    let w = watched().await;
    let (ada, auth) = (w.id("ada").await, &w.f.auth);
    let terms = || Terms::new(Purpose::Access, HOUR);
    let first = w.issued("ada", terms()).await;
    let second = w.issued("ada", terms()).await;
    for _ in 0..2 {
        auth.revoke_by_digest(first.session.digest).await.unwrap();
        drop(auth.revoke(&second.token, Purpose::Access).await);
    }
    let revoke = |issued: &IssuedToken| {
        json!({
            "event": "revoke", "outcome": "done", "dialect": "here", "purpose": "access",
            "handle": issued.session.digest.to_string(),
        })
    };
    let closed = json!({"user": ada, "organisation": "ACME"});
    assert_eq!(
        w.end().await,
        [
            issue(&ada, &first, &json!({})),
            issue(&ada, &second, &json!({})),
            with(revoke(&first), &json!({"user": ada})),
            with(revoke(&second), &closed),
            with(
                revoke(&second),
                &json!({"outcome": "refused", "reason": "token", "cause": "unknown_token"})
            ),
        ]
    );
}
