//! Audit events of logins and tokens, from the first to the last.

use std::collections::BTreeMap;

use isogloss_testkit::dialects::dialects;
use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};

use crate::audit::events::{of, only, plain};
use crate::audit::{gateway, log_in, text};

const SAMPLE: &str = "8ec1a795-8688-4430-9af2-53dc591dde9b";

#[test]
fn a_login_is_recorded_in_every_dialect_right_wrong_and_throttled() {
    let throttle = "[throttle]\naccount_tries = 1\nfirst_lock = '1day'\naccount_refill = '1day'";
    let gateway = gateway().config_text(throttle).start().unwrap();
    let mut answers = Vec::new();
    for dialect in dialects() {
        let nobody = format!("nobody-{}", dialect.name);
        for (name, password) in [
            ("sample", "sample-demo"),
            (nobody.as_str(), "wrong"),
            (&nobody, "wrong"),
        ] {
            let (answer, _) = dialect.login(gateway.public(), name, password).unwrap();
            answers.push(answer);
        }
    }
    let events = of(&gateway, 16);
    let mut events = events.iter();
    let mut answers = answers.iter();
    for dialect in dialects() {
        let name = dialect.name;
        let right = answers.next().unwrap();
        let login = plain(events.next().unwrap(), right);
        let expected = json!({
            "event": "login", "outcome": "done", "dialect": name, "by": "password",
            "user": SAMPLE, "organisation": "CRMDEMO", "name_hash": "…",
        });
        assert_eq!(login, expected);
        let mut issue = plain(events.next().unwrap(), right);
        for key in ["client", "unit"] {
            issue.as_object_mut().unwrap().remove(key);
        }
        let expected = json!({
            "event": "issue", "outcome": "done", "dialect": name, "user": SAMPLE,
            "organisation": "CRMDEMO", "handle": "…", "purpose": "access",
        });
        assert_eq!(issue, expected);
        let mut hashes = Vec::new();
        for (reason, cause) in [("credentials", "unknown_name"), ("throttled", "locked")] {
            let event = events.next().unwrap();
            let expected = json!({
                "event": "login", "outcome": "refused", "reason": reason, "cause": cause,
                "dialect": name, "by": "password", "name_hash": "…",
            });
            let mut refused = plain(event, answers.next().unwrap());
            let detail = refused.as_object_mut().unwrap().remove("detail");
            assert_eq!(detail.is_some(), cause == "locked");
            assert_eq!(refused, expected);
            hashes.push(&event["name_hash"]);
        }
        assert_eq!(hashes[0], hashes[1]);
    }
}

