//! Signing in and out, and how sessions end.

use std::time::Duration;

use isogloss_core::{Clock as _, SystemClock};
use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Gateway, Request};
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::{Tab, admin, cookie_of, sign_in, start};
use crate::audit::events::of_file;

const KEY: &str = "demo-admin-key";

/// Returns kind, outcome and actor of the recorded events of the console and of wrong keys.
fn events(gateway: &Gateway, count: usize) -> Vec<(String, String, String)> {
    let path = gateway.folder().join("data/audit.jsonl");
    let mut found = Vec::new();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    wait_until("the events are recorded", || {
        let events = of_file(&path).into_iter();
        let events = events.map(|event| {
            (
                text(&event["event"]),
                text(&event["outcome"]),
                text(&event["actor"]),
            )
        });
        found = events
            .filter(|(kind, ..)| kind == "admin" || kind.starts_with("console"))
            .collect();
        found.len() >= count
    })
    .unwrap_or_else(|_| panic!("{found:#?}"));
    found
}

#[test]
fn the_console_is_off_unless_the_configuration_says_so() {
    let gateway = Gateway::builder(crate::PROGRAM).start().unwrap();
    gateway.wait_until_ready().unwrap();
    for path in ["/console", "/console/sign-in", "/console/people"] {
        let response = Request::get(path).send(gateway.management()).unwrap();
        assert_eq!(response.status, 404, "{path}");
    }
    let gateway = start(|builder| builder);
    let response = Request::get("/console/sign-in").send(gateway.public());
    assert_eq!(response.unwrap().status, 404, "the public listener");
}

