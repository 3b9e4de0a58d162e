//! Disabling or moving a dialect changes only its own routes.

use std::fs;
use std::path::Path;
use std::process::Output;

use isogloss_testkit::dialects::{Dialect, dialect, dialects};
use isogloss_testkit::{Gateway, Request, run_to_end};
use tempfile::TempDir;

use crate::PROGRAM;

fn gateway() -> isogloss_testkit::Builder {
    Gateway::builder(PROGRAM)
}

/// Returns every route of the dialect, the mount itself, and an unknown path below it.
fn paths(dialect: &Dialect) -> Vec<String> {
    let mut paths = vec![String::new(), "/nothing".to_owned()];
    for path in dialect.paths() {
        paths.push(path.to_owned());
        if dialect.ignores_case() {
            paths.push(path.to_uppercase());
        }
    }
    let mount = dialect.mount;
    paths.iter().map(|path| format!("{mount}{path}")).collect()
}

/// Checks that the dialect is served: a login works, and an unknown path is refused in the dialect's format.
fn assert_served(gateway: &Gateway, dialect: &Dialect) {
    let (response, token) = dialect
        .login(gateway.public(), "admin", "admin-demo")
        .unwrap();
    let at = format!("{} at {}", dialect.name, dialect.mount);
    assert!(token.is_some(), "{at}: {response:?}");
    let nothing = Request::get(format!("{}/nothing", dialect.mount));
    let response = nothing.send(gateway.public()).unwrap();
    assert_eq!(response.status, 404, "{at}");
    assert!(response.json().is_ok(), "{at}: {response:?}");
}

/// Checks that the dialect is not served: 404 with an empty body.
fn assert_gone(gateway: &Gateway, dialect: &Dialect) {
    for path in paths(dialect) {
        for method in ["GET", "POST", "DELETE", "PUT"] {
            let request = Request::new(method, &path).header("Content-Type", "application/json");
            let response = request.body("{}").send(gateway.public()).unwrap();
            assert_eq!(response.status, 404, "{method} {path}");
            assert_eq!(response.text(), "", "{method} {path}");
            let media = response.header("Content-Type");
            assert_eq!(media, None, "{method} {path}");
        }
    }
}

fn assert_only_one_is_gone(gateway: &Gateway, off: &Dialect) {
    for dialect in dialects() {
        if dialect.name == off.name {
            assert_gone(gateway, dialect);
        } else {
            assert_served(gateway, dialect);
        }
    }
}

/// Runs `serve` with a configuration that it should refuse, and returns its output.
fn refused(builder: &isogloss_testkit::Builder) -> Output {
    let folder = TempDir::new().unwrap();
    run_to_end(builder.command(folder.path()).unwrap()).unwrap()
}

#[test]
fn all_are_served_by_the_demo() {
    let gateway = gateway().start().unwrap();
    for dialect in dialects() {
        assert_served(&gateway, dialect);
    }
}

#[test]
fn one_is_switched_off_by_a_later_file() {
    for off in dialects() {
        let config = format!("[dialects.{}]\nenabled = false", off.name);
        let gateway = gateway().config_text(config).start().unwrap();
        assert_only_one_is_gone(&gateway, off);
    }
}

#[test]
fn one_is_switched_off_by_the_environment() {
    for off in dialects() {
        let key = format!("ISOGLOSS__DIALECTS__{}__ENABLED", off.name.to_uppercase());
        let on = format!("[dialects.{}]\nenabled = true", off.name);
        let gateway = gateway().config_text(on).env(key, "false").start().unwrap();
        assert_only_one_is_gone(&gateway, off);
    }
}

#[test]
fn one_is_switched_on_again_by_a_later_file() {
    let off = "[dialects.bimplus]\nenabled = false";
    let on = "[dialects.bimplus]\nenabled = true";
    let gateway = gateway().config_text(off).config_text(on).start().unwrap();
    for dialect in dialects() {
        assert_served(&gateway, dialect);
    }
}

