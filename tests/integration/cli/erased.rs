//! `isogloss user delete` next to a running gateway, with both kinds of stores.

use isogloss_testkit::{Builder, Gateway, Redis, Request, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::shell::{Said, Shell, demo};

fn login(gateway: &Gateway, user: &str, password: &str) -> Option<String> {
    let body = json!({"user_id": user, "password": password});
    let request = Request::post("/v2/authorize").json(&body);
    let answer = request.send(gateway.public()).unwrap().json().unwrap();
    answer["access_token"].as_str().map(str::to_owned)
}

fn status(gateway: &Gateway, token: &str) -> u16 {
    let request = Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"));
    request.send(gateway.public()).unwrap().status
}

/// Erases a user of the demo, with the arguments `more` after the command, and checks the effects.
fn is_erased(builder: Builder, folder: &TempDir, more: &dyn Fn(&Gateway) -> Vec<String>) {
    let builder = builder.env("ISOGLOSS__AUDIT__DATABASE", "true");
    let shell = Shell::beside(&builder, folder.path());
    let gateway = builder.folder(folder.path()).start().unwrap();
    let more = more(&gateway);
    let erase = |name: &str, arguments: &[&str]| -> Said {
        let more = more.iter().map(String::as_str);
        let command = ["user", "delete", name].into_iter();
        let all: Vec<_> = command
            .chain(arguments.iter().copied())
            .chain(more)
            .collect();
        shell.run_unanswered(&all)
    };
    let session = login(&gateway, "sample", "sample-demo").unwrap();
    let other = login(&gateway, "linguist", "linguist-demo").unwrap();
    assert_eq!(login(&gateway, "sample", "wrong"), None);

    let said = erase("sample", &["--json"]);
    assert_eq!((said.exit, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("use --yes to erase"), "{said:?}");
    assert_eq!(status(&gateway, &session), 200, "not confirmed");
    assert_eq!(
        erase("nobody", &["--yes"]).refused(),
        "nobody: no such user"
    );

    let erased = erase("sample", &["--yes", "--json"]).json();
    let pseudonym = erased["pseudonym"].as_str().unwrap();
    assert_eq!(
        (&erased["sessions"], &erased["was_last_administrator"]),
        (&json!(1), &json!(false))
    );
    assert!(!erased.to_string().contains("sample"), "{erased}");
    assert_eq!(status(&gateway, &session), 401);
    assert_eq!(status(&gateway, &other), 200);
    assert_eq!(login(&gateway, "sample", "sample-demo"), None);
    assert_eq!(
        shell.run(&["user", "show", "sample"]).refused(),
        "sample: no such user"
    );
    let events = shell
        .run(&["audit", "list", "--user", pseudonym, "--json"])
        .json();
    let kinds: Vec<_> = events.as_array().unwrap().iter().collect();
    assert!(
        kinds.iter().any(|event| event["event"] == "erase_user"),
        "{events}"
    );

    let import = shell
        .run(&["directory", "import", &demo(), "--json"])
        .json();
    assert_eq!(import["erased"], json!(["user sample"]));
    let table = shell.run(&["directory", "import", &demo()]).done();
    let note = "1 left out: users who were erased (isogloss user add brings one back), or their \
                keys:\n  user sample\n";
    assert!(table.ends_with(note), "{table}");
    assert_eq!(login(&gateway, "sample", "sample-demo"), None);

    let add = [
        "user",
        "add",
        "sample",
        "--organisation",
        "CRMDEMO",
        "--password-stdin",
    ];
    shell.run_with(&add, "another one\n").done();
    assert!(login(&gateway, "sample", "another one").is_some());
    // The identifier in the demo's file stays reserved for the erased user. The name is available again.
    let named = "users = [{ user_name = 'sample', first_name = 'Sam', password = 'another one' }]";
    shell.write("named.toml", named);
    let import = shell
        .run(&["directory", "import", "named.toml", "--json"])
        .json();
    assert_eq!(
        (&import["updated"], &import["erased"]),
        (&json!(1), &json!([]))
    );
    assert!(login(&gateway, "sample", "another one").is_some());

    let out = erase("admin", &["--yes"]).done();
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("admin: erased"));
    assert_eq!(
        lines.last(),
        Some("  CRMDEMO has no enabled administrator left"),
        "{out}"
    );
}

#[test]
fn a_user_of_the_running_gateway_is_erased_with_a_key() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "demo-admin-key\n").unwrap();
    let more = |gateway: &Gateway| {
        let management = format!("http://{}", gateway.management());
        let key = key.display().to_string();
        ["--management", &management, "--key-file", &key]
            .map(str::to_owned)
            .to_vec()
    };
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Embedded);
    is_erased(builder, &folder, &more);
}

#[test]
fn a_user_with_tokens_in_redis_is_erased_and_leaves_nothing_there() {
    let redis = Redis::start().unwrap();
    let folder = TempDir::new().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Redis(redis.url()));
    is_erased(builder.clone(), &folder, &|_| Vec::new());
    let shell = Shell::beside(&builder, folder.path());
    for name in ["sample", "linguist"] {
        shell.run(&["user", "delete", name, "--yes"]).done();
    }
    let mut left = redis.keys().unwrap();
    left.retain(|key| !key.starts_with("isogloss:g:"));
    left.retain(|key| key != "isogloss:f:all" && !key.starts_with("isogloss:f:n:"));
    let remaining = "only buckets of sources are left, and their lists";
    assert_eq!(left, [""; 0], "{remaining}");
}