#[test]
fn a_token_is_followed_from_its_issue_to_its_end() {
    let gateway = gateway().start().unwrap();
    let public = gateway.public();
    let login = json!({
        "user_id": "sample", "password": "sample-demo", "remember_me": true,
        "client_id": "0864b512-1776-4a55-8ee5-2b19d7d9b7ea",
    });
    let first = Request::post("/v2/authorize").json(&login).send(public);
    let first = first.unwrap();
    let again = json!({
        "remember_me_token": text(&first, "/remember_me_token"), "remember_me": true,
        "client_id": "0864b512-1776-4a55-8ee5-2b19d7d9b7ea",
    });
    let again = Request::post("/v2/authorize").json(&again).send(public);
    let access = text(&again.unwrap(), "/access_token");
    let bearer = |request: Request| request.header("Authorization", format!("BimPlus {access}"));
    let cross = bearer(Request::post("/v2/cross-token")).send(public);
    let cross = json!({"cross_token": text(&cross.unwrap(), "/cross_token")});
    for status in [200, 401] {
        let exchange = Request::post("/v2/cross-authorize").json(&cross);
        assert_eq!(exchange.send(public).unwrap().status, status);
    }
    // Checks are not recorded: there would be one event for each call of a client.
    let check = bearer(Request::get("/v2/authorize")).send(public).unwrap();
    assert_eq!(check.status, 200);
    let end = bearer(Request::new("DELETE", "/v2/authorize"));
    assert_eq!(end.send(public).unwrap().status, 200);
    let seen = followed(&gateway, 9);
    let expected = [
        "login done",
        "issue done remember A",
        "issue done access B from A",
        "issue done access C from A",
        "issue done handover D from C",
        "redeem done handover D from C",
        "issue done access E from D",
        "redeem refused used_again handover D from C",
        "revoke done access C from A",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn who_logs_in_as_another_is_named_to_the_end() {
    let gateway = gateway().start().unwrap();
    let public = gateway.public();
    let call = |path: &str, form: String| {
        Request::post(format!("/web/{path}"))
            .form(form)
            .send(public)
            .unwrap()
    };
    let login = "userName=admin&password=admin-demo".to_owned();
    let token = text(&call("api/v3/auth/login", login), "/token");
    for name in ["outsider", "linguist"] {
        let other = format!("token={token}&userName={name}");
        let other = call("api/v3/auth/loginOther", other);
        if other.status == 200 {
            let other = text(&other, "/token");
            let target = format!("/web/login/authByToken?token={other}");
            assert_eq!(Request::get(target).send(public).unwrap().status, 302);
        }
    }
    call("api/v3/auth/logout", format!("token={token}"));
    let events = of(&gateway, 8);
    let keys = ["event", "outcome", "reason", "user", "actor", "purpose"];
    let seen: Vec<_> = events[2..].iter().map(|event| only(event, &keys)).collect();
    let (admin, linguist) = (&events[0]["user"], &events[3]["user"]);
    assert!(admin.is_string() && linguist.is_string() && admin != linguist);
    let event = |event: &str, user: &Value, purpose: &str| {
        json!({
            "event": event, "outcome": "done", "reason": null, "user": user, "actor": admin,
            "purpose": (!purpose.is_empty()).then_some(purpose),
        })
    };
    let unknown = json!({
        "event": "impersonate", "outcome": "refused", "reason": "unknown_user", "user": null,
        "actor": admin, "purpose": null,
    });
    let mut end = event("revoke", admin, "access");
    end["actor"] = Value::Null;
    assert_eq!(
        seen,
        [
            unknown,
            event("impersonate", linguist, ""),
            event("issue", linguist, "impersonation"),
            event("redeem", linguist, "impersonation"),
            event("issue", linguist, "access"),
            end,
        ]
    );
}

#[test]
fn a_letter_is_followed_to_the_new_password() {
    let gateway = gateway().start().unwrap();
    let actions = "/api/v1/Authentication";
    let ask = Request::post(format!(
        "{actions}/RequestPasswordReset?APIKey=demo-api-key"
    ));
    let ask = ask.json(&json!({"LoginName": "sample"}));
    let asked = ask.send(gateway.public()).unwrap();
    assert_eq!(asked.status, 200, "{}", asked.text());
    let events = of(&gateway, 2);
    // The response is sent before the e-mail, whose task has the request's identifier.
    let seen: Vec<_> = events.iter().map(|event| plain(event, &asked)).collect();
    let letter = json!({
        "event": "letter", "outcome": "done", "dialect": "tokenlogin", "name_hash": "…",
    });
    let issue = json!({
        "event": "issue", "outcome": "done", "dialect": "tokenlogin", "user": SAMPLE,
        "organisation": "CRMDEMO", "handle": "…", "purpose": "reset",
    });
    assert_eq!(seen, [letter, issue]);
    let finish = Request::post(format!("{actions}/FinishPasswordReset?APIKey=demo-api-key"));
    let new = json!({"ResetKey": "00112233445566778899aabbccddeeff", "Password": "Pa55word-new"});
    let refused = finish.json(&new).send(gateway.public()).unwrap();
    let refusal = json!({
        "event": "reset_password", "outcome": "refused", "reason": "token",
        "cause": "unknown_token",
        "dialect": "tokenlogin", "handle": "…",
    });
    assert_eq!(plain(&of(&gateway, 3)[2], &refused), refusal);
}

#[test]
fn a_source_is_what_a_trusted_proxy_says() {
    let gateway = gateway()
        .config_text("[server]\ntrusted_proxies = [\"127.0.0.1\"]")
        .start()
        .unwrap();
    let login = json!({"user_id": "sample", "password": "sample-demo"});
    let login = Request::post("/v2/authorize").json(&login);
    let login = login.header("X-Forwarded-For", "2001:db8:1:2:3:4:5:6");
    login.send(gateway.public()).unwrap();
    for event in of(&gateway, 2) {
        assert_eq!(event["source"], "2001:db8:1:2:3:4:5:6");
    }
}

#[test]
fn what_was_answered_is_recorded_when_the_gateway_ends() {
    let mut gateway = gateway().start().unwrap();
    for _ in 0..50 {
        log_in(&gateway, "sample", "sample-demo");
    }
    assert!(gateway.terminate().unwrap().success());
    let path = gateway.folder().join("data/audit.jsonl");
    assert_eq!(crate::audit::events::of_file(&path).len(), 101);
}

/// Returns each event as one line, in which tokens are named A, B, C and so on.
fn followed(gateway: &Gateway, count: usize) -> Vec<String> {
    let mut letters = BTreeMap::new();
    let mut letter = |handle: &Value| {
        let next = char::from(b'A' + u8::try_from(letters.len()).unwrap());
        let handle = handle.as_str()?.to_owned();
        Some(*letters.entry(handle).or_insert(next))
    };
    let line = |event: &Value| {
        let words = ["event", "outcome", "reason", "purpose"];
        let words = words.iter().filter_map(|word| event[*word].as_str());
        let mut line = words.collect::<Vec<_>>().join(" ");
        let (handle, parent) = (letter(&event["handle"]), letter(&event["parent"]));
        line.extend(handle.map(|handle| format!(" {handle}")));
        line.extend(parent.map(|parent| format!(" from {parent}")));
        line
    };
    of(gateway, count).iter().map(line).collect()
}
