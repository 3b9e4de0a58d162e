//! Configuration errors in one line: the key, its location, and what was expected.

use crate::config::error_location::{Place, check, check_env};

#[test]
fn unknown_names_are_refused_with_those_that_exist() {
    check("[servr]\nbind = \"127.0.0.1:1\"").assert_refused(
        "servr: no such section, expected one of server, management, tokens, directory, authorities, passwords, throttle, mail, account, audit, jwt, forward_auth, introspection, usage, refusals, sunset, logging, tracing, dialects (in a.toml)",
    );
    check("[passwords]\ncost = 12").assert_refused(
        "passwords.cost: no such key, expected one of `bcrypt_cost`, `threads`, `queue`, `queue_timeout`, `allow_weak`, `low_priority`, `lanes`, `account_share`, `source_share` (in a.toml)",
    );
    check("[dialects.klingon]\nenabled = true").assert_refused(
        "dialects.klingon: no such dialect, expected one of bimplus, crmcom, tokenlogin, memsource (in a.toml)",
    );
    check("[dialects.crmcom]\ncolour = 1").assert_refused(
        "dialects.crmcom.colour: no such key, expected one of `release`, `token_lifetime`, `longest_lifetime`, `strict_status`, `organisation_match`, `cors_origins`, `second_factor`, `second_factor_allow_from`, or `enabled`, `path`, `backend`, `backend_paths`, `public_paths`, `backend_auth`, or the table proxy (in a.toml)",
    );
}

#[test]
fn unknown_names_in_the_environment_are_refused() {
    check_env("ISOGLOSS__SERVR__BIND", "x").assert_refused(
        "servr: no such section, expected one of server, management, tokens, directory, authorities, passwords, throttle, mail, account, audit, jwt, forward_auth, introspection, usage, refusals, sunset, logging, tracing, dialects (in the environment)",
    );
    check_env("ISOGLOSS__PASSWORDS__COST", "12").assert_refused(
        "passwords.cost: no such key, expected one of `bcrypt_cost`, `threads`, `queue`, `queue_timeout`, `allow_weak`, `low_priority`, `lanes`, `account_share`, `source_share` (in the environment)",
    );
    check_env("ISOGLOSS__DIALECTS__KLINGON__ENABLED", "true").assert_refused(
        "dialects.klingon: no such dialect, expected one of bimplus, crmcom, tokenlogin, memsource (in the environment)",
    );
}

/// Invalid values: section, key, value, and what is expected.
const BAD: [(&str, &str, &str, &str); 30] = [
    (
        "server",
        "head_timeout",
        "\"0s\"",
        "expected a duration from 1ms to 1day",
    ),
    (
        "server",
        "body_timeout",
        "\"0s\"",
        "expected a duration from 1ms to 1day",
    ),
    (
        "server",
        "bind",
        "\"nowhere\"",
        "expected an address with a port, like 127.0.0.1:8080",
    ),
    (
        "server",
        "bind",
        "\"localhost\"",
        "expected an address with a port, like 127.0.0.1:8080",
    ),
    (
        "management",
        "bind",
        "\"127.0.0.1:99999\"",
        "expected an address with a port, like 127.0.0.1:8080",
    ),
    ("server", "body_limit", "\"many\"", "expected an integer"),
    (
        "tracing",
        "sample_ratio",
        "2",
        "expected a number from 0 to 1",
    ),
    (
        "tracing",
        "otlp_endpoint",
        "\"collector:4318\"",
        "expected an address like http://127.0.0.1:4318",
    ),
    (
        "server",
        "keep_alive",
        "\"5 parsecs\"",
        "expected a duration",
    ),
    ("tokens", "redis_timeout", "\"soon\"", "expected a duration"),
    (
        "directory",
        "timeout",
        "\"0s\"",
        "expected a duration from 1ms to 1day",
    ),
    (
        "tokens",
        "redis_connect_timeout",
        "\"0s\"",
        "expected a duration from 1ms to 1day",
    ),
    (
        "tokens",
        "redis_pool_timeout",
        "\"0s\"",
        "expected a duration from 1ms to 1day",
    ),
    (
        "tokens",
        "redis_ca_file",
        "\"/no/such/file\"",
        "/no/such/file: No such file or directory (os error 2)",
    ),
    (
        "tokens",
        "redis_timeout",
        "\"0s\"",
        "expected a duration from 1ms to 1day",
    ),
    ("passwords", "bcrypt_cost", "\"ten\"", "expected an integer"),
    (
        "passwords",
        "account_share",
        "101",
        "expected a number from 1 to 100",
    ),
    (
        "passwords",
        "bcrypt_cost",
        "3",
        "expected a number from 4 to 18",
    ),
    (
        "passwords",
        "bcrypt_cost",
        "32",
        "expected a number from 4 to 18",
    ),
    (
        "audit",
        "to",
        "\"syslog\"",
        "expected none, stdout or file:PATH",
    ),
    (
        "audit",
        "keep",
        "\"0s\"",
        "expected a duration from 1s to 36500days",
    ),
    (
        "usage",
        "keep",
        "\"0s\"",
        "expected a duration from 1s to 36500days",
    ),
    (
        "usage",
        "flush_interval",
        "\"0s\"",
        "expected a duration from 1ms to 1day",
    ),
    ("usage", "max_rows", "\"many\"", "expected an integer"),
    (
        "passwords",
        "queue_timeout",
        "\"0s\"",
        "expected a duration from 1ms to 1day",
    ),
    ("passwords", "allow_weak", "\"maybe\"", "expected a boolean"),
    ("logging", "format", "\"xml\"", "expected text or json"),
    (
        "dialects.bimplus",
        "second_factor",
        "\"ask\"",
        "expected refuse or append",
    ),
    (
        "dialects.bimplus",
        "enabled",
        "\"maybe\"",
        "expected a boolean",
    ),
    (
        "dialects.memsource",
        "token_lifetime",
        "\"long\"",
        "expected a duration",
    ),
];