#[test]
fn one_without_a_table_is_off() {
    for off in dialects() {
        let folder = TempDir::new().unwrap();
        let tables = dialects().iter().filter(|on| on.name != off.name);
        let tables: Vec<_> = tables
            .map(|on| format!("[dialects.{}]\n", on.name))
            .collect();
        let gateway = with_own_config(folder.path(), &tables.concat());
        assert_only_one_is_gone(&gateway, off);
    }
}

/// Starts a gateway without the demo's configuration. The builder always names that file, so a script replaces the
/// program: `/bin/sh serve --config …` runs the script of that name.
fn with_own_config(folder: &Path, config: &str) -> Gateway {
    let own = folder.join("own.toml");
    fs::write(&own, config).unwrap();
    let script = format!("exec '{PROGRAM}' serve --config '{}'\n", own.display());
    fs::write(folder.join("serve"), script).unwrap();
    let builder = Gateway::builder("/bin/sh").folder(folder);
    builder.start().unwrap()
}

#[test]
fn a_path_moves_a_dialect() {
    for moved in dialects() {
        let there = moved.at("/moved/here-1.0");
        let config = format!("[dialects.{}]\npath = \"{}\"", moved.name, there.mount);
        let gateway = gateway().config_text(config).start().unwrap();
        assert_served(&gateway, &there);
        assert_only_one_is_gone(&gateway, moved);
    }
}

#[test]
fn a_dialect_can_stand_below_another() {
    for inner in dialects() {
        for outer in dialects().iter().filter(|outer| outer.name != inner.name) {
            let mount = format!("{}/inner", outer.mount);
            let config = format!("[dialects.{}]\npath = \"{mount}\"", inner.name);
            let gateway = gateway().config_text(config).start().unwrap();
            assert_served(&gateway, &inner.at(&mount));
            assert_served(&gateway, outer);
        }
    }
}

#[test]
fn with_all_off_it_warns_and_serves_nothing() {
    let off: Vec<_> = dialects()
        .iter()
        .map(|dialect| format!("[dialects.{}]\nenabled = false\n", dialect.name))
        .collect();
    let gateway = gateway().config_text(off.concat()).start().unwrap();
    for dialect in dialects() {
        assert_gone(&gateway, dialect);
    }
    assert!(gateway.logs("no dialect is enabled"));
    let warning = gateway
        .log()
        .into_iter()
        .find(|line| line.contains("no dialect is enabled"));
    assert!(warning.unwrap().contains("\"WARN\""));
}

#[test]
fn two_on_one_path_are_refused_at_the_start() {
    for (one, other, path) in [
        ("bimplus", "memsource", "/web"),
        ("memsource", "crmcom", "/crmapi/rest/v2"),
        ("crmcom", "tokenlogin", "/API/v1"),
        ("bimplus", "tokenlogin", "/v2"),
    ] {
        let config =
            format!("[dialects.{one}]\npath = \"{path}\"\n[dialects.{other}]\npath = \"{path}\"");
        for config in [
            config.clone(),
            config.replacen(path, &path.to_uppercase(), 1),
        ] {
            let output = refused(&gateway().config_text(config));
            assert_eq!(output.status.code(), Some(2), "{output:?}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(
                said.contains(".path: ") && said.contains(" is taken by "),
                "{said}"
            );
            assert!(said.contains(one) && said.contains(other), "{said}");
            assert!(output.stdout.is_empty());
        }
    }
}

#[test]
fn a_dialect_that_is_off_takes_no_path() {
    let config = "[dialects.bimplus]\nenabled = false\n[dialects.crmcom]\npath = \"/v2\"";
    let gateway = gateway().config_text(config).start().unwrap();
    assert_served(&gateway, &dialect("crmcom").at("/v2"));
}

#[test]
fn only_tokenlogin_is_blind_to_case_in_its_mount() {
    let gateway = gateway().start().unwrap();
    for dialect in dialects() {
        let shouted = dialect.at(&dialect.mount.to_uppercase());
        if dialect.ignores_case() {
            assert_served(&gateway, &shouted);
        } else {
            assert_gone(&gateway, &shouted);
        }
    }
    let blind = dialects().iter().filter(|dialect| dialect.ignores_case());
    let blind: Vec<_> = blind.map(|dialect| dialect.name).collect();
    assert_eq!(blind, ["tokenlogin"]);
}
