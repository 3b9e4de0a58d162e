//! Secrets are never shown, and can be read from files.

use isogloss_testkit::{Gateway, Request};
use serde_json::json;

use crate::config::error_location::{Place, check};
use isogloss_testkit::run_to_end;

/// Part of every secret below. No output may contain it.
const SECRET: &str = "geheim-4711";

#[test]
fn a_short_pepper_is_refused_before_the_start() {
    let said = check("[tokens]\npepper = \"short\"");
    assert_eq!((said.exit, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert!(
        said.err
            .starts_with("isogloss: tokens.pepper: expected at least 16 bytes"),
        "{said:?}"
    );
}

#[test]
fn no_secret_is_ever_shown() {
    let place = Place::new();
    place.write("pepper", format!("{SECRET}-of-a-file\n"));
    place.write("store", format!("redis://u:{SECRET}@127.0.0.1:1\n"));
    for text in [
        format!("[tokens]\npepper = \"{SECRET}-long-enough\""),
        format!("[tokens]\npepper = \"{SECRET}"),
        format!("[tokens]\npepper = '''{SECRET}\n\n"),
        format!("[tokens]\npepper = {SECRET}"),
        format!("[tokens]\npepper = [\"{SECRET}\"]"),
        format!("[tokens.pepper]\n\"{SECRET}\" = \"{SECRET}\""),
        format!("[tokens]\npeper = \"{SECRET}\""),
        format!("[tokens]\npepper = \"{SECRET}\"\npepper = \"{SECRET}\""),
        format!("tokens = \"{SECRET}\""),
        format!("[token]\npepper = \"{SECRET}\""),
        "[tokens]\npepper_file = \"pepper\"".to_owned(),
        "[tokens]\nstore_file = \"store\"".to_owned(),
        format!("[tokens]\nstore = [\"redis://u:{SECRET}@127.0.0.1:1\"]"),
        format!("[tokens]\nstore = \"redus://u:{SECRET}@127.0.0.1:1\""),
        format!("[tokens]\nstore = \"redis:u:{SECRET}@127.0.0.1:1\""),
        format!("[tokens]\nstore = \"{SECRET}\""),
        format!("[directory]\nurl = \"postgres://u:{SECRET}@127.0.0.1/x\""),
        format!("[directory]\nurl = \"postgres://u@127.0.0.1/x?password={SECRET}\""),
        format!("[directory]\nurl = \"postgres://u:4711{SECRET}#@127.0.0.1/x\""),
        format!("[directory]\nurl = \"postgres://u:{SECRET}@127.0.0.1:99999/x\""),
        format!("[directory]\nurl = {{ password = \"{SECRET}\" }}"),
    ] {
        place.write("a.toml", &text);
        for command in [
            &["config", "check"][..],
            &["config", "show"],
            &["config", "show", "--json"],
        ] {
            let said = place.run(&[command, &["--config", "a.toml"]].concat(), &[]);
            assert!(
                !said.all().contains(SECRET),
                "{command:?} of\n{text}\n{said:?}"
            );
        }
    }
    for (key, value) in [
        (
            "ISOGLOSS__TOKENS__PEPPER",
            SECRET.to_owned() + "-long-enough",
        ),
        ("ISOGLOSS__TOKENS__PEPPER__X", SECRET.to_owned()),
        (
            "ISOGLOSS__TOKENS__STORE",
            format!("redis://:{SECRET}@127.0.0.1:1"),
        ),
        (
            "ISOGLOSS__TOKENS__STORE",
            format!("redus://:{SECRET}@127.0.0.1:1"),
        ),
        ("ISOGLOSS__TOKENS", SECRET.to_owned()),
    ] {
        for command in [
            &["config", "check"][..],
            &["config", "show"],
            &["config", "show", "--json"],
        ] {
            let said = place.run(command, &[(key, &value)]);
            assert!(
                !said.all().contains(SECRET),
                "{command:?} with {key}={value}: {said:?}"
            );
        }
    }
}

#[test]
fn no_password_of_an_address_is_ever_shown() {
    for url in [
        format!("redis://:{SECRET}@127.0.0.1:6379/0"),
        format!("redis://u:{SECRET}@127.0.0.1:6379"),
        format!("redis://u:%20{SECRET}@127.0.0.1"),
        format!("redis://u:p@{SECRET}@127.0.0.1"),
        format!("redis://u:{SECRET}@127.0.0.1:99999"),
        format!("redis://u:{SECRET}@[::1"),
        format!("redis://u:{SECRET}/@127.0.0.1"),
        format!("redis://u:{SECRET}#@127.0.0.1"),
        format!("redis://u:{SECRET}?@127.0.0.1"),
        format!("redis://u:{SECRET}@"),
        format!("redis://u:{SECRET} @127.0.0.1"),
    ] {
        let place = Place::new();
        place.write("a.toml", format!("[tokens]\nstore = \"{url}\""));
        for command in [
            &["config", "check"][..],
            &["config", "show"],
            &["config", "show", "--json"],
        ] {
            let said = place.run(&[command, &["--config", "a.toml"]].concat(), &[]);
            assert!(
                !said.all().contains(SECRET),
                "{command:?} of {url}: {said:?}"
            );
        }
    }
}

#[test]
fn a_masked_address_still_names_its_host() {
    let place = Place::new();
    let url = format!("redis://u:{SECRET}@cache.example:6380/2");
    let shown = place.shown(&[], &[("ISOGLOSS__TOKENS__STORE", &url)]);
    assert_eq!(
        shown["tokens"]["store"],
        "redis://u:***@cache.example:6380/2"
    );
    let pepper = SECRET.to_owned() + "-long-enough";
    let shown = place.shown(&[], &[("ISOGLOSS__TOKENS__PEPPER", &pepper)]);
    assert_eq!(shown["tokens"]["pepper"], "***");
}

#[test]
fn secrets_are_taken_from_files() {
    let place = Place::new();
    let folder = place.path();
    place.write(
        "store-address",
        format!("embedded:{}\n", folder.join("elsewhere.redb").display()),
    );
    place.write(
        "directory-address",
        format!("sqlite:{}\r\n", folder.join("elsewhere.db").display()),
    );
    place.write("my-pepper", "a pepper of my own, long enough\n");
    let within = |name: &str| folder.join(name).display().to_string();
    let mut gateway = Gateway::builder(crate::PROGRAM)
        .folder(folder)
        .env("ISOGLOSS__TOKENS__STORE_FILE", within("store-address"))
        .env("ISOGLOSS__DIRECTORY__URL_FILE", within("directory-address"))
        .env("ISOGLOSS__TOKENS__PEPPER_FILE", within("my-pepper"))
        .start()
        .unwrap();
    let login =
        Request::post("/v2/authorize").json(&json!({"user_id": "admin", "password": "admin-demo"}));
    let answer = login.send(gateway.public()).unwrap().json().unwrap();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    for (name, there) in [
        ("elsewhere.redb", true),
        ("elsewhere.db", true),
        ("tokens.redb", false),
        ("directory.db", false),
        ("pepper", false),
    ] {
        assert_eq!(folder.join(name).exists(), there, "{name}");
    }
    let information =
        Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"));
    gateway.start_again().unwrap();
    assert_eq!(information.send(gateway.public()).unwrap().status, 200);
    // The line end is not part of the secret.
    place.write("my-pepper", "a pepper of my own, long enough");
    gateway.start_again().unwrap();
    assert_eq!(information.send(gateway.public()).unwrap().status, 200);
    place.write("my-pepper", "another pepper, long enough");
    gateway.start_again().unwrap();
    assert_eq!(information.send(gateway.public()).unwrap().status, 401);
}

#[test]
fn a_pepper_file_that_cannot_serve_is_refused_by_name() {
    for (content, expected) in [
        ("short", "expected at least 16 bytes"),
        ("", "expected a secret, but the file is empty"),
        ("\u{feff} \r\n", "expected a secret, but the file is empty"),
    ] {
        let place = Place::new();
        place.write("pepper", content);
        let serve = Gateway::builder(crate::PROGRAM)
            .command(place.path())
            .unwrap();
        let serve = run_to_end(serve).unwrap();
        let said = String::from_utf8(serve.stderr).unwrap();
        let last = said.lines().last().unwrap();
        assert!(
            last.starts_with("isogloss: tokens.pepper_file: ") && last.contains(expected),
            "{said}"
        );
        assert_eq!(serve.status.code(), Some(2), "bad configuration: {said}");
    }
}

/// Every secret of the configuration, as `crates/gateway/src/config/diff.rs` lists them.
const SECRETS: [&str; 8] = [
    "tokens.store",
    "tokens.pepper",
    "tokens.previous_pepper",
    "directory.url",
    "mail.transport",
    "jwt.secret",
    "jwt.previous_secret",
    "jwt.next_secret",
];

#[test]
fn every_secret_can_be_given_as_a_file_which_is_read() {
    for secret in SECRETS {
        let place = Place::new();
        // Not a valid value of any of them, so the error is about the content of the file.
        place.write("secret", "geheim\n");
        let (section, key) = secret.split_once('.').unwrap();
        place.write("a.toml", format!("[{section}]\n{key}_file = \"secret\"\n"));
        let said = place.run(&["config", "check", "--config", "a.toml"], &[]);
        assert_eq!((said.exit, said.out.as_str()), (Some(2), ""), "{said:?}");
        let named = format!("isogloss: {secret}");
        assert!(
            said.err.starts_with(&named) && said.err.contains("expected"),
            "{said:?}"
        );
        assert!(!said.err.contains("geheim"), "{said:?}");

        // The file may also be set in the environment. A missing file is named, except for files that the gateway
        // would create.
        if !["tokens.pepper", "jwt.secret"].contains(&secret) {
            let variable = format!(
                "ISOGLOSS__{}_FILE",
                secret.replace('.', "__").to_uppercase()
            );
            let said = place.run(&["config", "check"], &[(&variable, "/no/such/file")]);
            let named = format!("isogloss: {secret}_file: /no/such/file: ");
            assert!(said.err.starts_with(&named), "{said:?}");
        }
    }
}
