//! A warning while passwords of the demo are in use.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use isogloss_testkit::Gateway;
use tempfile::TempDir;

use super::{gateway, good_login, parsed};

const WARNING: &str = "demo passwords are in use";

/// Returns the users that the last start warned of.
fn warned_of(gateway: &Gateway) -> String {
    // Dialects are mounted after the warning.
    assert!(gateway.logs("mounted"));
    let log = gateway.log();
    let line = log.iter().rfind(|line| line.contains(WARNING));
    line.map_or_else(String::new, |line| {
        let line = parsed(line);
        assert_eq!(line["level"], "WARN");
        line["fields"]["users"].as_str().unwrap().to_owned()
    })
}

#[test]
fn demo_passwords_are_warned_of() {
    let gateway = gateway().start().unwrap();
    assert_eq!(
        warned_of(&gateway),
        "admin, linguist, guarded, retired, watchful, sample, test@bimplus.net, mpadministrator, newcomer, outsider"
    );
}

#[test]
fn no_demo_directory_no_warning() {
    let folder = TempDir::new().unwrap();
    let own = folder.path().join("own-directory.toml");
    let text = r#"
[[organisations]]
name = "ACME"
default_unit = "U"
units = [{ id = "U" }]
[[users]]
user_name = "admin"
organisation = "ACME"
password = "not-the-demo-one"
"#;
    fs::write(&own, text).unwrap();
    for import in [String::new(), own.display().to_string()] {
        let gateway = gateway()
            .env("ISOGLOSS__DIRECTORY__IMPORT", import)
            .start()
            .unwrap();
        assert_eq!(warned_of(&gateway), "");
    }
}

#[test]
fn a_changed_demo_password_is_not_warned_of_and_not_set_back_by_a_restart() {
    let mut gateway = gateway().start().unwrap();
    assert!(warned_of(&gateway).starts_with("admin, "));
    let mut command = Command::new(crate::PROGRAM);
    command
        .current_dir(gateway.folder())
        .args(["user", "set-password", "admin", "--password-stdin"])
        .env("ISOGLOSS__PASSWORDS__BCRYPT_COST", "4")
        .env("ISOGLOSS__DIRECTORY__URL", "sqlite:directory.db")
        .env("ISOGLOSS__TOKENS__STORE", "memory:")
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"another\n").unwrap();
    assert!(child.wait().unwrap().success());
    gateway.terminate().unwrap();
    let before = gateway.log().len();
    gateway.start_again().unwrap();
    assert_eq!(
        good_login().send(gateway.public()).unwrap().status,
        401,
        "the demo directory was applied again"
    );
    gateway.terminate().unwrap();
    let log = gateway.log().split_off(before);
    let warning = log.iter().find(|line| line.contains(WARNING)).unwrap();
    let users = parsed(warning)["fields"]["users"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(users.starts_with("linguist, "), "{users}");
}
