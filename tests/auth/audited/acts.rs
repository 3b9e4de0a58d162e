//! Audit events of administrators' operations, and of passwords that are reset by e-mail.

use super::*;

#[tokio::test]
async fn what_administrators_end_and_forgive_is_told_with_their_key() {
    let w = watched().await;
    let (ada, auth) = (w.known("ada").await, &w.f.auth);
    let client = Terms {
        client: Some("tablet".to_owned()),
        ..Terms::new(Purpose::Access, HOUR)
    };
    let issued = w.issued("ada", client).await;
    let operator = RequestContext {
        actor: Some(EventActor::Key("operator".to_owned())),
        ..RequestContext::default()
    };
    let moment = datetime!(2026-11-22 09:00:00 UTC);
    let sessions = SessionFilter {
        reach: Reach::Derived,
        user: Some(ada.id),
        client: Some("tablet".to_owned()),
        dialect: Some("here".to_owned()),
        issued_before: Some(moment),
        handle: None,
    };
    let tries = ThrottleFilter {
        name: Some("ada".to_owned()),
        source: Some(ClientIp::from(IpAddr::from([192, 0, 2, 7]))),
        handle: None,
    };
    let acts = async {
        assert_eq!(auth.end_sessions(&sessions).await.unwrap(), 1);
        assert_eq!(auth.clear_throttle(&tries).await.unwrap(), 0);
    };
    operator.scope(acts).await;
    let ended = json!({
        "event": "end_sessions", "outcome": "done", "user": ada.id, "client": "tablet",
        "dialect": "here", "issued_before": "2026-11-22T09:00:00.000Z", "count": 1,
        "actor": "key operator",
    });
    let cleared = json!({
        "event": "clear_throttle", "outcome": "done", "name_hash": hash(ClaimedName::User("ada")),
        "target": "192.0.2.7", "count": 0, "actor": "key operator",
    });
    let id = ada.id.to_string();
    assert_eq!(
        w.end().await,
        [
            issue(&id, &issued, &json!({"client": "tablet"})),
            ended,
            cleared
        ]
    );
}

#[tokio::test]
async fn an_impersonation_names_both() {
    let w = watched().await;
    let (ada, admin, auth) = (w.id("ada").await, w.id("admin").await, &w.f.auth);
    let own = w.issued("admin", Terms::new(Purpose::Access, HOUR)).await;
    let meek = w.issued("ada", Terms::new(Purpose::Access, HOUR)).await;
    for name in ["ada", "stranger", "retired"] {
        drop(auth.impersonate(&own.session, name, None).await);
    }
    drop(auth.impersonate(&meek.session, "admin", None).await);
    let event = |own: &IssuedToken, actor: &str, name: &str, more: Value| {
        let event = json!({
            "event": "impersonate", "outcome": "refused", "actor": actor,
            "name_hash": hash(ClaimedName::User(name)), "parent": own.session.digest.to_string(),
        });
        with(event, &more)
    };
    let done = json!({"outcome": "done", "user": ada, "organisation": "ACME"});
    assert_eq!(
        w.end().await[2..],
        [
            event(&own, &admin, "ada", done),
            event(&own, &admin, "stranger", json!({"reason": "unknown_user"})),
            event(
                &own,
                &admin,
                "retired",
                json!({"reason": "disabled", "cause": "disabled"})
            ),
            event(
                &meek,
                &ada,
                "admin",
                json!({"reason": "forbidden", "cause": "not_administrator"})
            ),
        ]
    );
}

#[tokio::test]
async fn a_new_password_is_told_without_it() {
    let w = watched().await;
    let (ada, auth) = (w.id("ada").await, &w.f.auth);
    let key = w.issued("ada", Terms::new(Purpose::Reset, HOUR)).await;
    let unknown = Token::from_hex(HERE, "35eb2b5e94b54d5aafa6b6a7b6e8de01").unwrap();
    let password = |text: &str| SecretString::from(text);
    drop(auth.reset_password(&key.token, password("")).await);
    drop(auth.reset_password(&key.token, password("new")).await);
    drop(auth.reset_password(&unknown, password("new")).await);
    let event = |handle: TokenDigest, more: Value| {
        let event = json!({
            "event": "reset_password", "outcome": "refused", "dialect": "here",
            "handle": handle.to_string(),
        });
        with(event, &more)
    };
    let done = json!({"outcome": "done", "user": ada, "organisation": "ACME"});
    let unknown = unknown.digest(&pepper("0123456789abcdef"));
    assert_eq!(
        w.end().await[1..],
        [
            event(key.session.digest, json!({"reason": "password"})),
            event(key.session.digest, done),
            event(
                unknown,
                json!({"reason": "token", "cause": "unknown_token"})
            ),
        ]
    );
}

#[tokio::test]
async fn letters_are_told_whether_anybody_gets_them_or_not() {
    let w = watched().await;
    for _ in 0..2 {
        w.f.auth.may_send_email("nobody", &ORIGIN).await.unwrap();
    }
    let event = json!({
        "event": "letter", "outcome": "done", "dialect": "here",
        "name_hash": hash(ClaimedName::User("nobody")),
    });
    let surplus = json!({"outcome": "refused", "reason": "throttled"});
    assert_eq!(w.end().await, [event.clone(), with(event, &surplus)]);
}
