//! `isogloss throttle` next to a running gateway, with both kinds of stores.

use isogloss_testkit::{Builder, Gateway, Redis, Request, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shell::Shell;

const BUDGETS: &str = "\
[throttle]
account_tries = 2
source_refill = '2days'
network_refill = '1day'
first_lock = '1day'
longest_lock = '1day'
";

fn login(gateway: &Gateway, user: &str, password: &str) -> u16 {
    let body = json!({"user_id": user, "password": password});
    let request = Request::post("/v2/authorize").json(&body);
    request.send(gateway.public()).unwrap().status
}

/// Lists and clears throttled buckets, with the arguments `more` after each command.
fn is_seen_and_forgiven(
    builder: Builder,
    folder: &TempDir,
    more: &dyn Fn(&Gateway) -> Vec<String>,
) {
    let builder = builder.config_text(BUDGETS);
    let shell = Shell::beside(&builder, folder.path());
    let gateway = builder.folder(folder.path()).start().unwrap();
    let more = more(&gateway);
    let run = |arguments: &[&str]| {
        let more = more.iter().map(String::as_str);
        let all: Vec<_> = arguments.iter().copied().chain(more).collect();
        shell.run(&all)
    };
    let list = |arguments: &[&str]| -> Vec<Value> {
        let all = [&["throttle", "list", "--json"], arguments].concat();
        run(&all).json().as_array().unwrap().clone()
    };
    // The listeners are open before the directory is ready.
    assert_eq!(login(&gateway, "admin", "admin-demo"), 200);
    assert_eq!(list(&[]), [] as [Value; 0]);

    for name in ["sample", "nobody"] {
        let tries = [(); 3].map(|()| login(&gateway, name, "wrong"));
        assert_eq!(tries, [401, 401, 429]);
    }
    assert_eq!(login(&gateway, "sample", "sample-demo"), 429);

    let all = list(&[]);
    let kinds: Vec<_> = all
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["account", "account", "source", "network"],
        "locked ones first"
    );
    assert!(all[0]["locked_until"].is_string());
    assert_eq!(all[0]["network"], "127.0.0.0/24");
    assert_eq!(
        (&all[2]["network"], &all[2]["locked_until"]),
        (&json!("127.0.0.1"), &Value::Null)
    );
    assert!(!all.iter().any(|one| one.to_string().contains("sample")));
    assert_eq!(list(&["--user", "Sample"]).len(), 1);
    assert_eq!(list(&["--source", "127.0.0.1"]).len(), 4);
    assert_eq!(
        list(&["--source", "127.0.0.1", "--user", "somebody"]).len(),
        0
    );
    let table = run(&["throttle", "list"]).done();
    assert!(table.starts_with("HANDLE "), "{table}");
    assert_eq!(table.lines().count(), 5);

    let cleared = run(&["throttle", "clear", "--user", "sample"]).done();
    assert_eq!(cleared, "1 cleared\n");
    assert_eq!(login(&gateway, "sample", "sample-demo"), 200);
    assert_eq!(login(&gateway, "nobody", "wrong"), 429);
    let again = run(&["throttle", "clear", "--user", "sample"]);
    assert_eq!((again.exit, again.out.as_str()), (Some(1), "0 cleared\n"));
    let handle = all[2]["handle"].as_str().unwrap();
    assert_eq!(
        run(&["throttle", "clear", "--handle", handle]).done(),
        "1 cleared\n"
    );
    let out = run(&["throttle", "clear", "--all", "--json"]);
    assert_eq!(out.json(), json!({"cleared": 2}));
    assert_eq!(login(&gateway, "nobody", "wrong"), 401);

    let refused = run(&["throttle", "list", "--handle", "x"]).refused();
    assert_eq!(refused, "expected a handle of 26 letters and digits");
    assert_eq!(run(&["throttle", "clear"]).exit, Some(2));
}

#[test]
fn tries_counted_in_redis_are_seen_and_forgiven() {
    let redis = Redis::start().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Redis(redis.url()));
    let folder = TempDir::new().unwrap();
    is_seen_and_forgiven(builder, &folder, &|_| Vec::new());
}

#[test]
fn tries_counted_by_the_running_gateway_are_seen_and_forgiven_with_a_key() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "demo-admin-key\n").unwrap();
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Embedded);
    is_seen_and_forgiven(builder, &folder, &|gateway| {
        let management = format!("http://{}", gateway.management());
        let key = key.display().to_string();
        ["--management", &management, "--key-file", &key]
            .map(str::to_owned)
            .to_vec()
    });
}

#[test]
fn without_a_key_nothing_is_forgiven() {
    let gateway = Gateway::builder(crate::PROGRAM).start().unwrap();
    let ask = |method: &str, key: &str, target: &str| {
        let request = Request::new(method, target).header("Authorization", format!("Bearer {key}"));
        request.send(gateway.management()).unwrap().status
    };
    for method in ["GET", "DELETE"] {
        assert_eq!(ask(method, "x", "/admin/throttle?all=true"), 401);
    }
    assert_eq!(ask("GET", "demo-admin-key", "/admin/throttle"), 200);
    for query in ["", "?handle=x", "?source=here", "?what=1&all=true"] {
        let target = format!("/admin/throttle{query}");
        assert_eq!(ask("DELETE", "demo-admin-key", &target), 400, "{query}");
    }
    assert_eq!(
        ask("DELETE", "demo-admin-key", "/admin/throttle?all=true"),
        200
    );
}
