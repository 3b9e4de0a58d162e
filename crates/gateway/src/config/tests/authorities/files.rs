//! Authorities in several files, files that they name, and the examples in `config/isogloss.toml`.

use std::fs;

use tempfile::TempDir;

use super::{HTTP, LDAP, with};
use crate::config::schema::resolved;
use crate::config::tests::REFERENCE;
use crate::config::{Config, ConfigError, ConfiguredAuthority, schema};

/// Returns the configuration of two files in one folder. Fails if they are invalid.
fn of_files(folder: &TempDir, one: &str, two: &str) -> Result<Config, ConfigError> {
    let files = [("1.toml", one), ("2.toml", two)].map(|(name, text)| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        file
    });
    Config::load(&files)
}

#[test]
fn the_last_file_replaces_all_authorities_and_paths_are_relative_to_their_file() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("s"), "hunter2").unwrap();
    let relative = with(
        LDAP,
        "base =",
        "bind_dn = 'cn=a,dc=example,dc=com'\nbind_password_file = 's'",
    );
    let config = of_files(&folder, HTTP, &relative).unwrap();
    let authorities = &config.sections.authorities;
    assert_eq!(authorities.len(), 1);
    let table = authorities[0].ldap.as_ref().unwrap();
    assert_eq!(
        table.bind_password_file.as_deref(),
        Some(&*folder.path().join("s"))
    );
    let none = of_files(&folder, HTTP, "[usage]\nenabled = false\n").unwrap();
    assert_eq!(none.sections.authorities[0].name, "shop");
}

#[test]
fn changed_contents_of_a_secret_and_of_a_ca_file_are_noticed() {
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("s");
    fs::write(&secret, "hunter2").unwrap();
    let text = with(
        LDAP,
        "base =",
        "bind_dn = 'cn=a,dc=example,dc=com'\nbind_password_file = 's'",
    );
    let before = of_files(&folder, "", &text)
        .unwrap()
        .sections
        .file_digests();
    let same = of_files(&folder, "", &text)
        .unwrap()
        .sections
        .file_digests();
    assert_eq!(before.difference(&same), [""; 0]);
    fs::write(&secret, "hunter3").unwrap();
    let after = of_files(&folder, "", &text)
        .unwrap()
        .sections
        .file_digests();
    assert_eq!(before.difference(&after), ["authorities"]);
}

/// Returns the commented-out example in the reference, as it would be without its first comment signs.
fn example() -> String {
    let start = REFERENCE.find("# [[authorities]]\n").unwrap();
    let end = start + REFERENCE[start..].find("\n[passwords]\n").unwrap();
    let lines = REFERENCE[start..end].lines();
    let lines = lines.filter_map(|line| line.strip_prefix("# "));
    // The sentences before a table are not part of it.
    let lines = lines.filter(|line| line.starts_with(['#', '[']) || line.contains(" = "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_examples_in_the_reference_are_valid_and_name_every_key() {
    let folder = TempDir::new().unwrap();
    let example = example();
    let schema = schema();
    let item = resolved(&schema, &schema["properties"]["authorities"]["items"]);
    for (name, key) in item["properties"].as_object().unwrap() {
        let table = resolved(&schema, key)["properties"].as_object();
        let keys: Vec<_> = match table {
            Some(table) => table.keys().cloned().collect(),
            None => vec![name.clone()],
        };
        for key in keys {
            let is_there = example.lines().any(|line| {
                line.trim_start_matches("# ")
                    .starts_with(&format!("{key} = "))
            });
            assert!(
                is_there,
                "{name}: {key} is in no example of config/isogloss.toml"
            );
        }
    }
    // Files of the examples do not exist here.
    let lines = example.lines().filter(|line| !line.contains("_file = "));
    let secret = "secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='";
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = text.replace("# secret = \"…\"", secret);
    let text = text.replace("# bind_password = \"…\"", "bind_password = 'hunter2'");
    let config = of_files(&folder, "", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let kinds = config
        .sections
        .authorities
        .iter()
        .map(|one: &ConfiguredAuthority| one.kind.name());
    assert_eq!(kinds.collect::<Vec<_>>(), ["ldap", "http", "oidc"]);
}
