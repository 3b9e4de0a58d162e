//! A command that changes a user takes effect at once at a running gateway.

use std::net::SocketAddr;

use isogloss_testkit::dialects::dialects;
use isogloss_testkit::{Builder, Gateway, Redis, Request, Store};
use serde_json::{Value, json};

use crate::shell::Shell;

const CLIENT: &str = "0864b512-1776-4a55-8ee5-2b19d7d9b7ea";

/// Requests that show whether a user's tokens are valid: one for every kind that can be presented twice.
struct Tokens(Vec<(&'static str, Request)>);

impl Tokens {
    /// Logs the user in at all dialects. The administrator's session serves for `loginOther`.
    fn of(public: SocketAddr, user: &str, number: u32, password: &str) -> Self {
        let text = |request: Request, place: &str| -> String {
            let response = request.send(public).unwrap();
            let answer: Value = response.json().unwrap();
            let token = answer.pointer(place).and_then(Value::as_str);
            token
                .unwrap_or_else(|| panic!("{user}: no {place} in {answer}"))
                .to_owned()
        };
        let whole = json!({"user_id": user, "password": password, "remember_me": true, "client_id": CLIENT});
        let remember = text(
            Request::post("/v2/authorize").json(&whole),
            "/remember_me_token",
        );
        let plain = json!({"user_id": user, "password": password});
        let access = text(Request::post("/v2/authorize").json(&plain), "/access_token");
        let device = json!({
            "userName": user, "password": password, "deviceName": "d", "generateReAuthenticationToken": true,
        });
        let device = text(
            Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key").json(&device),
            "/ReAuthenticationToken",
        );
        let login = |user: &str, password: &str| {
            let form = format!("userName={user}&password={password}");
            text(Request::post("/web/api/v3/auth/login").form(form), "/token")
        };
        let own = login(user, password);
        let admin = login("admin", "admin-demo");
        let lent = text(
            Request::post("/web/api/v3/auth/loginOther")
                .form(format!("token={admin}&userName={user}")),
            "/token",
        );
        assert!(lent.starts_with(&format!("{number}-")), "{lent}");
        let who = |token: &str| Request::get(format!("/web/api/v3/auth/whoAmI?token={token}"));
        Self(vec![
            (
                "bimplus access",
                Request::get("/v2/authorize").header("Authorization", format!("BimPlus {access}")),
            ),
            (
                "bimplus remember-me",
                Request::post("/v2/authorize").json(
                    &json!({"remember_me": true, "remember_me_token": remember, "client_id": CLIENT}),
                ),
            ),
            (
                "tokenlogin",
                Request::post("/api/v1/Authentication/TokenLogin?APIKey=demo-api-key")
                    .json(&json!({"reAuthenticationToken": device})),
            ),
            ("memsource", who(&own)),
            ("memsource loginOther", who(&lent)),
        ])
    }

    #[track_caller]
    fn assert_all(&self, public: SocketAddr, status: u16, when: &str) {
        for (kind, request) in &self.0 {
            let response = request.send(public).unwrap();
            assert_eq!(
                response.status,
                status,
                "{when}: {kind}: {}",
                response.text()
            );
        }
    }
}

#[track_caller]
fn assert_logins(public: SocketAddr, user: &str, password: &str, work: bool, when: &str) {
    for dialect in dialects() {
        let (response, token) = dialect.login(public, user, password).unwrap();
        let what = format!("{when}: {}: {}", dialect.name, response.text());
        assert_eq!(token.is_some(), work, "{what}");
    }
}

/// Returns the request that redeems a new cross token. It succeeds only once.
fn cross_token(public: SocketAddr, user: &str, password: &str) -> Request {
    let login = json!({"user_id": user, "password": password});
    let login = Request::post("/v2/authorize")
        .json(&login)
        .send(public)
        .unwrap();
    let access = login.json().unwrap()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let cross =
        Request::post("/v2/cross-token").header("Authorization", format!("BimPlus {access}"));
    let cross = cross.send(public).unwrap().json().unwrap();
    Request::post("/v2/cross-authorize").json(&json!({"cross_token": cross["cross_token"]}))
}

fn assert_felt_at_once(builder: &Builder) {
    let gateway = builder.clone().start().unwrap();
    let public = gateway.public();
    let shell = Shell::beside(builder, gateway.folder());
    assert_logins(public, "linguist", "linguist-demo", true, "at first");
    let others = Tokens::of(public, "sample", 40, "sample-demo");
    let old = Tokens::of(public, "linguist", 35, "linguist-demo");
    let cross = cross_token(public, "linguist", "linguist-demo");
    old.assert_all(public, 200, "at first");

    shell.run(&["user", "enable", "linguist"]).done();
    old.assert_all(public, 200, "enabled while active");

    shell.run(&["user", "disable", "linguist"]).done();
    old.assert_all(public, 401, "disabled");
    assert_eq!(
        cross.send(public).unwrap().status,
        401,
        "disabled: cross token"
    );
    assert_logins(public, "linguist", "linguist-demo", false, "disabled");
    others.assert_all(public, 200, "another user was disabled");

    shell.run(&["user", "enable", "linguist"]).done();
    old.assert_all(public, 401, "enabled again");
    assert_eq!(
        cross.send(public).unwrap().status,
        401,
        "enabled again: cross token"
    );
    assert_logins(public, "linguist", "linguist-demo", true, "enabled again");

    let second = Tokens::of(public, "linguist", 35, "linguist-demo");
    let cross = cross_token(public, "linguist", "linguist-demo");
    second.assert_all(public, 200, "after the return");
    let set = [
        "user",
        "set-password",
        "linguist@example.com",
        "--password-stdin",
    ];
    let said = shell.run_with(&set, "a new one\r\nnot this\n").done();
    assert_eq!(said, "linguist: password set\n");
    second.assert_all(public, 401, "new password");
    assert_eq!(
        cross.send(public).unwrap().status,
        401,
        "new password: cross token"
    );
    assert_logins(
        public,
        "linguist",
        "linguist-demo",
        false,
        "the old password",
    );
    assert_logins(public, "linguist", "a new one", true, "the new password");
    others.assert_all(public, 200, "another user got a password");
}

#[test]
fn with_the_store_in_memory() {
    assert_felt_at_once(&Gateway::builder(crate::PROGRAM));
}

#[test]
fn with_the_embedded_store() {
    assert_felt_at_once(&Gateway::builder(crate::PROGRAM).store(Store::Embedded));
}

#[test]
fn with_redis() {
    let redis = Redis::start().unwrap();
    let store = Store::Redis(redis.url());
    assert_felt_at_once(&Gateway::builder(crate::PROGRAM).store(store));
}

#[test]
fn a_disabled_user_leaves_no_token_in_redis() {
    let redis = Redis::start().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Redis(redis.url()));
    let gateway = builder.clone().start().unwrap();
    let shell = Shell::beside(&builder, gateway.folder());
    let keys = || redis.keys().unwrap();
    assert_logins(
        gateway.public(),
        "linguist",
        "linguist-demo",
        true,
        "at first",
    );
    assert!(keys().len() >= dialects().len(), "{:?}", keys());
    shell.run(&["user", "disable", "linguist"]).done();
    let mut left = keys();
    // The records of known clients expire by themselves. They grant no access.
    left.retain(|key| !key.starts_with("isogloss:k:"));
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn without_redis_a_user_is_disabled_all_the_same() {
    let mut redis = Redis::start().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Redis(redis.url()));
    let gateway = builder.clone().start().unwrap();
    let shell = Shell::beside(&builder, gateway.folder());
    assert_logins(
        gateway.public(),
        "linguist",
        "linguist-demo",
        true,
        "at first",
    );
    redis.stop().unwrap();
    let said = shell.run(&["user", "disable", "linguist"]);
    assert_eq!(
        said.exit,
        Some(1),
        "the tokens could not be removed: {said:?}"
    );
    assert!(
        said.err.contains("the user's tokens are no longer valid"),
        "{said:?}"
    );
    let user = shell.run(&["user", "show", "linguist", "--json"]).json();
    assert_eq!(user["state"], "disabled");
    redis.start_again().unwrap();
    assert_logins(
        gateway.public(),
        "linguist",
        "linguist-demo",
        false,
        "disabled",
    );
}

#[test]
fn a_user_who_is_added_or_imported_logs_in_at_once() {
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Embedded);
    let gateway = builder.clone().start().unwrap();
    let public = gateway.public();
    assert_logins(public, "ada", "lovelace", false, "not there yet");
    let shell = Shell::beside(&builder, gateway.folder());
    let add = [
        "user",
        "add",
        "ada",
        "--organisation",
        "CRMDEMO",
        "--password-stdin",
    ];
    shell.run_with(&add, "lovelace\n").done();
    assert_logins(public, "ada", "lovelace", true, "added");
    let ada = Tokens::of(public, "ada", 91, "lovelace");
    let file = |password: &str| {
        format!(
            "[[users]]\nuser_name = \"ada\"\norganisation = \"CRMDEMO\"\npassword = \"{password}\"\n"
        )
    };
    shell.write("ada.toml", &file("lovelace"));
    shell.run(&["directory", "import", "ada.toml"]).done();
    ada.assert_all(public, 200, "imported with the same password");
    shell.write("ada.toml", &file("byron"));
    let kept = shell.run(&["directory", "import", "ada.toml"]).done();
    assert_eq!(
        kept,
        "0 created, 0 updated, 1 unchanged\n\
         1 kept as set here (--passwords replace and --state replace take the file's):\n  \
         user ada: password\n"
    );
    ada.assert_all(public, 200, "the password was set here");
    let replace = ["directory", "import", "ada.toml", "--passwords", "replace"];
    let replaced = shell.run(&replace).done();
    assert_eq!(replaced, "0 created, 1 updated, 0 unchanged\n");
    ada.assert_all(public, 401, "imported with another password");
    assert_logins(public, "ada", "lovelace", false, "the old password");
    assert_logins(public, "ada", "byron", true, "the new password");
}
