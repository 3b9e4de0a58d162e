//! `isogloss authority`: lists and tries authorities.

use std::fs;

use isogloss_testkit::servers::free_port;
use serde_json::json;
use tempfile::TempDir;

use crate::shell::{Said, Shell};
use crate::web_hook;

/// Runs `isogloss authority` with that configuration, in the folder of a shell with the demo's directory.
struct Place {
    folder: TempDir,
    shell: Shell,
}

impl Place {
    fn new(text: &str) -> Self {
        let (folder, shell) = Shell::with_demo();
        fs::write(folder.path().join("authorities.toml"), text).unwrap();
        Self { folder, shell }
    }

    fn run(&self, arguments: &[&str], input: &str) -> Said {
        let file = self.folder.path().join("authorities.toml");
        let file = file.to_str().unwrap().to_owned();
        let all = [&["authority"], arguments, &["--config", &file]].concat();
        self.shell.run_with(&all, input)
    }
}

#[test]
fn authorities_are_listed_in_the_order_in_which_they_are_asked() {
    let text = web_hook::table("shop", "127.0.0.1:1") + &web_hook::table("abc", "127.0.0.1:2");
    let place = Place::new(&text);
    let listed = place.run(&["list"], "").done();
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!(lines.len(), 3, "{listed}");
    assert!(
        lines[0].starts_with("NAME  KIND  MODE      USERS   HIGHEST ROLE"),
        "{listed}"
    );
    let row: Vec<_> = lines[1].split_whitespace().collect();
    assert_eq!(
        row,
        [
            "shop",
            "http",
            "delegate",
            "create",
            "LINGUIST",
            "CRMDEMO",
            "-",
            "-",
            "http://127.0.0.1:1/isogloss"
        ]
    );
    assert!(lines[2].starts_with("abc "), "{listed}");
    let all = place.run(&["list", "--json"], "").json();
    assert_eq!(
        all["authorities"][0],
        json!({
            "name": "shop", "kind": "http", "mode": "delegate", "users": "create", "organisations": ["CRMDEMO"],
            "highest_role": "LINGUIST", "addresses": ["http://127.0.0.1:1/isogloss"],
            "sync": "0s", "max_disable": "10%", "synchronisation": null,
        })
    );
    assert!(!listed.contains(web_hook::SECRET) && !all.to_string().contains(web_hook::SECRET));
}

#[test]
fn each_step_of_a_check_is_shown_and_a_failed_one_is_the_exit_code() {
    let hook = web_hook::start();
    let place = Place::new(&web_hook::table("shop", hook.address()));
    let said = place.run(&["check"], "").done();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[0], "shop (http)", "{said}");
    assert!(
        lines.len() > 2 && lines[1..].iter().all(|line| line.starts_with("  ok ")),
        "{said}"
    );
    assert!(
        said.contains("look up the organisations CRMDEMO: exist here"),
        "{said}"
    );

    let tried = place.run(
        &["check", "shop", "--login", "eve", "--password-stdin"],
        web_hook::PASSWORD,
    );
    let tried = tried.done();
    assert!(tried.contains("accepted") && tried.contains('7'), "{tried}");
    let wrong = place.run(
        &["check", "shop", "--login", "eve", "--password-stdin"],
        "wrong-4711\n",
    );
    let wrong = wrong.done();
    assert!(
        wrong.contains("rejected") && !wrong.contains("wrong-4711"),
        "{wrong}"
    );

    drop(hook);
    let said = place.run(&["check", "--json"], "");
    assert_eq!((said.exit, said.err.as_str()), (Some(1), ""), "{said:?}");
    let view: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let view = &view["authorities"][0];
    assert_eq!(
        (&view["name"], &view["ok"]),
        (&json!("shop"), &json!(false)),
        "{view}"
    );
    assert_eq!(view["steps"][0]["ok"], false, "{view}");
    let said = place.run(&["check", "shop"], "");
    assert_eq!(said.exit, Some(1), "{said:?}");
    assert!(said.out.contains("\n  FAILED   "), "{said:?}");
}

#[test]
fn an_organisation_that_does_not_exist_is_a_failed_step_with_advice() {
    let hook = web_hook::start();
    let text = web_hook::table("shop", hook.address()).replace("CRMDEMO", "NOWHERE");
    let said = Place::new(&text).run(&["check", "shop"], "");
    assert_eq!(said.exit, Some(1), "{said:?}");
    assert!(
        said.out.contains(
            "FAILED   look up the organisations NOWHERE: NOWHERE do not exist here: add it with"
        ),
        "{said:?}"
    );
}

#[test]
fn a_name_that_is_not_in_the_configuration_is_bad_usage_with_those_that_are() {
    let port = free_port().unwrap();
    let place = Place::new(&web_hook::table("shop", format!("127.0.0.1:{port}")));
    let said = place.run(&["check", "corp"], "");
    assert_eq!(
        (said.exit, said.err.as_str()),
        (
            Some(2),
            "isogloss: NAME: no such authority: corp; expected one of shop\n"
        )
    );
    for (arguments, expected) in [
        (
            &["check", "--login", "eve", "--password-stdin"][..],
            "<NAME>",
        ),
        (&["check", "shop", "--password-stdin"][..], "--login"),
    ] {
        let said = place.run(arguments, "secret-4711\n");
        assert_eq!(said.exit, Some(2), "{said:?}");
        assert!(
            said.err.contains(expected) && !said.err.contains("secret-4711"),
            "{said:?}"
        );
    }
    let none = Place::new("").run(&["check"], "").refused();
    assert_eq!(none, "the configuration has no [[authorities]]");
}
