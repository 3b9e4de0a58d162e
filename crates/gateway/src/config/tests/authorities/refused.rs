//! Settings of authorities that are refused, and with which message.

use std::path::Path;

use super::{HTTP, LDAP, with};
use crate::config::tests::of_text;
use crate::config::{Merged, file};

fn refusal(text: &str) -> String {
    let refusal = of_text(text).err();
    refusal
        .unwrap_or_else(|| panic!("is valid: {text}"))
        .to_string()
}

/// Fails unless the text is refused with a message that begins like this, and names its file.
fn assert_refused(text: &str, expected: &str) {
    let said = refusal(text);
    assert!(said.starts_with(expected), "{said}\n{text}");
    assert!(said.ends_with("(in a.toml)"), "{said}");
}

#[test]
fn names_that_cannot_be_in_metrics_and_the_directory_are_refused() {
    let long = "x".repeat(65);
    for name in ["", " ", "a b", "a/b", "corp\\n", "ä", "a,b", "a{b", &long] {
        let text = LDAP.replace("'corp'", &format!("\"{name}\""));
        assert_refused(
            &text,
            "authorities[0].name: expected a name of 1 to 64 letters",
        );
    }
    let local = LDAP.replace("'corp'", "'Local'");
    assert_refused(
        &local,
        "authorities[0].name: local means users of no authority",
    );
    let listing = with(HTTP, "[authorities.http]", "sync = '15m'");
    assert_refused(
        &listing,
        "authorities[0].sync: only kind = \"ldap\" can list its users",
    );
    let share = with(LDAP, "[authorities.ldap]", "max_disable = '101%'");
    assert_refused(
        &share,
        "authorities[0].max_disable: expected a share of the users from 0% to 100%",
    );
    let twice = format!("{LDAP}{}", HTTP.replace("'shop'", "'CORP'"));
    assert_refused(
        &twice,
        "authorities[1].name: another authority has this name",
    );
}

#[test]
fn what_is_missing_or_contradicts_is_refused_by_name() {
    for (text, expected) in [
        (
            LDAP.replace("kind = 'ldap'\n", ""),
            "authorities[0].kind: expected ldap, http or oidc",
        ),
        (
            LDAP.replace("'ldap'", "'LDAP'"),
            "authorities[0].kind: expected ldap, http or oidc",
        ),
        (
            LDAP.replace("'ldap'", "'ad'"),
            "authorities[0].kind: expected ldap, http or oidc",
        ),
        (
            LDAP.replace("name = 'corp'\n", ""),
            "authorities[0].name: expected a name",
        ),
        (
            LDAP.replace("'ldap'", "'http'"),
            "authorities[0].ldap: expected only the table [authorities.http] for kind = \"http\"",
        ),
        (
            "[[authorities]]\nname = 'a'\nkind = 'oidc'\norganisation = 'A'\n".to_owned(),
            "authorities[0].oidc: missing, expected the table [authorities.oidc]",
        ),
        (
            LDAP.replace("organisation = 'A'\n", ""),
            "authorities[0].organisation: missing, expected the organisation of users who are created",
        ),
        (
            LDAP.replace("'A'", "' '"),
            "authorities[0].organisation: expected the name of an organisation",
        ),
        (
            with(LDAP, "[authorities.ldap]", "mode = 'adopt'\ntrust = '1h'"),
            "authorities[0].trust: expected 0s for mode = \"adopt\"",
        ),
        (
            with(
                LDAP,
                "[authorities.ldap]",
                "mode = 'adopt'\ntrust_while_unavailable = '1h'",
            ),
            "authorities[0].trust_while_unavailable: expected 0s for mode = \"adopt\"",
        ),
        (
            with(LDAP, "[authorities.ldap]", "highest_role = 'ROOT'"),
            "authorities[0].highest_role: expected ADMIN, PROJECT_MANAGER or LINGUIST",
        ),
        (
            with(LDAP, "[authorities.ldap]", "match = 'name'"),
            "authorities[0].match: expected user_name or email",
        ),
        (
            with(LDAP, "[authorities.ldap]", "timeout = '1h'"),
            "authorities[0].timeout: expected a duration from 100ms to 1m",
        ),
        (
            with(LDAP, "[authorities.ldap]", "attempts = 0"),
            "authorities[0].attempts: expected a number from 1 to 1000000",
        ),
        (
            with(LDAP, "[authorities.ldap]", "colour = 'red'"),
            "authorities[0].colour: no such key, expected one of",
        ),
        (
            with(LDAP, "base =", "colour = 'red'"),
            "authorities[0].ldap.colour: no such key, expected one of",
        ),
        (
            "authorities = 'corp'".to_owned(),
            "authorities: expected [[authorities]] in a file",
        ),
        (
            "[authorities]\nname = 'corp'".to_owned(),
            "authorities: expected [[authorities]] in a file",
        ),
        (
            "authorities = ['corp']".to_owned(),
            "authorities[0]: expected [[authorities]] in a file",
        ),
    ] {
        assert_refused(&text, expected);
    }
}

