//! SIGHUP: the configuration is reloaded, and no connection is dropped.

mod at_a_terminal;
mod contents;
mod credentials;
mod early;
mod unchanged_on_error;
mod under_load;

use std::fs;

use isogloss_testkit::{Builder, Gateway, Request};
use serde_json::Value;

use crate::reload::unchanged_on_error::Kept;

const RELOADED: &str = "the configuration is reloaded";
const NOT_RELOADED: &str = "the configuration is not reloaded";

fn builder(text: &str) -> Builder {
    Gateway::builder(crate::PROGRAM).config_text(text)
}

fn start(text: &str) -> Gateway {
    let gateway = builder(text).start().unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

/// Replaces the text of the configuration that the gateway was started with.
fn rewrite(gateway: &Gateway, text: &str) {
    fs::write(gateway.folder().join("test-1.toml"), text).unwrap();
}

/// Replaces the configuration and reloads it, for the `times`th time. Waits until it is in force.
pub(crate) fn reload(gateway: &Gateway, text: &str, times: usize) {
    rewrite(gateway, text);
    gateway.hang_up().unwrap();
    assert!(gateway.logs_times(RELOADED, times), "{:#?}", gateway.log());
}

/// Returns the fields of all log lines with that text.
fn fields(gateway: &Gateway, text: &str) -> Vec<Value> {
    let log = gateway.log().into_iter();
    log.filter(|line| line.contains(text))
        .map(|line| serde_json::from_str::<Value>(&line).unwrap()["fields"].clone())
        .collect()
}

#[test]
fn a_kept_connection_sees_the_new_settings_with_its_next_request() {
    let gateway = start("");
    let mut kept = Kept::connect(gateway.public());
    assert_eq!(kept.status("/v2/authorize"), 401);
    assert_eq!(kept.status("/web/api/v3/auth/whoAmI"), 401);

    reload(
        &gateway,
        "[dialects.bimplus]\npath = \"/v9\"\n[dialects.memsource]\nenabled = false",
        1,
    );
    assert_eq!(kept.status("/v2/authorize"), 404);
    assert_eq!(kept.status("/v9/authorize"), 401);
    assert_eq!(kept.status("/web/api/v3/auth/whoAmI"), 404);
    assert_eq!(
        fields(&gateway, RELOADED)[0]["dialects"],
        "crmcom, tokenlogin, bimplus"
    );

    reload(&gateway, "[server]\nhsts = \"1h\"", 2);
    let answer = kept.get("/v2/authorize");
    assert_eq!(
        answer.header("Strict-Transport-Security"),
        Some("max-age=3600")
    );
    assert_eq!(kept.status("/web/api/v3/auth/whoAmI"), 401);
}

#[test]
fn tokens_of_a_dialect_that_is_switched_off_are_dead_to_services_at_once() {
    let gateway = start("");
    let form = "userName=linguist&password=linguist-demo";
    let login = Request::post("/web/api/v3/auth/login").form(form);
    let login = login.send(gateway.public()).unwrap().json().unwrap();
    let token = login["token"].as_str().unwrap();
    let asked = || {
        let introspect = Request::post("/introspect")
            .header("Authorization", "Bearer demo-introspection-key")
            .form(format!("token={token}"));
        let introspected = introspect.send(gateway.management()).unwrap();
        let forward = Request::get("/forward-auth/memsource")
            .header("Authorization", format!("ApiToken {token}"));
        let forwarded = forward.send(gateway.management()).unwrap();
        (
            introspected.json().unwrap()["active"].clone(),
            forwarded.status,
        )
    };
    assert_eq!(asked(), (true.into(), 200));
    reload(&gateway, "[dialects.memsource]\nenabled = false", 1);
    assert_eq!(asked(), (false.into(), 401));
    reload(&gateway, "", 2);
    assert_eq!(asked(), (true.into(), 200));
}

#[test]
fn the_log_changes_its_level() {
    let gateway = start("");
    let answered = || fields(&gateway, "\"level\":\"DEBUG\"").len();
    let mut kept = Kept::connect(gateway.public());
    kept.status("/v2/authorize");
    assert_eq!(answered(), 0);
    reload(&gateway, "[logging]\nlevel = \"debug\"", 1);
    let answer = kept.get("/v2/authorize");
    assert!(gateway.logs(answer.header("X-Request-Id").unwrap()));
    assert!(answered() > 0);
}

#[test]
fn a_bad_configuration_changes_nothing_and_is_told_in_one_line() {
    let gateway = start("");
    let mut kept = Kept::connect(gateway.public());
    let moved = "[dialects.bimplus]\npath = \"/v9\"\n";
    for (text, problem) in [
        (
            format!("{moved}[dialects.crmcom]\npath = \"nowhere\""),
            "dialects.crmcom.path: ",
        ),
        (
            format!("{moved}[directory]\ntimeout = \"0s\""),
            "directory.timeout: expected a duration from 1ms to 1day",
        ),
        (
            format!("{moved}[nothing]\na = 1"),
            "nothing: no such section",
        ),
        (format!("{moved}[mail]\nfrom = \"nobody\""), "mail.from: "),
        (format!("{moved}[server"), "not TOML"),
    ] {
        let before = fields(&gateway, NOT_RELOADED).len();
        rewrite(&gateway, &text);
        gateway.hang_up().unwrap();
        assert!(gateway.logs_times(NOT_RELOADED, before + 1));
        let found = fields(&gateway, NOT_RELOADED);
        let found = found.last().unwrap()["problem"].as_str().unwrap();
        assert!(found.contains(problem), "{found}");
        assert_eq!(kept.status("/v2/authorize"), 401, "{text}");
        assert_eq!(kept.status("/v9/authorize"), 404, "{text}");
    }
    fs::remove_file(gateway.folder().join("test-1.toml")).unwrap();
    gateway.hang_up().unwrap();
    assert!(gateway.logs_times(NOT_RELOADED, 6));
    reload(&gateway, moved, 1);
    assert_eq!(kept.status("/v9/authorize"), 401);
}

#[test]
fn what_waits_for_a_restart_is_named_and_its_value_is_not() {
    let gateway = start("[tokens]\nper_user = 10");
    let wanted = "\
[server]
workers = 3
keep_alive = \"7s\"
[tokens]
per_user = 11
previous_pepper = \"marked-pepper-long-enough\"
[mail]
timeout = \"3s\"
[dialects.bimplus]
path = \"/v9\"
";
    reload(&gateway, wanted, 1);
    let keys = |gateway: &Gateway| {
        let found = fields(gateway, "a changed setting waits for a restart").into_iter();
        let mut keys: Vec<_> = found
            .map(|fields| fields["key"].as_str().unwrap().to_owned())
            .collect();
        keys.sort();
        keys
    };
    let expected = [
        "server.keep_alive",
        "server.workers",
        "tokens.per_user",
        "tokens.previous_pepper",
    ];
    assert_eq!(keys(&gateway), expected);
    // Settings that can be reloaded have changed.
    assert_eq!(Kept::connect(gateway.public()).status("/v9/authorize"), 401);
    assert!(!gateway.log().join("\n").contains("marked-pepper"));
    // As long as a change waits for a restart, each reload reports it.
    reload(&gateway, wanted, 2);
    assert_eq!(keys(&gateway).len(), 8);
}
