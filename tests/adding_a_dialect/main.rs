//! Follows `docs/adding-a-dialect.md` as printed.
//!
//! A fifth dialect is added to a copy of this repository and served there next to the others, without changes to
//! any other files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod compiled;
mod copy;
mod guide;
mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use isogloss_testkit::{Builder, Conversation, Gateway, Request};
use serde_json::json;

use self::copy::{copy, repository, toy};
use self::tree::Tree;
use isogloss_testkit::run_to_end;

/// Returns a builder for the copy's gateway. The demo's configuration is that of this repository, without a table
/// for the new dialect.
fn gateway(settings: &str) -> Builder {
    Gateway::builder(copy().program()).config_text(format!("[dialects.tollgate]\n{settings}\n"))
}

fn hold(file: &Path, gateway: &Gateway) {
    let conversation = Conversation::read(file).unwrap();
    let held = conversation.run(&gateway.public().into());
    held.unwrap_or_else(|failure| panic!("{}: {failure}", file.display()));
}

#[test]
fn every_excerpt_stands_in_its_file() {
    let excerpts = guide::excerpts();
    assert!(!excerpts.is_empty());
    for excerpt in excerpts {
        let file = repository().join("tests/toy-dialect").join(excerpt.path);
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.contains(excerpt.text),
            "{}:\n{}",
            excerpt.path,
            excerpt.text
        );
    }
}

#[test]
fn the_gateway_changes_by_an_entry_and_a_dependency() {
    let edits = guide::edits();
    let code = |path: &str| path.starts_with("crates/") && !path.contains("/tests/");
    let gateway = edits.iter().filter(|edit| code(edit.path));
    let paths: Vec<_> = gateway.clone().map(|edit| edit.path).collect();
    assert_eq!(
        paths,
        [
            "crates/gateway/Cargo.toml",
            "crates/gateway/src/dialects.rs"
        ]
    );
    for edit in gateway {
        assert!(edit.only_adds(), "{}", edit.path);
    }
}

/// A dialect needs only its own crate, and edits without which no suite and no list of names would include it.
#[test]
fn the_guide_edits_at_most_five_existing_files() {
    let edits = guide::edits();
    let edited: BTreeSet<_> = edits.iter().map(|edit| edit.path).collect();
    assert!(edited.len() <= 5, "{edited:?}");
    let before = Tree::read(repository());
    let existing: Vec<_> = before.paths().collect();
    for path in edited {
        assert!(existing.contains(&Path::new(path)), "{path} is new");
    }
}

#[test]
fn nothing_else_changes() {
    let (before, after) = (Tree::read(repository()), Tree::read(&copy().folder));
    let was_there: BTreeSet<_> = before.paths().collect();
    let (changed, new): (BTreeSet<_>, BTreeSet<_>) = before
        .differences(&after)
        .partition(|path| was_there.contains(path));
    assert_eq!(new, toy().paths().collect());
    for path in new {
        let its_own = ["crates/tollgate", "tests/exchanges/tollgate"];
        assert!(its_own.iter().any(|folder| path.starts_with(folder)));
    }
    let edits = guide::edits();
    let mut edited: BTreeSet<_> = edits.iter().map(|edit| Path::new(edit.path)).collect();
    // Cargo changes this file.
    edited.insert(Path::new("Cargo.lock"));
    assert_eq!(changed, edited);
}

#[test]
fn it_holds_its_conversations_beside_the_others() {
    let gateway = gateway("").env("ISOGLOSS__LOGGING__LEVEL", "trace");
    let gateway = gateway.start().unwrap();
    let toy = toy();
    let files = toy
        .paths()
        .filter(|path| path.starts_with("tests/exchanges"));
    let files: Vec<_> = files.map(|file| copy().folder.join(file)).collect();
    assert!(!files.is_empty());
    for file in files {
        hold(&file, &gateway);
    }
    for other in [
        "bimplus/wrong_password_is_401.toml",
        "crmcom/example_1.toml",
        "tokenlogin/login.toml",
        "memsource/login_by_post.toml",
    ] {
        hold(&repository().join("tests/exchanges").join(other), &gateway);
    }
    assert!(gateway.logs("/tollgate/enter"));
    assert!(!gateway.log().join("\n").contains("admin-demo"));
}

#[test]
fn its_settings_are_read() {
    let gateway = gateway("path = \"/gate\"\npass_lifetime = \"2h\"");
    let gateway = gateway.start().unwrap();
    let login = json!({"name": "admin", "password": "admin-demo"});
    let login = Request::post("/gate/enter").json(&login);
    let answer = login.send(gateway.public()).unwrap().json().unwrap();
    let seconds = answer["seconds"].as_i64().unwrap();
    assert!((7190..7200).contains(&seconds), "{answer}");
}

#[test]
fn it_can_be_switched_off() {
    let gateway = gateway("enabled = false").start().unwrap();
    let response = Request::post("/tollgate/leave").send(gateway.public());
    let response = response.unwrap();
    assert_eq!((response.status, response.text()), (404, String::new()));
}

#[test]
fn an_unknown_key_of_its_table_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let output = run_to_end(gateway("toll = 5").command(folder.path()).unwrap()).unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = "dialects.tollgate.toll: no such key, expected `pass_lifetime`, or `enabled`, `path`, `backend`, `backend_paths`, `public_paths`, `backend_auth`, or the table proxy";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn the_commands_of_the_guide_succeed() {
    for line in guide::commands() {
        let said = copy().run(line).unwrap();
        let tested = said.contains("... ok\n") || !line.starts_with("cargo test");
        assert!(tested, "{line}\n{said}");
    }
}
