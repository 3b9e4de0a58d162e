//! `isogloss session` next to a running gateway, with both kinds of stores.

use isogloss_testkit::{Builder, Gateway, Redis, Request, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shell::{Said, Shell};

/// Logs in at BIMplus and returns the token.
fn login(gateway: &Gateway, user: &str, password: &str, client: &str) -> String {
    let body = json!({"user_id": user, "password": password, "client_id": client});
    let request = Request::post("/v2/authorize").json(&body);
    let answer = request.send(gateway.public()).unwrap().json().unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn status(gateway: &Gateway, token: &str) -> u16 {
    let request = Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"));
    request.send(gateway.public()).unwrap().status
}

/// Runs a command with the arguments that tell it how to reach the gateway.
fn run(shell: &Shell, arguments: &[&str], more: &[String]) -> Said {
    let more = more.iter().map(String::as_str);
    let all: Vec<_> = arguments.iter().copied().chain(more).collect();
    shell.run(&all)
}

const ONE: &str = "0864b512-1776-4a55-8ee5-2b19d7d9b7ea";
const TWO: &str = "9fd0bb9d-570b-4719-bfae-93e2f879c19a";

/// Lists and ends sessions, with the arguments `more` after each command.
fn is_seen_and_ended(builder: Builder, folder: &TempDir, more: &dyn Fn(&Gateway) -> Vec<String>) {
    let shell = Shell::beside(&builder, folder.path());
    let gateway = builder.folder(folder.path()).start().unwrap();
    let more = more(&gateway);
    let run = |arguments: &[&str]| run(&shell, arguments, &more);
    let list = |arguments: &[&str]| -> Vec<Value> {
        let all = [&["session", "list", "--json"], arguments].concat();
        run(&all).json().as_array().unwrap().clone()
    };

    let tablet = login(&gateway, "test@bimplus.net", "test", ONE);
    let phone = login(&gateway, "test@bimplus.net", "test", TWO);
    let other = login(&gateway, "sample", "sample-demo", ONE);

    let all = list(&[]);
    assert_eq!(all.len(), 3);
    for token in [&tablet, &phone, &other] {
        assert!(!all.iter().any(|one| one.to_string().contains(token)));
    }
    let mine = list(&["--user", "TEST@bimplus.net", "--client", ONE]);
    let [mine] = &mine[..] else {
        panic!("{mine:?}")
    };
    assert_eq!(
        (&mine["dialect"], &mine["user"], &mine["purpose"]),
        (
            &json!("bimplus"),
            &json!("test@bimplus.net"),
            &json!("access")
        )
    );
    assert_eq!(list(&["--dialect", "crmcom"]).len(), 0);
    assert_eq!(list(&["--limit", "2"]).len(), 2);
    let table = run(&["session", "list"]).done();
    assert!(table.starts_with("HANDLE "), "{table}");
    assert_eq!(table.lines().count(), 4);

    let handle = mine["handle"].as_str().unwrap();
    assert_eq!(
        run(&["session", "revoke", "--handle", handle]).done(),
        "1 ended\n"
    );
    let again = run(&["session", "revoke", "--handle", handle]);
    assert_eq!((again.exit, again.out.as_str()), (Some(1), "0 ended\n"));
    assert_eq!(
        [&tablet, &phone, &other].map(|token| status(&gateway, token)),
        [401, 200, 200]
    );
    let logout = run(&["user", "logout", "test@bimplus.net"]).done();
    assert_eq!(logout, "test@bimplus.net: 1 ended\n");
    assert_eq!(status(&gateway, &phone), 401);
    login(&gateway, "test@bimplus.net", "test", TWO);
    let moment = "2999-01-01T00:00:00Z";
    let out = run(&["session", "revoke", "--issued-before", moment, "--json"]);
    assert_eq!(out.json(), json!({"ended": 2}));
    assert_eq!(status(&gateway, &other), 401);

    for (arguments, line) in [
        (["--user", "nobody"], "nobody: no such user"),
        (
            ["--handle", "x"],
            "expected a handle of 26 letters and digits",
        ),
    ] {
        let refused = run(&[&["session", "list"][..], &arguments].concat()).refused();
        assert_eq!(refused, line);
    }
    let said = run(&["session", "revoke"]);
    assert_eq!(said.exit, Some(2), "{said:?}");
}

/// Ends a login that was handed over, and the sessions of an administrator who impersonates others.
fn what_came_of_it_is_seen_and_ended(
    builder: Builder,
    folder: &TempDir,
    more: &dyn Fn(&Gateway) -> Vec<String>,
) {
    let shell = Shell::beside(&builder, folder.path());
    let gateway = builder.folder(folder.path()).start().unwrap();
    let more = more(&gateway);
    let run = |arguments: &[&str]| run(&shell, arguments, &more);
    let list = |user: &str| -> Vec<Value> {
        let all = run(&["session", "list", "--json", "--user", user]);
        all.json().as_array().unwrap().clone()
    };

    let token = login(&gateway, "sample", "sample-demo", ONE);
    let stolen = hand_over(&gateway, &hand_over(&gateway, &token));
    let other = login(&gateway, "sample", "sample-demo", TWO);
    let delete = Request::new("DELETE", "/v2/authorize");
    let delete = delete.header("Authorization", format!("BimPlus {token}"));
    assert_eq!(delete.send(gateway.public()).unwrap().status, 200);
    let sessions = list("sample");
    assert_eq!(sessions.len(), 3);
    let handed_over: Vec<_> = sessions
        .iter()
        .filter(|one| one["root"] != one["handle"])
        .collect();
    let (first, second): (Vec<_>, Vec<_>) = handed_over
        .into_iter()
        .partition(|one| one["parent"] == one["root"]);
    let ([first], [second]) = (&first[..], &second[..]) else {
        panic!("{sessions:?}")
    };
    assert_eq!(
        (&second["parent"], &second["root"], &second["login_at"]),
        (&first["handle"], &first["root"], &first["login_at"])
    );
    let (root, first) = (first["root"].as_str(), first["handle"].as_str());
    let only = ["--handle", first.unwrap(), "--without-derived"];
    let ended = run(&[&["session", "revoke"][..], &only].concat()).done();
    assert_eq!(ended, "1 ended\n");
    assert_eq!(status(&gateway, &stolen), 200);
    // The login's own session has ended; sessions derived from it have not.
    let ended = run(&["session", "revoke", "--handle", root.unwrap()]).done();
    assert_eq!(ended, "1 ended\n");
    assert_eq!(
        [&stolen, &other].map(|token| status(&gateway, token)),
        [401, 200]
    );

    let acting = act_as_linguist(&gateway);
    let sessions = list("admin");
    let sessions: Vec<_> = sessions
        .iter()
        .map(|one| (one["user"].as_str(), one["actor"].as_str()))
        .collect();
    assert_eq!(
        sessions,
        [(Some("linguist"), Some("admin")), (Some("admin"), None)]
    );
    assert_eq!(who_am_i(&gateway, &acting), 200);
    let logout = run(&["user", "logout", "admin"]).done();
    assert_eq!(logout, "admin: 2 ended\n");
    assert_eq!(who_am_i(&gateway, &acting), 401);
}

/// Hands a session over and returns the new access token.
fn hand_over(gateway: &Gateway, token: &str) -> String {
    let cross =
        Request::post("/v2/cross-token").header("Authorization", format!("BimPlus {token}"));
    let cross = cross.send(gateway.public()).unwrap().json().unwrap();
    let body = json!({"cross_token": cross["cross_token"]});
    let access = Request::post("/v2/cross-authorize").json(&body);
    let access = access.send(gateway.public()).unwrap().json().unwrap();
    access["access_token"].as_str().unwrap().to_owned()
}

/// Returns the token with which the administrator impersonates another user, in Memsource.
fn act_as_linguist(gateway: &Gateway) -> String {
    let ask = |action: &str, form: &str| {
        let request = Request::post(format!("/web/api/v3/auth/{action}")).form(form);
        let answer = request.send(gateway.public()).unwrap().json().unwrap();
        answer["token"].as_str().unwrap().to_owned()
    };
    let own = ask("login", "userName=admin&password=admin-demo");
    ask("loginOther", &format!("token={own}&userName=linguist"))
}

fn who_am_i(gateway: &Gateway, token: &str) -> u16 {
    let request = Request::post("/web/api/v3/auth/whoAmI").form(format!("token={token}"));
    request.send(gateway.public()).unwrap().status
}

#[test]
fn what_came_of_sessions_in_redis_is_seen_and_ended() {
    let redis = Redis::start().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Redis(redis.url()));
    let folder = TempDir::new().unwrap();
    what_came_of_it_is_seen_and_ended(builder, &folder, &|_| Vec::new());
}

#[test]
fn what_came_of_sessions_of_the_running_gateway_is_seen_and_ended() {
    let folder = TempDir::new().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Embedded);
    let key = with_key(&folder);
    what_came_of_it_is_seen_and_ended(builder, &folder, &key);
}

