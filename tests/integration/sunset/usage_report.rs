//! The usage table and its report: contents and access.

use isogloss_testkit::dialects::{TestUser, dialect};
use isogloss_testkit::{Gateway, Request};

use super::usage::calls;
use crate::sunset::{builder, isogloss, report};

#[test]
fn no_secret_and_no_user_is_in_the_table() {
    let gateway = builder().start().unwrap();
    let marked = "MARKED-seCret-5EC12E7";
    let user = TestUser::admin();
    let held = user.every_token(gateway.public()).unwrap();
    for wrong in [
        &user,
        &TestUser {
            password: marked.to_owned(),
            name: marked.to_owned(),
            api_key: marked.to_owned(),
            ..user.clone()
        },
    ] {
        for (_, login) in wrong.logins() {
            let agent = format!("App/1 {} {marked}", held[0].text);
            login
                .header("User-Agent", agent)
                .send(gateway.public())
                .unwrap();
        }
    }
    Request::get(format!("/v2/{}?x={marked}", held[0].text))
        .header("User-Agent", &held[0].text)
        .send(gateway.public())
        .unwrap();
    report(builder, &gateway, "bimplus", |report| {
        report["calls"].as_u64() >= Some(5)
    });
    let output = isogloss(&builder(), &gateway, &["sunset", "report", "--json"]);
    let mut files = output.stdout;
    for entry in std::fs::read_dir(gateway.folder()).unwrap() {
        let file = entry.unwrap();
        if file
            .file_name()
            .to_string_lossy()
            .starts_with("directory.db")
        {
            files.extend(std::fs::read(file.path()).unwrap());
        }
    }
    let has = |text: &str| {
        files
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("App/1"));
    for secret in
        held.iter()
            .map(|held| held.text.as_str())
            .chain([marked, "admin-demo", "demo-api-key"])
    {
        assert!(!has(secret), "{secret}");
    }
}

#[test]
fn the_report_is_for_people_and_for_administrators() {
    let gateway = builder().start().unwrap();
    let login = TestUser::admin().device_login(&dialect("tokenlogin"));
    login
        .header("User-Agent", "okhttp/4.12")
        .send(gateway.public())
        .unwrap();
    report(builder, &gateway, "tokenlogin", calls(1));
    let output = isogloss(&builder(), &gateway, &["sunset", "report"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("bimplus: no clients counted\n"), "{text}");
    assert!(
        text.contains("tokenlogin: 1 client, 1 user, last seen "),
        "{text}"
    );
    assert!(text.contains("  LAST SEEN "), "{text}");
    assert!(text.contains("key demo"), "{text}");
    let old = isogloss(
        &builder(),
        &gateway,
        &["sunset", "report", "--since", "yesterday"],
    );
    assert_eq!(old.status.code(), Some(2));

    let ask = |path: &str, key: &str| {
        Request::get(path)
            .header("Authorization", format!("Bearer {key}"))
            .send(gateway.management())
            .unwrap()
    };
    let answer = ask("/admin/usage?dialect=tokenlogin&since=1h", "demo-admin-key");
    let body = answer.json().unwrap();
    assert_eq!(
        body["dialects"][0]["clients"][0]["user_agent"], "okhttp/4",
        "{body}"
    );
    for (path, key, status) in [
        ("/admin/usage", "demo-introspection-key", 401),
        ("/admin/usage?dialect=klingon", "demo-admin-key", 400),
        ("/admin/usage?since=yesterday", "demo-admin-key", 400),
    ] {
        assert_eq!(ask(path, key).status, status, "{path}");
    }
}

#[test]
fn nothing_is_counted_where_that_is_off() {
    let off = || Gateway::builder(crate::PROGRAM).env("ISOGLOSS__USAGE__ENABLED", "false");
    let mut gateway = off().start().unwrap();
    let login = TestUser::admin().device_login(&dialect("bimplus"));
    login.send(gateway.public()).unwrap();
    assert!(gateway.terminate().unwrap().success());
    report(off, &gateway, "bimplus", calls(0));
}
