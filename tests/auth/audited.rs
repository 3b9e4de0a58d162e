//! Audit events of logins: each call records its events once, compared as a whole.

mod acts;
mod erased;
mod tokens;

use std::net::IpAddr;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::recording::Recording;
use super::*;
use isogloss_core::Concurrency;
use isogloss_core::TokenDigest;
use isogloss_core::audit::{ClaimedName, EventActor, RequestContext};
use isogloss_core::throttle::{Budget, ClientIp, Limits, MemoryThrottle};

/// A fixture, and the audit events that it records.
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
        network: budget(50),
        key: budget(50),
        everywhere: budget(50),
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
    let guard = Some(LoginThrottle::new(throttle, LIMITS));
    let f = super::watched(guard, audit).await;
    Watched { f, recording }
}

impl Watched {
    /// Closes the audit log and returns all recorded events without `time`, since the clock stands still.
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

    /// Returns a user without a login.
    async fn known(&self, name: &str) -> User {
        self.f.directory.account(name).await.unwrap().unwrap().user
    }

    async fn issued(&self, name: &str, terms: Terms) -> IssuedToken {
        let user = self.known(name).await;
        self.f.auth.issue(HERE, &user, terms).await.unwrap()
    }
}

fn hash(name: ClaimedName<'_>) -> String {
    name.hash(&pepper("0123456789abcdef")).to_string()
}

fn caller() -> RequestContext {
    RequestContext {
        dialect: Some("here"),
        source: Some(ClientIp::from(IpAddr::from([192, 0, 2, 7]))),
        request_id: Some(uuid::Uuid::from_u128(7)),
        actor: None,
    }
}

/// Returns the expected event of an issued token: the members that all such events have, and those of `more`.
fn issue(user: &str, issued: &IssuedToken, more: &Value) -> Value {
    let event = json!({
        "event": "issue", "outcome": "done", "dialect": "here", "user": user,
        "organisation": "ACME", "handle": issued.session.digest.to_string(),
        "purpose": issued.session.purpose().name(),
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
    let elsewhere = LoginOrigin {
        client: Some("tablet".to_owned()),
        ..LoginOrigin::new(THERE, Some(ClientIp::from(IpAddr::from([198, 51, 100, 1]))))
    };
    let login = Credentials {
        origin: elsewhere,
        ..credentials("ada", "ada-pw")
    };
    auth.login(login).await.unwrap();
    let event = |name: &str, outcome: &str, more: Value| {
        let event = json!({
            "event": "login", "outcome": outcome, "by": "password", "dialect": "here",
            "name_hash": hash(ClaimedName::User(name)), "source": "192.0.2.7", "request_id": uuid::Uuid::from_u128(7),
        });
        with(event, &more)
    };
    let unknown = json!({"reason": "credentials", "cause": "unknown_name"});
    let locked = json!({"reason": "throttled", "cause": "locked", "detail": "account, 3600 s"});
    let disabled = json!({"reason": "disabled", "cause": "disabled"});
    let guarded = json!({"reason": "second_factor", "cause": "code_missing"});
    let elsewhere = json!({
        "event": "login", "outcome": "done", "by": "password", "dialect": "there", "user": ada,
        "organisation": "ACME", "name_hash": hash(ClaimedName::User("ada")), "client": "tablet",
        "source": "198.51.100.1",
    });
    assert_eq!(
        w.end().await,
        [
            event("ada", "done", json!({"user": ada, "organisation": "ACME"})),
            event("nobody", "refused", unknown.clone()),
            event("nobody", "refused", unknown),
            event("nobody", "refused", locked),
            event("retired", "refused", disabled),
            event("guarded", "refused", guarded),
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
    let refused = |by: &str, reason: &str, cause: &str| {
        json!({
            "event": "login", "outcome": "refused", "reason": reason, "cause": cause,
            "dialect": "here", "by": by,
        })
    };
    let card = json!({"name_hash": hash(ClaimedName::Card("card"))});
    assert_ne!(
        hash(ClaimedName::Card("card")),
        hash(ClaimedName::User("card"))
    );
    assert_eq!(
        w.end().await,
        [
            done("card"),
            refused("card", "disabled", "disabled"),
            refused("card", "credentials", "unknown_card"),
            with(done("card"), &card),
            with(refused("card", "credentials", "unknown_card"), &card),
            done("key"),
            refused("key", "disabled", "disabled"),
            refused("key", "credentials", "unknown_key"),
        ]
    );
}
