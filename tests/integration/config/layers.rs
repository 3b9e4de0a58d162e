//! Configuration files, the environment that overrides them, and the defaults.

use std::path::Path;

use serde_json::{Value, json};

use crate::config::error_location::{Place, check, check_env};

#[test]
fn a_good_configuration_is_valid() {
    let said =
        check("[dialects.crmcom]\n[dialects.bimplus]\n[dialects.memsource]\nenabled = false");
    assert_eq!((said.exit, said.err.as_str()), (Some(0), ""));
    let expected = "the configuration is valid; enabled dialects: crmcom, bimplus\n";
    assert_eq!(said.out, expected, "the longest path comes first");
    assert_eq!(check("").exit, Some(0));
    let nothing = Place::new().run(&["config", "check"], &[]);
    assert_eq!(nothing.exit, Some(0));
}

#[test]
fn the_demo_is_valid() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/demo.toml");
    let demo = demo.display().to_string();
    let said = Place::new().run(&["config", "check", "--config", &demo], &[]);
    assert_eq!(said.exit, Some(0), "{said:?}");
}

#[test]
fn of_several_files_the_wrong_one_is_named() {
    let place = Place::new();
    place.write("good.toml", "[server]\nbind = \"127.0.0.1:1\"");
    place.write("bad.toml", "[server]\nbind = \"nowhere\"");
    for files in [["good.toml", "bad.toml"], ["bad.toml", "good.toml"]] {
        let said = place.run(
            &[
                "config", "check", "--config", files[0], "--config", files[1],
            ],
            &[],
        );
        if files[1] == "bad.toml" {
            said.assert_refused(
                "server.bind: expected an address with a port, like 127.0.0.1:8080 (in bad.toml)",
            );
        } else {
            assert_eq!(said.exit, Some(0), "a later file wins: {said:?}");
        }
    }
}

