//! What a relayed response has in common with the back end's: all of it, but what clients of the dialect need.

use isogloss_testkit::dialects::{HeldToken, dialect, dialects};
use isogloss_testkit::{Request, Response, Step};

use super::{call, name_of, path};
use crate::back_end::{Settings, Site};

const ORIGIN: &str = "https://app.example.com";
const HOST: &str = "tms.example.com";

/// What the back end responds to a call, by its name. `{host}` is its own address.
fn response(name: &str) -> String {
    let with = |status: &str, lines: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\n{lines}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    match name {
        "plain" => with(
            "200 Fine",
            "Content-Type: text/x-odd; a=b\r\nCache-Control: public, max-age=9\r\nETag: \"e\"\r\nServer: vendor\r\n\
             X-Frame-Options: ALLOWALL\r\nX-A: b\r\nX-A: c\r\n",
            "{ }",
        ),
        "missing" => with(
            "404 Not Found",
            "Content-Type: application/json\r\n",
            "{\"m\": 1}",
        ),
        "broken" => with("500 Oops", "Content-Type: text/html\r\n", "<p>"),
        "cors" => with(
            "200 OK",
            "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nVary: Accept\r\n",
            "ok",
        ),
        "absolute" => with(
            "302 Found",
            "Location: http://{host}/web/project?a=%2F#b\r\n",
            "",
        ),
        "relative" => with("303 See Other", "Location: ../project;a/%2e\r\n", ""),
        "foreign" => with(
            "301 Moved",
            "Location: https://elsewhere.example.com/web\r\n",
            "",
        ),
        _ => with(
            "200 OK",
            "Set-Cookie: a=b; Path=/web; HttpOnly\r\nSet-Cookie: c=d; Domain=127.0.0.1; Secure\r\n\
             Set-Cookie: e=f; domain=elsewhere.example.com\r\n",
            "ok",
        ),
    }
}

fn site() -> Site {
    let cors = format!("cors_origins = [\"{ORIGIN}\"]");
    let settings = Settings {
        dialect: &cors,
        ..Settings::default()
    };
    Site::start(&settings, |request| {
        let own = request.header("X-Own").unwrap_or_default();
        Step::respond(response(&name_of(request)).replace("{host}", &own))
    })
}

/// Sends a call from a page, with the address of the back end for it to use.
fn get(site: &Site, held: &HeldToken, name: &str) -> Response {
    let own = site.back_end.address().to_string();
    let request = call(held, "GET", name)
        .header("Host", HOST)
        .header("Origin", ORIGIN)
        .header("X-Own", own);
    site.send(&request)
}

fn all<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    let headers = response.headers.iter();
    headers
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect()
}

#[test]
fn a_response_arrives_as_the_back_end_sent_it() {
    let site = site();
    for dialect in dialects() {
        let held = site.log_in(dialect, "linguist");
        let response = get(&site, &held, "plain");
        assert_eq!((response.status, response.text().as_str()), (200, "{ }"));
        for (name, values) in [
            ("Content-Type", &["text/x-odd; a=b"][..]),
            ("Cache-Control", &["public, max-age=9"]),
            ("ETag", &["\"e\""]),
            ("X-Frame-Options", &["ALLOWALL"]),
            ("X-A", &["b", "c"]),
            ("Content-Security-Policy", &[]),
            ("Pragma", &[]),
        ] {
            assert_eq!(all(&response, name), values, "{} {name}", dialect.name);
        }
        assert_eq!(all(&response, "X-Request-Id").len(), 1, "{}", dialect.name);
        for (name, status, body) in [("missing", 404, "{\"m\": 1}"), ("broken", 500, "<p>")] {
            let response = get(&site, &held, name);
            assert_eq!((response.status, response.text().as_str()), (status, body));
        }
    }
}

#[test]
fn a_page_may_read_responses_by_the_setting_of_the_gateway_alone() {
    let site = site();
    for dialect in dialects() {
        let held = site.log_in(dialect, "linguist");
        let response = get(&site, &held, "cors");
        let origins = all(&response, "Access-Control-Allow-Origin");
        assert_eq!(origins, [ORIGIN], "{}", dialect.name);
        let credentials = all(&response, "Access-Control-Allow-Credentials");
        assert!(credentials.is_empty(), "{}", dialect.name);
        let vary = all(&response, "Vary").join(",").to_lowercase();
        assert!(vary.contains("origin") && vary.contains("accept"), "{vary}");
        // A page of another origin learns nothing.
        let request = call(&held, "GET", "cors").header("Origin", "https://other.example.com");
        let response = site.send(&request);
        let origins = all(&response, "Access-Control-Allow-Origin");
        assert!(
            !origins.contains(&"*") && !origins.contains(&"https://other.example.com"),
            "{origins:?}"
        );
    }
}

#[test]
fn a_preflight_of_a_relayed_path_is_answered_by_the_gateway() {
    let site = site();
    for (name, status) in [("bimplus", 204), ("tokenlogin", 200)] {
        let preflight = Request::new("OPTIONS", path(&dialect(name), "plain"))
            .header("Origin", ORIGIN)
            .header("Access-Control-Request-Method", "PUT")
            .header("Access-Control-Request-Headers", "authorization");
        let response = site.send(&preflight);
        assert_eq!(response.status, status, "{name}");
        assert_eq!(
            all(&response, "Access-Control-Allow-Origin"),
            [ORIGIN],
            "{name}"
        );
        let methods = all(&response, "Access-Control-Allow-Methods").join(",");
        assert!(methods.contains("PUT"), "{name}: {methods}");
    }
    assert_eq!(site.back_end.request_count(), 0);
}

#[test]
fn a_client_of_tokenlogin_may_ask_for_status_200_only() {
    let site = site();
    let held = site.log_in(&dialect("tokenlogin"), "linguist");
    let target = |name: &str, more: &str| {
        let path = path(&dialect("tokenlogin"), name);
        format!("{path}?APIKey=demo-api-key&APIToken={}{more}", held.text)
    };
    for (name, body) in [
        ("missing", "{\"m\": 1}"),
        ("broken", "<p>"),
        ("plain", "{ }"),
    ] {
        let response = site.send(&Request::get(target(name, "&suppressResponseCodes=true")));
        assert_eq!(
            (response.status, response.text().as_str()),
            (200, body),
            "{name}"
        );
    }
    let response = site.send(&Request::get(target("missing", "")));
    assert_eq!(response.status, 404);
}

#[test]
fn locations_and_cookies_have_the_public_name() {
    let site = site();
    for dialect in dialects() {
        let held = site.log_in(dialect, "linguist");
        for (name, expected) in [
            ("absolute", "/web/project?a=%2F#b"),
            ("relative", "../project;a/%2e"),
            ("foreign", "https://elsewhere.example.com/web"),
        ] {
            let response = get(&site, &held, name);
            assert_eq!(
                all(&response, "Location"),
                [expected],
                "{} {name}",
                dialect.name
            );
        }
        let response = get(&site, &held, "cookies");
        let cookies = all(&response, "Set-Cookie");
        assert_eq!(cookies.len(), 3, "{cookies:?}");
        assert_eq!(cookies[0], "a=b; Path=/web; HttpOnly");
        assert!(
            cookies[1].starts_with("c=d") && cookies[1].contains("Secure"),
            "{cookies:?}"
        );
        assert!(!cookies[1].contains("127.0.0.1"), "{cookies:?}");
    }
}
