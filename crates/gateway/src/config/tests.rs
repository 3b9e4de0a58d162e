//! `config/isogloss.toml` is held to the code, and the other files of the folder are valid.

mod authorities;
mod back_end;
mod every_key;

use super::*;
use crate::dialects;

const REFERENCE: &str = include_str!("../../../../config/isogloss.toml");

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

fn load(name: &str) -> Config {
    Config::load(&[folder().join(name)]).unwrap()
}

/// Returns the names in the message about an unknown key of a table.
fn listed_keys(table: &str) -> Vec<String> {
    let refusal = of_text(&format!("[{table}]\nnope = 1\n"));
    let refusal = refusal.err().unwrap().to_string();
    let (_, listed) = refusal.split_once("expected ").unwrap();
    let keys = listed.split('`').skip(1).step_by(2);
    keys.map(str::to_owned).collect()
}

/// Returns the configuration without any file, but with every dialect enabled.
fn defaults() -> Config {
    let names = dialects::names().into_iter();
    let tables: Vec<_> = names.map(|name| format!("[dialects.{name}]")).collect();
    of_text(&tables.join("\n")).unwrap()
}

fn of_text(text: &str) -> Result<Config, ConfigError> {
    Config::check(file::parse("a.toml", text)?, &folder())
}

#[test]
fn the_reference_gives_every_default() {
    assert_eq!(
        load("isogloss.toml").show().unwrap(),
        defaults().show().unwrap()
    );
}

#[test]
fn the_reference_names_every_key() {
    let sections = [
        "server",
        "management",
        "tokens",
        "directory",
        "passwords",
        "mail",
        "audit",
        "jwt",
        "forward_auth",
        "introspection",
        "usage",
        "refusals",
        "logging",
        "tracing",
    ];
    let dialects = dialects::names().into_iter();
    let dialects = dialects.map(|name| format!("dialects.{name}"));
    let proxy = "dialects.bimplus.proxy".to_owned();
    for section in sections
        .iter()
        .map(|name| (*name).to_owned())
        .chain(dialects)
        .chain([proxy])
    {
        // An unknown key is refused with the list of those that exist.
        let keys = listed_keys(&section);
        let table = REFERENCE.split_once(&format!("\n[{section}]\n"));
        let (_, from) = table.unwrap_or_else(|| {
            panic!("config/isogloss.toml has no table [{section}]: give it one, with every key")
        });
        let table = from.split("\n[").next().unwrap();
        for key in keys {
            let set = format!("\n{key} = ");
            let commented = format!("\n# {key} = ");
            let table = format!("\n{table}");
            assert!(
                table.contains(&set) || table.contains(&commented),
                "{section}.{key}"
            );
        }
    }
}

#[test]
fn the_other_files_are_valid() {
    let demo: Vec<_> = load("demo.toml").mounts.iter().map(|m| m.name).collect();
    for name in dialects::names() {
        let without = format!("config/demo.toml has no table [dialects.{name}]");
        assert!(demo.contains(&name), "{without}: the demo serves all");
    }
    assert_eq!(load("production.example.toml").mounts.len(), 2);
}

#[test]
fn longer_paths_are_tried_first() {
    let config =
        of_text("[dialects.crmcom]\npath = \"/api\"\n[dialects.memsource]\npath = \"/api/long\"\n")
            .unwrap();
    let paths: Vec<_> = config
        .mounts
        .iter()
        .map(|mount| mount.path.as_str())
        .collect();
    assert_eq!(paths, ["/api/long", "/api"]);
}

#[test]
fn a_path_that_would_be_a_pattern_is_refused() {
    for path in ["", "/", "v2", "/v2/", "//v2", "/{x}", "/a b", "/a?b", "/ä"] {
        let refusal = of_text(&format!("[dialects.bimplus]\npath = \"{path}\"\n")).err();
        let refusal = refusal.unwrap().to_string();
        assert!(refusal.starts_with("dialects.bimplus.path: "), "{refusal}");
    }
}

#[test]
fn every_secret_is_listed_and_has_a_file_beside_it() {
    let secrets = Sections::default();
    let secrets = secrets.secrets().map(|(key, _)| key);
    // A secret has a type of its own.
    let sources = [
        include_str!("server.rs"),
        include_str!("tokens.rs"),
        include_str!("directory.rs"),
        include_str!("passwords.rs"),
        include_str!("mail.rs"),
        include_str!("logging.rs"),
        include_str!("audit.rs"),
        include_str!("jwt.rs"),
        include_str!("throttle.rs"),
        include_str!("tls.rs"),
        include_str!("tracing.rs"),
    ];
    let lines = sources.iter().flat_map(|source| source.lines());
    let fields = lines.filter(|line| line.starts_with("    pub ") && line.contains("SecretString"));
    assert_eq!(fields.count(), secrets.len());

    let schema = schema();
    for secret in secrets {
        let (section, key) = secret.split_once('.').unwrap();
        let target = schema["properties"][section]["$ref"].as_str().unwrap();
        let keys = &schema.pointer(&target[1..]).unwrap()["properties"];
        assert!(keys.get(key).is_some(), "{secret}");
        assert!(keys.get(format!("{key}_file")).is_some(), "{secret}_file");
    }
}
