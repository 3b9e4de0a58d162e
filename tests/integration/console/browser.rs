//! The console in Chromium: with and without scripts, light and dark, narrow and wide.

use std::fs;
use std::path::PathBuf;

use isogloss_testkit::MailServer;
use serde_json::{Value, json};

use super::{admin, id_of, start};
use crate::browser::browse;
use crate::source_tree::repository;

/// What a name must not be able to do.
const HOSTILE: &str = "<script>document.title='owned'</script>";

/// The pages, by the names of their pictures.
fn pages(user: &str) -> Value {
    json!({
        "overview": "/console/overview",
        "dialects": "/console/dialects",
        "dialect": "/console/dialects/bimplus?plan=switch-off",
        "people": "/console/people",
        "person": format!("/console/people/{user}"),
        "way-over": "/console/way-over",
        "keys": "/console/keys",
        "throttle": "/console/throttle",
        "refusals": "/console/refusals",
        "audit": "/console/audit",
        "sessions": "/console/sessions?user=linguist",
    })
}

fn pictures() -> PathBuf {
    repository().join("docs/console")
}

#[test]
fn an_administrator_does_everything_in_a_browser_with_and_without_scripts() {
    let mail = MailServer::start("127.0.0.1").unwrap();
    let smtp = format!("[mail]\ntransport = \"smtp://{}\"\n", mail.address());
    let gateway = start(|builder| {
        let settings = "[usage]\nflush_interval = \"100ms\"\n";
        builder.config_text(smtp).config_text(settings)
    });
    for (number, name) in [HOSTILE, &"😀".repeat(100), &"w".repeat(200)]
        .iter()
        .enumerate()
    {
        let user = json!({
            "user_name": format!("hostile{number}"), "organisation": "CRMDEMO", "password": null,
            "first_name": name,
        });
        admin(&gateway, "POST", "/admin/users", Some(&user));
    }
    let linguist = id_of(&gateway, "linguist");
    let is_blessed = std::env::var_os("ISOGLOSS_BLESS").is_some();
    if is_blessed {
        fs::create_dir_all(pictures()).unwrap();
    }
    let of = |name: &str| json!({"name": name, "email": format!("{name}@example.com"), "password": format!("{name}-demo")});
    let seen = browse(
        include_str!("browser.mjs"),
        &json!({
            "site": format!("http://{}", gateway.management()),
            "public": format!("http://{}", gateway.public()),
            "key": "demo-admin-key",
            "hostile": HOSTILE,
            "first": [of("linguist"), id_of(&gateway, "guarded")],
            "second": [of("sample"), id_of(&gateway, "watchful")],
            "victim": linguist,
            "pages": pages(&linguist),
            "pictures": is_blessed.then(pictures),
        }),
    );
    assert_eq!(seen["complaints"], json!([]), "{seen:#}");
    let done = seen["done"].as_array().unwrap();
    let (with, without): (Vec<_>, Vec<_>) = done
        .iter()
        .filter_map(Value::as_str)
        .partition(|act| act.starts_with("with scripts"));
    assert_eq!(with.len(), without.len(), "{done:#?}");
    assert_eq!(with.len(), 23, "{done:#?}");
    for look in seen["looks"].as_array().unwrap() {
        for page in [
            "overview", "dialect", "people", "person", "keys", "audit", "sessions",
        ] {
            assert!(
                look[page].as_u64().unwrap() > 0,
                "{page} has no table: {look}"
            );
        }
    }
    let foreign = &seen["foreign"];
    assert_eq!(foreign["read"], "refused", "{foreign}");
    assert_eq!(foreign["framed"], 0, "{foreign}");
    assert_eq!(foreign["sent"], 403, "{foreign}");
    assert_eq!(foreign["stays"], "People", "the session has not ended");
    let user = admin(&gateway, "GET", "/admin/users/linguist", None);
    assert_eq!(user["state"], "active");
}

#[test]
fn each_page_of_the_console_has_its_picture_in_the_documentation() {
    let text = fs::read_to_string(repository().join("docs/console.md")).unwrap();
    let pages = pages("x");
    let names = pages.as_object().unwrap().keys().map(String::as_str);
    for name in names.chain(["sign-in"]) {
        assert!(text.contains(&format!("(console/{name}.png)")), "{name}");
        let picture = fs::read(pictures().join(format!("{name}.png"))).unwrap();
        assert!(picture.starts_with(b"\x89PNG"), "{name}");
        assert!(picture.len() < 300_000, "{name}: {} bytes", picture.len());
    }
}
