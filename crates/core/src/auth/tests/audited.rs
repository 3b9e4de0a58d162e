//! What is recorded of each call: whole events, once.

use std::net::IpAddr;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::audit::tests::Recording;
use crate::audit::{Actor, Caller, Name};
use crate::session::Concurrency;
use crate::throttle::{Budget, Limits, MemoryThrottle, Source};
use crate::token::TokenDigest;

/// A fixture, and what is recorded of it.
struct Watched {
    f: Fixture,
    recording: Recording,
}

const LIMITS: Limits = {
    const fn budget(tries: u32) -> Budget {
        Budget {
            tries,
            refill: HOUR,
            first_lock: HOUR,
            longest_lock: HOUR,
        }
    }
    Limits {
        account: budget(2),
        known_client: budget(2),
        source: budget(50),
        code: budget(2),
        letters: budget(1),
        letters_of_source: budget(9),
        remember_clients: HOUR,
    }
};

async fn watched() -> Watched {
    let recording = Recording::default();
    let room = NonZeroUsize::new(1000).unwrap();
    let audit = Audit::start(vec![Box::new(recording.clone())], room).unwrap();
    let throttle = Arc::new(MemoryThrottle::default());
    let guard = Some(Guard::new(throttle, LIMITS));
    let f = super::watched(guard, audit).await;
    Watched { f, recording }
}

impl Watched {
    /// All that was recorded, without the time, which stands still.
    async fn end(self) -> Vec<Value> {
        assert_eq!(self.f.auth.audit().close().await, 0);
        let seen = self.recording.seen().into_iter();
        seen.map(|event| {
            let mut event: Value = serde_json::from_str(&event.line()).unwrap();
            let time = event.as_object_mut().unwrap().remove("time");
            assert_eq!(time, Some("1970-01-01T00:00:59.000Z".into()));
            event
        })
        .collect()
    }

    async fn id(&self, name: &str) -> String {
        let account = self.f.directory.account(name).await.unwrap();
        account.unwrap().user.id.to_string()
    }

    /// A user who is there without having logged in.
    async fn known(&self, name: &str) -> User {
        self.f.directory.account(name).await.unwrap().unwrap().user
    }

    async fn issued(&self, name: &str, terms: Terms) -> IssuedToken {
        let user = self.known(name).await;
        self.f.auth.issue(HERE, &user, terms).await.unwrap()
    }
}

fn hash(name: Name<'_>) -> String {
    name.hash(&pepper("0123456789abcdef")).to_string()
}

fn caller() -> Caller {
    Caller {
        dialect: Some("here"),
        source: Some(Source::from(IpAddr::from([192, 0, 2, 7]))),
        request_id: Some("a-request".to_owned()),
        actor: None,
    }
}

/// The event of an issue, with what all of them have.
fn issue(user: &str, issued: &IssuedToken, more: &Value) -> Value {
    let event = json!({
        "event": "issue", "outcome": "done", "dialect": "here", "user": user,
        "organisation": "ACME", "handle": issued.session.digest.to_string(),
        "purpose": issued.session.purpose.name(),
    });
    with(event, more)
}

fn with(mut event: Value, more: &Value) -> Value {
    let more = more.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(more);
    event
}

#[tokio::test]
async fn a_login_by_password_tells_how_it_ended() {
    let w = watched().await;
    let (ada, auth) = (w.id("ada").await, &w.f.auth);
    for (name, password) in [
        ("ada", "ada-pw"),
        (" Nobody", "x"),
        ("nobody", "x"),
        ("nobody", "x"),
        ("retired", "retired-pw"),
        ("guarded", "guarded-pw"),
    ] {
        let login = auth.login(credentials(name, password));
        drop(caller().scope(login).await);
    }
    let elsewhere = Origin {
        source: Some(Source::from(IpAddr::from([198, 51, 100, 1]))),
        client: Some("tablet".to_owned()),
        realm: THERE,
    };
    let login = Credentials {
        origin: elsewhere,
        ..credentials("ada", "ada-pw")
    };
    auth.login(login).await.unwrap();
    let event = |name: &str, outcome: &str, more: Value| {
        let event = json!({
            "event": "login", "outcome": outcome, "by": "password", "dialect": "here",
            "name_hash": hash(Name::User(name)), "source": "192.0.2.7", "request_id": "a-request",
        });
        with(event, &more)
    };
    let elsewhere = json!({
        "event": "login", "outcome": "done", "by": "password", "dialect": "there", "user": ada,
        "organisation": "ACME", "name_hash": hash(Name::User("ada")), "client": "tablet",
        "source": "198.51.100.1",
    });
    assert_eq!(
        w.end().await,
        [
            event("ada", "done", json!({"user": ada, "organisation": "ACME"})),
            event("nobody", "refused", json!({"reason": "credentials"})),
            event("nobody", "refused", json!({"reason": "credentials"})),
            event("nobody", "refused", json!({"reason": "throttled"})),
            event("retired", "refused", json!({"reason": "disabled"})),
            event("guarded", "refused", json!({"reason": "second_factor"})),
            elsewhere,
        ]
    );
}