#[test]
fn bad_values_are_refused_with_key_file_and_expectation() {
    for (section, key, value, expected) in BAD {
        let said = check(&format!("[{section}]\n{key} = {value}"));
        said.assert_refused(&format!("{section}.{key}: {expected} (in a.toml)"));
    }
}

#[test]
fn bad_values_in_the_environment_are_refused() {
    for (section, key, value, expected) in BAD {
        let path = format!("{section}.{key}").replace('.', "__").to_uppercase();
        let said = check_env(&format!("ISOGLOSS__{path}"), value.trim_matches('"'));
        said.assert_refused(&format!("{section}.{key}: {expected} (in the environment)"));
    }
}

#[test]
fn tables_that_are_none_are_refused() {
    check("server = 3").assert_refused("server: expected a table (in a.toml)");
    check("dialects = 3").assert_refused("dialects: expected a table (in a.toml)");
    check("[dialects]\nbimplus = true")
        .assert_refused("dialects.bimplus: expected a table (in a.toml)");
}

#[test]
fn paths_that_are_none_are_refused() {
    for path in [
        "",
        "/",
        "v2",
        "/v2/",
        "/v2//x",
        "/{a}",
        "/a b",
        "/ä",
        "/v2?x",
        "/%41",
        "http://h/v2",
    ] {
        let said = check(&format!("[dialects.bimplus]\npath = \"{path}\""));
        assert_eq!((said.exit, said.out.as_str()), (Some(2), ""), "{path}");
        assert_eq!(said.err.lines().count(), 1, "{path}: {}", said.err);
        assert!(
            said.err.starts_with("isogloss: dialects.bimplus.path: "),
            "{path}: {}",
            said.err
        );
        assert!(
            said.err.contains("expected /segment/segment"),
            "{path}: {}",
            said.err
        );
        assert!(
            said.err.contains("in a.toml"),
            "{path}: no place: {}",
            said.err
        );
    }
}

#[test]
fn a_broken_file_is_refused_with_the_place() {
    check("[server\nbind = 1")
        .assert_refused("a.toml: not TOML: TOML parse error at line 1, column 8");
    let place = Place::new();
    place.write("a.toml", b"\xff\xfe");
    let said = place.run(&["config", "check", "--config", "a.toml"], &[]);
    assert_eq!(
        (said.exit, said.err.lines().count()),
        (Some(2), 1),
        "{said:?}"
    );
    assert!(said.err.contains("a.toml"), "{said:?}");
}

#[test]
fn a_plan_that_makes_no_sense_is_refused() {
    for (text, expected) in [
        (
            "[sunset.klingon]",
            "sunset.klingon: no such dialect, expected one of bimplus, crmcom, tokenlogin, memsource",
        ),
        (
            "[sunset.bimplus]\ndeprecated_at = \"2027-01-02T00:00:00Z\"\nsunset_at = \"2027-01-01T00:00:00Z\"",
            "sunset.bimplus.sunset_at: expected a time that is not before deprecated_at",
        ),
        (
            "[sunset.bimplus]\nsunset_at = \"soon\"",
            "sunset.bimplus.sunset_at: expected a time such as 2027-01-01T00:00:00Z",
        ),
        (
            "[sunset.bimplus]\nthen = \"refuse\"",
            "sunset.bimplus.then: expected sunset_at to be set as well",
        ),
        (
            "[sunset.bimplus]\nlink = \"a page\"",
            "sunset.bimplus.link: expected an address like https://example.com/retired",
        ),
        (
            "[sunset.bimplus]\ncut_off = [{}]",
            "sunset.bimplus.cut_off: expected application, key, client, user_agent or network",
        ),
    ] {
        let said = check(text);
        assert_eq!(said.exit, Some(2), "{text}");
        assert!(said.err.contains(expected), "{text}: {}", said.err);
    }
}