#[test]
fn one_signs_in_with_a_key_and_out_again_and_both_are_recorded() {
    let gateway = start(|builder| builder);
    let asked = Request::get("/console/people").send(gateway.management());
    let asked = asked.unwrap();
    assert_eq!(asked.status, 303);
    assert_eq!(asked.header("Location"), Some("/console/sign-in"));

    let response = sign_in(&gateway, KEY);
    assert_eq!(response.status, 303);
    let cookie = response.header("Set-Cookie").unwrap().to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    assert_eq!(name, "isogloss-console");
    assert_eq!(value.len(), 64, "256 bits: {value}");
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/console");

    let tab = Tab::open(&gateway, KEY);
    let page = tab.page("/console/people");
    assert!(
        page.contains("linguist@example.com") && !page.contains(KEY),
        "{page}"
    );
    let response = tab.get("/console/people");
    assert_eq!(response.header("Cache-Control"), Some("no-store"));
    let policy = response.header("Content-Security-Policy").unwrap();
    assert_eq!(
        policy,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let out = tab.post("/console/sign-out", &[]);
    assert_eq!(out.header("Location"), Some("/console/sign-in"));
    assert_eq!(cookie_of(&out).as_deref(), Some("isogloss-console="));
    assert_eq!(tab.get("/console/people").status, 303, "signed out");

    let key = "key demo".to_owned();
    let done = |kind: &str| (kind.to_owned(), "done".to_owned(), key.clone());
    assert_eq!(
        events(&gateway, 3),
        [
            done("console_sign_in"),
            done("console_sign_in"),
            done("console_sign_out")
        ]
    );
}

#[test]
fn wrong_keys_are_counted_like_those_of_the_api_and_answered_in_one_way() {
    let gateway = start(isogloss_testkit::Builder::demo_budgets);
    let expired = json!({"realm": "admin", "label": "old", "expires_at": "2020-01-01T00:00:00Z"});
    let expired = admin(&gateway, "POST", "/admin/keys", Some(&expired));
    let expired = expired["key"].as_str().unwrap();
    let introspection = "demo-introspection-key";
    let mut answers: Vec<_> = [expired, introspection, "no-such-key-at-all", ""]
        .map(|key| sign_in(&gateway, key))
        .into_iter()
        .map(|response| {
            assert!(response.header("Set-Cookie").is_none());
            (response.status, response.text())
        })
        .collect();
    answers.dedup();
    let [(status, text)] = &answers[..] else {
        panic!("{answers:?}");
    };
    assert_eq!(*status, 403);
    assert!(text.contains("The key is not valid."), "{text}");

    let mut throttled = None;
    for number in 0..40 {
        let response = sign_in(&gateway, &format!("a-wrong-key-{number}"));
        if response.status == 429 {
            throttled = Some(response);
            break;
        }
    }
    let throttled = throttled.expect("a lock");
    assert!(throttled.header("Retry-After").is_some());
    // The lock is that of the API.
    let api = Request::get("/admin/keys").header("Authorization", "Bearer another-wrong-key");
    assert_eq!(api.send(gateway.management()).unwrap().status, 429);
    let refused = events(&gateway, 5);
    assert!(refused.iter().all(|(kind, outcome, actor)| {
        kind == "admin" && outcome == "refused" && actor.is_empty()
    }));
}

#[test]
fn a_session_ends_when_it_is_idle_and_as_soon_as_its_key_is_revoked_or_expires() {
    let gateway = start(|builder| builder.config_text("[management]\nconsole_idle = \"3s\"\n"));
    let soon = SystemClock.now() + Duration::from_secs(5);
    let soon = soon.format(&Rfc3339).unwrap();
    let guest = json!({"realm": "admin", "label": "guest", "expires_at": soon});
    let guest = admin(&gateway, "POST", "/admin/keys", Some(&guest));
    let guest = Tab::open(&gateway, guest["key"].as_str().unwrap());
    guest.page("/console/people");

    let key = json!({"realm": "admin", "label": "leaver"});
    let key = admin(&gateway, "POST", "/admin/keys", Some(&key));
    let leaver = Tab::open(&gateway, key["key"].as_str().unwrap());
    leaver.page("/console/people");
    let stays = Tab::open(&gateway, KEY);
    admin(&gateway, "DELETE", "/admin/keys/leaver", None);
    assert_eq!(leaver.get("/console/people").status, 303, "revoked");
    let by_htmx = Request::get("/console/people")
        .header("Cookie", &leaver.cookie)
        .header("HX-Request", "true");
    let by_htmx = by_htmx.send(gateway.management()).unwrap();
    assert_eq!(by_htmx.status, 401);
    assert_eq!(by_htmx.header("HX-Redirect"), Some("/console/sign-in"));
    stays.page("/console/people");
    // This session is used all the time, and the other one meanwhile not.
    wait_until("the key has expired", || {
        guest.get("/console/people").status == 303
    })
    .unwrap();
    assert_eq!(stays.get("/console/people").status, 303, "idle");
}

#[test]
fn over_tls_the_cookie_is_for_this_host_and_for_tls_alone() {
    use crate::tls::certificate_pair::{Files, Pair};
    use crate::tls::client::Client;

    let pair = Pair::make();
    let files = Files::with(&pair);
    let gateway = Gateway::builder(crate::PROGRAM)
        .config_text("[management]\nconsole = true\n")
        .config_text(files.table("management"));
    let gateway = gateway.start().unwrap();
    let mut client = Client::connect(gateway.management(), &pair).unwrap();
    let body = "key=demo-admin-key";
    let request = format!(
        "POST /console/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    client.send(&request).unwrap();
    let response = client.answer().unwrap();
    let cookie = response.header("Set-Cookie").unwrap();
    assert!(cookie.starts_with("__Host-isogloss-console="), "{cookie}");
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Strict; Secure; Path=/"),
        "{cookie}"
    );
}

#[test]
fn sessions_outlive_a_reload_which_pages_then_show() {
    let gateway = start(|builder| builder);
    let tab = Tab::open(&gateway, KEY);
    assert!(
        tab.page("/console/dialects/bimplus")
            .contains("It is not being retired.")
    );
    let sunset = "[sunset.bimplus]\nsunset_at = \"2099-01-01T00:00:00Z\"\n";
    crate::reload::reload(&gateway, &format!("{}{sunset}", super::CONSOLE), 1);
    let page = tab.page("/console/dialects/bimplus");
    assert!(page.contains("2099-01-01T00:00:00.000Z"), "{page}");
}

#[test]
fn files_have_their_contents_in_their_names_and_are_kept_for_ever() {
    let gateway = start(|builder| builder);
    let page = Request::get("/console/sign-in").send(gateway.management());
    let page = page.unwrap().text();
    let mut kinds = Vec::new();
    for path in page
        .split('"')
        .filter(|text| text.starts_with("/console/assets/"))
    {
        let file = Request::get(path).send(gateway.management()).unwrap();
        assert_eq!(file.status, 200, "{path}");
        let kept = file.header("Cache-Control");
        assert_eq!(kept, Some("public, max-age=31536000, immutable"), "{path}");
        kinds.push(file.header("Content-Type").unwrap().to_owned());
    }
    kinds.sort();
    let script = "text/javascript; charset=utf-8";
    assert_eq!(
        kinds,
        ["image/svg+xml", "text/css; charset=utf-8", script, script]
    );
    let other = Request::get("/console/assets/console-0123456789abcdef.css");
    assert_eq!(other.send(gateway.management()).unwrap().status, 404);
}