#[test]
fn invalid_settings_of_a_protocol_are_refused_by_name() {
    for (text, expected) in [
        (
            LDAP.replace("ldaps://dc1", "ldap://dc1"),
            "authorities[0].ldap.urls: ",
        ),
        (
            LDAP.replace("ldaps://dc1.example.com", "dc1"),
            "authorities[0].ldap.urls[0]: expected ldaps://",
        ),
        (
            LDAP.replace("'ldaps://dc1.example.com'", ""),
            "authorities[0].ldap.urls: ",
        ),
        (
            LDAP.replace("dc=example,dc=com", ""),
            "authorities[0].ldap.base: expected the entry",
        ),
        (
            LDAP.replace("dc=example,dc=com", "example.com"),
            "authorities[0].ldap.base: ",
        ),
        (
            with(LDAP, "base =", "filter = '(uid='"),
            "authorities[0].ldap.filter: ",
        ),
        (
            with(LDAP, "base =", "filter = '(uid=alice)'"),
            "authorities[0].ldap.filter: ",
        ),
        (
            with(LDAP, "base =", "preset = 'openldap'"),
            "authorities[0].ldap.preset: expected rfc2307",
        ),
        (
            with(LDAP, "base =", "bind_dn = 'cn=a'"),
            "authorities[0].ldap.bind_dn: ",
        ),
        (
            with(LDAP, "base =", "ca_file = '/nowhere/ca.pem'"),
            "authorities[0].ldap.ca_file: ",
        ),
        (
            with(
                LDAP,
                "base =",
                "bind_dn = 'cn=a'\nbind_password_file = '/nowhere/secret'",
            ),
            "authorities[0].ldap.bind_password_file: /nowhere/secret: No such file",
        ),
        (
            HTTP.replace("https://shop", "http://shop"),
            "authorities[0].http.url: ",
        ),
        (
            HTTP.replace("https://shop.example.com/login", "shop"),
            "authorities[0].http.url: expected https://",
        ),
        (
            HTTP.lines()
                .filter(|line| !line.starts_with("secret"))
                .collect::<Vec<_>>()
                .join("\n"),
            "authorities[0].http.secret: missing, expected the secret that signs requests, or secret_file",
        ),
    ] {
        assert_refused(&text, expected);
    }
}

#[test]
fn no_message_quotes_a_password() {
    for text in [
        LDAP.replace("ldaps://dc1", "ldaps://cn=admin:hunter2@dc1"),
        LDAP.replace("ldaps://dc1", "ldap://cn=admin:hunter2@dc1"),
        HTTP.replace("https://shop", "https://alice:hunter2@shop"),
        HTTP.replace("https://shop", "http://alice:hunter2@shop"),
        LDAP.replace("'ldap'", "'hunter2'"),
        with(LDAP, "base =", "bind_password = 'hunter2'"),
        format!("{LDAP}bind_password = 'hunter2'\nbind_password_file = 'x'"),
        HTTP.replace(
            "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "hunter2",
        ),
    ] {
        let said = refusal(&text);
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_secret_in_two_forms_is_refused() {
    let mut merged = Merged::new("/".into());
    let text = format!("{HTTP}secret_file = 'x'\n");
    let refused = merged.add(
        "a.toml",
        file::parse("a.toml", &text).unwrap(),
        Path::new("/"),
    );
    let said = refused.unwrap_err().to_string();
    assert_eq!(
        said,
        "authorities[0].http.secret: authorities[0].http.secret_file is set as well, expected only one of them \
         (in a.toml)"
    );
}
