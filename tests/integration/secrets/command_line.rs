//! What the command prints about its configuration and about itself.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use tempfile::TempDir;

const MARKED: &str = "Mx2SecretSettingHs7";

/// Returns every secret setting with a value that is accepted.
fn secrets() -> [(&'static str, &'static str, String); 8] {
    [
        ("tokens", "store", format!("redis://u:{MARKED}@127.0.0.1:1")),
        ("tokens", "pepper", MARKED.to_owned()),
        ("tokens", "previous_pepper", MARKED.to_uppercase()),
        (
            "directory",
            "url",
            format!("postgres://u:{MARKED}@127.0.0.1:1/x"),
        ),
        (
            "mail",
            "transport",
            format!("smtps://u:{MARKED}@127.0.0.1:1"),
        ),
        ("jwt", "secret", MARKED.repeat(2)),
        ("jwt", "previous_secret", MARKED.repeat(3)),
        ("jwt", "next_secret", MARKED.repeat(4)),
    ]
}

/// Returns the table of an authority for each kind, and its secret with a value that is accepted.
fn authorities() -> [(&'static str, &'static str, String); 3] {
    let ldap = "[authorities.ldap]\nurls = ['ldap://127.0.0.1:1']\nbase = 'dc=example'\n\
                bind_dn = 'cn=reader'\n";
    let http = "[authorities.http]\nurl = 'http://127.0.0.1:1/'\n";
    let oidc = "[authorities.oidc]\nissuer = 'http://127.0.0.1:1/'\nclient_id = 'isogloss'\n";
    [
        (ldap, "bind_password", MARKED.to_owned()),
        (http, "secret", format!("whsec_{}", MARKED.repeat(4))),
        (oidc, "client_secret", MARKED.to_owned()),
    ]
}

/// Returns the configuration of the authorities. `setting` returns the line of a secret.
fn authorities_text(setting: impl Fn(&str, String) -> String) -> String {
    let tables = authorities().map(|(table, key, value)| {
        let kind = table.trim_start_matches("[authorities.").split(']').next();
        let kind = kind.unwrap_or_default();
        let common =
            format!("[[authorities]]\nname = '{kind}'\nkind = '{kind}'\norganisation = 'ACME'\n");
        format!("{common}{table}{}", setting(key, value))
    });
    tables.concat()
}

/// Runs a command and returns its output on both streams, in lower case.
fn said(folder: &TempDir, arguments: &[&str], expected: i32) -> String {
    let output = Command::new(crate::PROGRAM)
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(
        output.status.code(),
        Some(expected),
        "{arguments:?}: {said}"
    );
    assert!(!said.is_empty(), "{arguments:?}");
    said.to_lowercase()
}

fn assert_shows_nothing(folder: &TempDir, text: &str) {
    fs::write(folder.path().join("marked.toml"), text).unwrap();
    for command in [
        &["config", "show", "--config", "marked.toml"][..],
        &["config", "show", "--json", "--config", "marked.toml"],
        &["config", "check", "--config", "marked.toml"],
    ] {
        let said = said(folder, command, 0);
        assert!(
            !said.contains(&MARKED.to_lowercase()),
            "{command:?}: {said}"
        );
    }
}

#[test]
fn secrets_that_are_set_by_value_are_not_shown() {
    let folder = TempDir::new().unwrap();
    let texts = secrets().map(|(section, key, value)| format!("{section}.{key} = '{value}'\n"));
    let authorities = authorities_text(|key, value| format!("{key} = '{value}'\n"));
    assert_shows_nothing(&folder, &(texts.concat() + &authorities));
}

#[test]
fn secrets_that_are_set_by_file_are_not_shown() {
    let folder = TempDir::new().unwrap();
    let texts = secrets().map(|(section, key, value)| {
        fs::write(folder.path().join(key), value).unwrap();
        format!("{section}.{key}_file = '{key}'\n")
    });
    let authorities = authorities_text(|key, value| {
        let file = format!("authority_{key}");
        fs::write(folder.path().join(&file), value).unwrap();
        format!("{key}_file = '{file}'\n")
    });
    assert_shows_nothing(&folder, &(texts.concat() + &authorities));
}

#[test]
fn every_secret_of_the_reference_is_looked_for_here() {
    let reference = include_str!("../../../config/isogloss.toml");
    // Settings that can be read from a file; certificates are not secret. Client certificates and their keys are never
    // values: both are paths.
    let keys = reference.lines().filter_map(|line| {
        let (key, _) = line.trim_start_matches("# ").split_once(" = ")?;
        let key = key.strip_suffix("_file")?;
        let is_path = ["ca", "certificate", "key"]
            .iter()
            .any(|end| key.ends_with(end));
        (!is_path).then_some(key)
    });
    let listed = secrets().into_iter().chain(authorities());
    let listed = listed.map(|(_, key, _)| key);
    assert_eq!(keys.collect::<BTreeSet<_>>(), listed.collect());
}

#[test]
fn no_help_shows_what_is_set() {
    let folder = TempDir::new().unwrap();
    for command in [
        &["--help"][..],
        &["serve", "--help"],
        &["config", "--help"],
        &["user", "--help"],
        &["user", "add", "--help"],
        &["session", "--help"],
    ] {
        let output = Command::new(crate::PROGRAM)
            .current_dir(folder.path())
            .args(command)
            .env("ISOGLOSS__TOKENS__PEPPER", MARKED)
            .output()
            .unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(said.contains("Usage"), "{command:?}: {said}");
        assert!(!said.contains(MARKED), "{command:?}: {said}");
    }
}