/// Returns the arguments with which commands reach the management listener, with a key in a file.
fn with_key(folder: &TempDir) -> impl Fn(&Gateway) -> Vec<String> + use<> {
    let key = folder.path().join("key");
    std::fs::write(&key, "demo-admin-key\n").unwrap();
    let key = key.display().to_string();
    move |gateway| {
        let management = format!("http://{}", gateway.management());
        ["--management", &management, "--key-file", &key]
            .map(str::to_owned)
            .to_vec()
    }
}

#[test]
fn sessions_in_redis_are_seen_and_ended() {
    let redis = Redis::start().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Redis(redis.url()));
    let folder = TempDir::new().unwrap();
    is_seen_and_ended(builder, &folder, &|_| Vec::new());
}

#[test]
fn sessions_of_the_running_gateway_are_seen_and_ended_with_a_key() {
    let folder = TempDir::new().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Embedded);
    is_seen_and_ended(builder, &folder, &with_key(&folder));
}

#[test]
fn without_a_key_nothing_is_seen() {
    let gateway = Gateway::builder(crate::PROGRAM).start().unwrap();
    let ask = |method: &str, key: Option<&str>, target: &str| {
        let mut request = Request::new(method, target);
        if let Some(key) = key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let response = request.send(gateway.management()).unwrap();
        (response.status, response.json().unwrap())
    };
    for key in [None, Some(""), Some("demo-introspection-key"), Some("x")] {
        for method in ["GET", "DELETE"] {
            let (status, body) = ask(method, key, "/admin/sessions?all=true");
            assert_eq!(status, 401, "{body}");
            assert!(body["reason"].is_string());
        }
    }
    let key = Some("demo-admin-key");
    assert_eq!(ask("GET", key, "/admin/sessions").0, 200);
    assert_eq!(ask("DELETE", key, "/admin/sessions").0, 400);
    assert_eq!(ask("DELETE", key, "/admin/sessions?handle=x").0, 400);
    assert_eq!(ask("DELETE", key, "/admin/sessions?user=nobody").0, 404);
    assert_eq!(ask("DELETE", key, "/admin/sessions?all=true").0, 200);
}

#[test]
fn a_gateway_that_is_not_there_is_said_so() {
    let folder = TempDir::new().unwrap();
    let shell = Shell::bare(folder.path());
    shell.write("key", "demo-admin-key");
    let said = shell.run(&[
        "session",
        "list",
        "--management",
        "http://127.0.0.1:1",
        "--key-file",
        "key",
    ]);
    let line = said.refused();
    assert!(
        line.starts_with("no gateway responds at http://127.0.0.1:1: start it, or give its address with --management: connecting"),
        "{line}"
    );
}