#[tokio::test]
async fn a_login_by_card_or_key_tells_neither() {
    let w = watched().await;
    let (ada, auth) = (w.id("ada").await, &w.f.auth);
    let acme = OrganisationName::Exact("ACME".to_owned());
    let identifier = |pass_code: &str| AccessCard::Identifier {
        identifier: "card".to_owned(),
        pass_code: pass_code.into(),
    };
    for card in [
        AccessCard::Code("open-sesame".into()),
        AccessCard::Code("closed".into()),
        AccessCard::Code("nonsense".into()),
        identifier("12345"),
        identifier("54321"),
    ] {
        drop(auth.login_by_card(card, &acme, &ORIGIN).await);
    }
    for key in ["robot-key", "off-key", "nonsense"] {
        drop(auth.login_by_key(key, &ORIGIN).await);
    }
    let done = |by: &str| {
        json!({
            "event": "login", "outcome": "done", "dialect": "here", "by": by, "user": ada,
            "organisation": "ACME",
        })
    };
    let refused = |by: &str, reason: &str| {
        json!({
            "event": "login", "outcome": "refused", "reason": reason, "dialect": "here", "by": by,
        })
    };
    let card = json!({"name_hash": hash(Name::Card("card"))});
    assert_ne!(hash(Name::Card("card")), hash(Name::User("card")));
    assert_eq!(
        w.end().await,
        [
            done("card"),
            refused("card", "disabled"),
            refused("card", "credentials"),
            with(done("card"), &card),
            with(refused("card", "credentials"), &card),
            done("key"),
            refused("key", "disabled"),
            refused("key", "credentials"),
        ]
    );
}

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
    // Uses of it are not recorded, what comes of them is.
    let purposes = [Purpose::Remember];
    let used = w.f.auth.validate(&first.token, &purposes).await.unwrap();
    let child = Terms {
        parent: Some(used.digest),
        ..Terms::new(Purpose::Access, HOUR)
    };
    let child = w.issued("ada", child).await;
    let admin = w.known("admin").await.id;
    let other = Terms {
        actor: Some(crate::session::Actor {
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
    let unknown = pepper("0123456789abcdef").digest(&unknown).to_string();
    let unknown = json!({
        "event": "redeem", "outcome": "refused", "reason": "token", "dialect": "here",
        "handle": unknown, "purpose": "handover",
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
        auth.revoke(&first.token).await.unwrap();
        drop(auth.close(&second.token, Purpose::Access).await);
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
                &json!({"outcome": "refused", "reason": "token"})
            ),
        ]
    );
}

#[tokio::test]
async fn what_administrators_end_and_forgive_is_told_with_their_key() {
    let w = watched().await;
    let (ada, auth) = (w.known("ada").await, &w.f.auth);
    let client = Terms {
        client: Some("tablet".to_owned()),
        ..Terms::new(Purpose::Access, HOUR)
    };
    let issued = w.issued("ada", client).await;
    let operator = Caller {
        actor: Some(Actor::Key("operator".to_owned())),
        ..Caller::default()
    };
    let moment = datetime!(2026-11-22 09:00:00 UTC);
    let sessions = Filter {
        user: Some(ada.id),
        client: Some("tablet".to_owned()),
        dialect: Some("here".to_owned()),
        issued_before: Some(moment),
        handle: None,
    };
    let tries = StrainedFilter {
        name: Some("ada".to_owned()),
        source: Some(Source::from(IpAddr::from([192, 0, 2, 7]))),
        handle: None,
    };
    let acts = async {
        assert_eq!(auth.end_sessions(&sessions).await.unwrap(), 1);
        assert_eq!(auth.clear_strained(&tries).await.unwrap(), 0);
    };
    operator.scope(acts).await;
    let ended = json!({
        "event": "end_sessions", "outcome": "done", "user": ada.id, "client": "tablet",
        "dialect": "here", "issued_before": "2026-11-22T09:00:00.000Z", "count": 1,
        "actor": "key operator",
    });
    let cleared = json!({
        "event": "clear_throttle", "outcome": "done", "name_hash": hash(Name::User("ada")),
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
        drop(auth.impersonate(&own.session, name).await);
    }
    drop(auth.impersonate(&meek.session, "admin").await);
    let event = |own: &IssuedToken, actor: &str, name: &str, more: Value| {
        let event = json!({
            "event": "impersonate", "outcome": "refused", "actor": actor,
            "name_hash": hash(Name::User(name)), "parent": own.session.digest.to_string(),
        });
        with(event, &more)
    };
    let done = json!({"outcome": "done", "user": ada, "organisation": "ACME"});
    assert_eq!(
        w.end().await[2..],
        [
            event(&own, &admin, "ada", done),
            event(&own, &admin, "stranger", json!({"reason": "unknown_user"})),
            event(&own, &admin, "retired", json!({"reason": "disabled"})),
            event(&meek, &ada, "admin", json!({"reason": "forbidden"})),
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
    let unknown = pepper("0123456789abcdef").digest(&unknown);
    assert_eq!(
        w.end().await[1..],
        [
            event(key.session.digest, json!({"reason": "password"})),
            event(key.session.digest, done),
            event(unknown, json!({"reason": "token"})),
        ]
    );
}

#[tokio::test]
async fn letters_are_told_whether_anybody_gets_them_or_not() {
    let w = watched().await;
    for _ in 0..2 {
        w.f.auth.may_write("nobody", &ORIGIN).await.unwrap();
    }
    let event = json!({
        "event": "letter", "outcome": "done", "dialect": "here",
        "name_hash": hash(Name::User("nobody")),
    });
    let surplus = json!({"outcome": "refused", "reason": "throttled"});
    assert_eq!(w.end().await, [event.clone(), with(event, &surplus)]);
}
