//! Bodies that are not valid requests of the dialect.

use std::net::SocketAddr;

use crate::hostile::routes::{Body, ROUTES};
use crate::hostile::{assert_unharmed, gateway};

const JSON: &str = "Content-Type: application/json\r\n";

/// Returns a JSON object with the value under every member name that any dialect reads.
fn everywhere(value: &str) -> String {
    let names = [
        "user_id",
        "password",
        "remember_me",
        "client_id",
        "cross_token",
        "username",
        "organisation",
        "unit",
        "userName",
        "deviceName",
        "reAuthenticationToken",
        "token",
        "code",
    ];
    let members: Vec<_> = names
        .iter()
        .map(|name| format!("\"{name}\": {value}"))
        .collect();
    format!("{{{}}}", members.join(", "))
}

pub(super) fn assert_all_refused(bodies: &[(&str, Vec<u8>)], head: &str, status: u16) {
    let mut gateway = gateway();
    for route in ROUTES.iter() {
        for (what, body) in bodies {
            let response = route.send(gateway.public(), head, body);
            route.assert_refused(what, status, &response);
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn nothing_at_all_is_refused() {
    let mut gateway = gateway();
    let public: SocketAddr = gateway.public();
    for route in ROUTES.iter() {
        let no_body = route.message(b"", b"", b"");
        let response = isogloss_testkit::roundtrip(&public.to_string(), &no_body);
        route.assert_refused_with("no body", &[route.bare], &response);
        let no_type = route.send(public, "", "");
        route.assert_refused_with("an empty body", &[route.bare], &no_type);
        let typed = route.send(public, JSON, "");
        // Flat JSON is an extension for Memsource, and an empty text is not JSON.
        let reads_json = route.dialect == "memsource" && route.body == Body::Read;
        let status = if reads_json { 400 } else { route.bare };
        route.assert_refused_with("an empty JSON body", &[status], &typed);
        let blank = route.send(public, JSON, " \r\n\t ");
        route.assert_refused_with("a blank JSON body", &[status], &blank);
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn what_is_no_json_is_refused() {
    let texts = [
        "{",
        "}",
        "{\"user_id\"",
        "{\"user_id\": ",
        "{]",
        "<xml/>",
        "user_id=x",
        "{\"a\" \"b\"}",
        "\"",
        "'",
        "{\"a\": \"\\ud800\"}",
        "{\"a\": \"\\q\"",
        "{\"a\": 01x}",
        "nul",
        "\u{0}",
        "{}{}",
        "//",
        "/*",
    ];
    let bodies: Vec<_> = texts
        .iter()
        .map(|text| (*text, text.as_bytes().to_vec()))
        .collect();
    assert_all_refused(&bodies, JSON, 400);
}

#[test]
fn json_of_another_shape_is_refused() {
    let objects = [
        everywhere("{}"),
        everywhere("[]"),
        everywhere(r#"{"user_id": "admin"}"#),
        everywhere(r#"["admin"]"#),
        r#"{"access_token_identifier": [], "user_id": {}, "userName": {}, "cross_token": [], "reAuthenticationToken": {}}"#.to_owned(),
    ];
    let bodies: Vec<_> = objects
        .iter()
        .map(|body| (body.as_str(), body.clone().into_bytes()))
        .collect();
    assert_all_refused(&bodies, JSON, 400);
    let others = [
        "[]",
        "[{}]",
        "[[], \"user_id\"]",
        "null",
        "true",
        "7",
        "-0.5",
        "\"user_id\"",
        "1e400",
        "123456789012345678901234567890",
    ];
    let bodies: Vec<_> = others
        .iter()
        .map(|body| (*body, body.as_bytes().to_vec()))
        .collect();
    assert_all_refused(&bodies, JSON, 400);
}

#[test]
fn numbers_out_of_any_range_are_refused() {
    let mut gateway = gateway();
    let digits = "9".repeat(3000);
    for number in [
        "1e999",
        "-1e999",
        "1e-999",
        "18446744073709551616",
        "0.1e1",
        "-0",
        "Infinity",
        "NaN",
        "0x10",
        digits.as_str(),
    ] {
        let body = everywhere(number);
        for route in ROUTES.iter().filter(|route| !route.takes_any_name()) {
            let response = route.send(gateway.public(), JSON, &body);
            // In three dialects a number counts as its digits, which are then an unknown name.
            let statuses = match route.dialect {
                "crmcom" => [200, 200],
                _ => [400, 401],
            };
            route.assert_refused_with(number, &statuses, &response);
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn deep_nesting_is_refused() {
    let closed = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let member = format!(
        r#"{{"user_id": {}{}}}"#,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let bodies = [
        ("60,000 brackets", "[".repeat(60_000).into_bytes()),
        ("30,000 nested arrays", closed.into_bytes()),
        (
            "10,000 open objects",
            r#"{"a":"#.repeat(10_000).into_bytes(),
        ),
        ("20,000 nested arrays in a member", member.into_bytes()),
        ("60,000 open comments", "/*".repeat(30_000).into_bytes()),
        (
            "60,000 commas",
            format!("[{}]", ",".repeat(60_000)).into_bytes(),
        ),
        ("60,000 minus signs", "-".repeat(60_000).into_bytes()),
        (
            "60,000 escapes",
            format!("{{\"a\": \"{}", "\\".repeat(60_000)).into_bytes(),
        ),
    ];
    assert_all_refused(&bodies, JSON, 400);
}

#[test]
fn bodies_that_are_no_utf8_are_refused() {
    let bodies = [
        ("a lone byte", b"\xff".to_vec()),
        ("a byte in a name", b"{\"user\xff_id\": \"x\"}".to_vec()),
        (
            "a byte in a value",
            b"{\"user_id\": \"\xc3\x28\", \"username\": \"\xc3\x28\", \"userName\": \"\xc3\x28\"}"
                .to_vec(),
        ),
        (
            "an overlong sequence",
            b"{\"user_id\": \"\xc0\xaf\"}".to_vec(),
        ),
        ("a surrogate", b"{\"user_id\": \"\xed\xa0\x80\"}".to_vec()),
        ("UTF-16", b"\xff\xfe{\0}\0".to_vec()),
    ];
    assert_all_refused(&bodies, JSON, 400);
}

#[test]
fn forms_that_are_no_utf8_are_refused() {
    let mut gateway = gateway();
    for route in ROUTES.iter().filter(|route| route.body == Body::Read) {
        for body in [
            b"userName=\xff&password=\xfe".as_slice(),
            b"userName=%ff&password=%c3%28",
            b"%00=%00&userName=%00&password=%00",
            b"&&&===%%%",
            b"userName=%&password=%z",
        ] {
            let head = "Content-Type: application/x-www-form-urlencoded\r\n";
            let response = route.send(gateway.public(), head, body);
            let statuses = match route.dialect {
                "bimplus" => &[415][..],
                "crmcom" => &[200],
                _ => &[400, 401],
            };
            route.assert_refused_with(&String::from_utf8_lossy(body), statuses, &response);
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn doubled_members_open_nothing() {
    let mut gateway = gateway();
    for body in [
        everywhere("\"admin\"").replace('}', ", \"user_id\": \"x\", \"password\": \"x\", \"username\": \"x\", \"userName\": \"x\"}"),
        everywhere("\"admin\"").replace('{', "{\"user_id\": [], \"password\": [], \"username\": [], \"userName\": [], \"userName\": {}, "),
        format!("{{{}\"a\": 1}}", r#""password": "admin-demo", "#.repeat(1500)),
    ] {
        for route in ROUTES.iter().filter(|route| !route.takes_any_name()) {
            let response = route.send(gateway.public(), JSON, &body);
            let statuses = match (route.dialect, route.body) {
                ("crmcom", _) => &[200][..],
                (_, Body::Read | Body::JsonOnly) => &[400, 401],
                (_, Body::Ignored) => &[route.bare],
            };
            route.assert_refused_with(&body, statuses, &response);
        }
    }
    for route in ROUTES
        .iter()
        .filter(|route| route.dialect == "memsource" && route.body == Body::Read)
    {
        let head = "Content-Type: application/x-www-form-urlencoded\r\n";
        let form = "userName=admin&userName=x&password=admin-demo&token=1&token=2";
        let response = route.send(gateway.public(), head, form);
        route.assert_refused(form, 400, &response);
    }
    assert_unharmed(&mut gateway);
}
