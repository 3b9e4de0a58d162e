//! Invalid addresses of stores and directories, and invalid prefixes, are reported in one line.

use crate::config::error_location::check;

const STORES: &str = "expected memory:, embedded:PATH, \
    redis[s]://[[user]:password@]host[:port][/database], \
    redis[s]+sentinel://[[user]:password@]host[:port],…/name or \
    redis[s]+cluster://[[user]:password@]host[:port],… (a user needs a password: user:password@)";
const DIRECTORY: &str =
    "expected sqlite:PATH or postgres://[user:password@]host[:port]/database[?sslmode=verify-full]";

const FILE: &str = "expected sqlite:PATH, the path of a file without parameters";

#[test]
fn bad_addresses_of_stores_are_refused() {
    for (key, value, expected) in [
        ("tokens.store", "", STORES),
        ("tokens.store", "nowhere", STORES),
        ("tokens.store", "embedded:", STORES),
        ("tokens.store", "redis://user@host", STORES),
        (
            "tokens.redis_prefix",
            "team",
            "expected 1 to 64 letters, digits and any of - _ . : / of which the last is a colon",
        ),
        ("directory.url", "", DIRECTORY),
        ("directory.url", "sqlite:", DIRECTORY),
        ("directory.url", "mysql://h/d", DIRECTORY),
        ("directory.url", "sqlite:users.db?mode=ro", FILE),
        ("directory.url", "sqlite::memory:", FILE),
        (
            "directory.url",
            "postgres://h",
            "database: expected a name, like /isogloss",
        ),
        (
            "directory.url",
            "postgres://h:99999/d",
            "port: expected a number from 1 to 65535",
        ),
        (
            "directory.url",
            "postgres://h/d?sslmode=maybe",
            "sslmode: expected disable, allow, prefer, require, verify-ca or verify-full",
        ),
        (
            "directory.url",
            "postgres://h/d?password=x",
            "password: must stand before the @, where it is masked when the address is shown",
        ),
        (
            "directory.url",
            "postgres://h/d?channel_binding=require",
            "channel_binding: channel binding is not supported; sslmode=verify-full proves the server's identity",
        ),
    ] {
        let (section, name) = key.split_once('.').unwrap();
        let said = check(&format!("[{section}]\n{name} = \"{value}\""));
        said.assert_refused(&format!("{key}: {expected} (in a.toml)"));
    }
}

#[test]
fn a_prefix_that_could_reach_the_keys_of_others_is_refused_by_name() {
    let too_long = format!("{}:", "x".repeat(64));
    for prefix in [
        "", "team", "*:", "t?m:", "[a-z]:", "{team}:", "team 1:", "Zürich:", "a\\nb:", ":x",
        &too_long,
    ] {
        let said = check(&format!("[tokens]\nredis_prefix = \"{prefix}\""));
        said.assert_refused(
            "tokens.redis_prefix: expected 1 to 64 letters, digits and any of - _ . : / of which the last \
             is a colon (in a.toml)",
        );
    }
    let longest = format!("{}:", "x".repeat(63));
    for prefix in [":", "team-1:", "a.b_c/d:e:", &longest] {
        let said = check(&format!("[tokens]\nredis_prefix = \"{prefix}\""));
        assert_eq!(said.exit, Some(0), "{prefix}: {}", said.all());
    }
}

#[test]
fn a_redis_address_that_cannot_work_is_refused() {
    for url in [
        "redis://",
        "redis://h:99999",
        "redis://[::1",
        "redis://h/nodatabase",
        "redis+sentinel://a,b",
        "redis+sentinel://a/name?sentinel_pass=secret",
        "redis+cluster://a/0",
        "redis+unix:///run/redis.sock",
    ] {
        let said = check(&format!("[tokens]\nstore = \"{url}\""));
        assert_eq!(
            (said.exit, said.out.as_str()),
            (Some(2), ""),
            "{url}: {said:?}"
        );
        assert!(
            said.err.starts_with("isogloss: tokens.store: expected "),
            "{url}: {said:?}"
        );
    }
}
