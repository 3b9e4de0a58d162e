//! Environment variables that look like settings but are not.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use isogloss_testkit::Gateway;

use crate::config::error_location::{Place, check_env};

const VALUE: &str = "geheim-4711";

#[test]
fn a_variable_with_one_underscore_is_warned_of_and_what_was_meant_is_named() {
    for (variable, meant) in [
        ("ISOGLOSS_TOKENS__STORE", "ISOGLOSS__TOKENS__STORE"),
        ("ISOGLOSS_TOKENS_STORE", "ISOGLOSS__TOKENS__STORE"),
        (
            "ISOGLOSS_DIALECTS_BIMPLUS_COMPANY_PREFIX",
            "ISOGLOSS__DIALECTS__BIMPLUS__COMPANY_PREFIX",
        ),
    ] {
        let said = check_env(variable, VALUE);
        assert_eq!(said.exit, Some(0), "{said:?}");
        assert_eq!(
            said.err,
            format!(
                "isogloss: warning: the environment variable {variable} is not a setting: did you mean {meant}?\n"
            )
        );
        assert!(!said.out.contains(VALUE), "{said:?}");
    }
    for other in ["ISOGLOSS_ROUNDS", "ISOGLOSS_MANAGEMENT_SERVICE_HOST"] {
        assert_eq!(check_env(other, VALUE).err, "", "{other}");
    }
    let said = Place::new().run(&["user", "list"], &[("ISOGLOSS_TOKENS_STORE", VALUE)]);
    assert!(said.err.starts_with("isogloss: warning: "), "{said:?}");
}

#[test]
fn a_gateway_logs_the_warning_without_the_value() {
    let gateway = Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS_TOKENS__STORE", VALUE)
        .start()
        .unwrap();
    assert!(gateway.logs(
        "the environment variable ISOGLOSS_TOKENS__STORE is not a setting: did you mean ISOGLOSS__TOKENS__STORE?"
    ));
    let log = gateway.log();
    let line = log
        .iter()
        .find(|line| line.contains("is not a setting"))
        .unwrap();
    assert!(line.contains("\"level\":\"WARN\""), "{line}");
    assert!(!log.concat().contains(VALUE));
}

#[test]
fn a_variable_that_is_not_text_is_refused_by_name_and_its_value_is_not_shown() {
    for variable in ["ISOGLOSS__TOKENS__STORE", "ISOGLOSS__TOKENS__PEPPER"] {
        let value = OsStr::from_bytes(b"redis://u:geheim-4711\xff@h/0");
        let mut command = Command::new(crate::PROGRAM);
        let said = command.args(["config", "check"]).env(variable, value);
        let said = said.output().unwrap();
        assert_eq!(said.status.code(), Some(2), "{said:?}");
        let error = String::from_utf8(said.stderr).unwrap();
        assert_eq!(
            error,
            format!("isogloss: {variable}: expected text in UTF-8\n")
        );
    }
}