#[test]
fn a_missing_file_is_refused() {
    let place = Place::new();
    place.write("a.toml", "");
    for command in [
        &["config", "check"][..],
        &["config", "show"],
        &["serve"],
        &["user", "list"],
    ] {
        let arguments = [command, &["--config", "a.toml", "--config", "missing.toml"]].concat();
        let said = place.run(&arguments, &[]);
        assert_eq!((said.exit, said.out.as_str()), (Some(2), ""), "{said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
        assert!(said.err.contains("missing.toml"), "{said:?}");
    }
    for (key, what) in [
        ("TOKENS__STORE_FILE", "tokens.store_file"),
        ("DIRECTORY__URL_FILE", "directory.url_file"),
    ] {
        let said = place.run(
            &["config", "check"],
            &[(&format!("ISOGLOSS__{key}"), "missing")],
        );
        let missing = place.path().join("missing");
        let missing = missing.display();
        said.assert_refused(&format!(
            "{what}: {missing}: No such file or directory (os error 2) (in the environment)"
        ));
    }
}

#[test]
fn every_command_refuses_a_bad_configuration() {
    let place = Place::new();
    place.write("a.toml", "[passwords]\nbcrypt_cost = 3");
    place.write("d.toml", "");
    for command in [
        &["serve"][..],
        &["config", "show"],
        &["config", "show", "--json"],
        &["directory", "import", "d.toml"],
        &["directory", "export"],
        &["user", "list"],
        &["user", "disable", "x"],
    ] {
        let said = place.run(&[command, &["--config", "a.toml"]].concat(), &[]);
        assert_eq!(
            (said.exit, said.out.as_str()),
            (Some(2), ""),
            "{command:?}: {said:?}"
        );
        assert!(
            said.err
                .starts_with("isogloss: passwords.bcrypt_cost: expected "),
            "{said:?}"
        );
    }
}

#[test]
fn later_files_win_and_the_environment_wins_over_all() {
    let place = Place::new();
    place.write(
        "one.toml",
        "[server]\nbody_limit = 1\nkeep_alive = \"1s\"\n[logging]\nlevel = \"warn\"\n[dialects.crmcom]\npath = \"/a\"\ntoken_lifetime = \"1s\"",
    );
    place.write(
        "two.toml",
        "[server]\nbody_limit = 2\n[dialects.crmcom]\npath = \"/b\"",
    );
    let pick = |shown: &Value| {
        json!([
            shown["server"]["body_limit"],
            shown["server"]["keep_alive"],
            shown["logging"]["level"],
            shown["dialects"]["crmcom"]["path"],
            shown["dialects"]["crmcom"]["token_lifetime"],
        ])
    };
    let files = ["one.toml", "two.toml"];
    assert_eq!(
        pick(&place.shown(&files, &[])),
        json!([2, "1s", "warn", "/b", "1s"])
    );
    let back = ["two.toml", "one.toml"];
    assert_eq!(
        pick(&place.shown(&back, &[])),
        json!([1, "1s", "warn", "/a", "1s"])
    );
    let env = [
        ("ISOGLOSS__SERVER__BODY_LIMIT", "3"),
        ("ISOGLOSS__DIALECTS__CRMCOM__PATH", "/c"),
    ];
    assert_eq!(
        pick(&place.shown(&files, &env)),
        json!([3, "1s", "warn", "/c", "1s"])
    );
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let place = Place::new();
    let here = place.path().display().to_string();
    let shown = place.shown(&[], &[]);
    for (pointer, expected) in [
        ("/server/bind", json!("127.0.0.1:8080")),
        ("/management/bind", json!("127.0.0.1:8081")),
        (
            "/tokens/store",
            json!(format!("embedded:{here}/data/tokens.redb")),
        ),
        (
            "/directory/url",
            json!(format!("sqlite:{here}/data/directory.db")),
        ),
        ("/directory/import", json!("")),
        ("/passwords/bcrypt_cost", json!(12)),
    ] {
        assert_eq!(shown.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert_eq!(shown["dialects"], json!({}), "none without its table");
    place.write(
        "a.toml",
        "[dialects.bimplus]\n[dialects.crmcom]\n[dialects.tokenlogin]\n[dialects.memsource]",
    );
    let shown = place.shown(&["a.toml"], &[]);
    for (dialect, path) in [
        ("bimplus", "/v2"),
        ("crmcom", "/crmapi/rest/v2"),
        ("tokenlogin", "/api/v1"),
        ("memsource", "/web"),
    ] {
        assert_eq!(shown["dialects"][dialect]["path"], path);
        assert_eq!(shown["dialects"][dialect]["enabled"], true);
    }
}

#[test]
fn what_is_shown_is_a_configuration() {
    let place = Place::new();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/demo.toml");
    let demo = demo.display().to_string();
    let shown = place.run(&["config", "show", "--config", &demo], &[]);
    assert_eq!((shown.exit, shown.err.as_str()), (Some(0), ""));
    place.write("shown.toml", &shown.out);
    let again = place.run(&["config", "show", "--config", "shown.toml"], &[]);
    assert_eq!(again.out, shown.out);
}

#[test]
fn a_former_name_counts_like_the_present_one_and_the_later_source_wins() {
    const VARIABLE: &str = "ISOGLOSS__DIALECTS__BIMPLUS__";
    let place = Place::new();
    for (file, key) in [
        ("old.toml", "allowed_origins"),
        ("new.toml", "cors_origins"),
    ] {
        place.write(
            file,
            format!("[dialects.bimplus]\n{key} = [\"https://{file}\"]"),
        );
    }
    let shown = |files: [&str; 2], variable: Option<&str>| {
        let variable = variable.map(|key| (format!("{VARIABLE}{key}"), "['https://env']"));
        let variables: Vec<_> = variable
            .iter()
            .map(|(key, value)| (&**key, *value))
            .collect();
        let [first, second] = files;
        let arguments = [
            "config", "show", "--json", "--config", first, "--config", second,
        ];
        let said = place.run(&arguments, &variables);
        assert_eq!(said.exit, Some(0), "{said:?}");
        let shown: Value = serde_json::from_str(&said.out).unwrap();
        assert!(
            shown["dialects"]["bimplus"]
                .get("allowed_origins")
                .is_none()
        );
        shown["dialects"]["bimplus"]["cors_origins"].clone()
    };
    let (old, new) = (["new.toml", "old.toml"], ["old.toml", "new.toml"]);
    assert_eq!(shown(old, None), json!(["https://old.toml"]));
    assert_eq!(shown(new, None), json!(["https://new.toml"]));
    assert_eq!(shown(old, Some("CORS_ORIGINS")), json!(["https://env"]));
    assert_eq!(shown(new, Some("ALLOWED_ORIGINS")), json!(["https://env"]));
    check("[dialects.bimplus]\nallowed_origins = [\"nowhere\"]").assert_refused(
        "dialects.bimplus.cors_origins: expected [\"*\"] or origins like https://host[:port] (in a.toml)",
    );
    let both = check("[dialects.bimplus]\nallowed_origins = []\ncors_origins = []");
    let unknown = "isogloss: dialects.bimplus.allowed_origins: no such key, expected one of";
    assert!(
        both.exit == Some(2) && both.err.starts_with(unknown),
        "{both:?}"
    );
}

#[test]
fn a_list_in_the_environment_is_written_as_in_a_file() {
    let shown = |value: &str| {
        let variables = [
            ("ISOGLOSS__SERVER__TRUSTED_PROXIES", value),
            (
                "ISOGLOSS__DIALECTS__TOKENLOGIN__CORS_ORIGINS",
                "['https://a.example']",
            ),
        ];
        let said = Place::new().run(&["config", "show", "--json"], &variables);
        assert_eq!(said.exit, Some(0), "{said:?}");
        serde_json::from_str::<Value>(&said.out).unwrap()
    };
    let some = shown(r#"["10.0.0.0/8", "192.0.2.1"]"#);
    assert_eq!(
        some["server"]["trusted_proxies"],
        json!(["10.0.0.0/8", "192.0.2.1/32"])
    );
    assert_eq!(
        some["dialects"]["tokenlogin"]["cors_origins"],
        json!(["https://a.example"])
    );
    assert_eq!(shown("[]")["server"]["trusted_proxies"], json!([]));
    check_env("ISOGLOSS__SERVER__TRUSTED_PROXIES", "[\"nowhere\"]").assert_refused(
        "server.trusted_proxies[0]: expected addresses or networks like 10.0.0.0/8 (in the environment)",
    );
}
