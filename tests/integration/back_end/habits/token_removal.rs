//! The token is removed, or replaced by a JWT, where a setting says so.

use isogloss_testkit::dialects::{Carried, dialect, dialects};
use isogloss_testkit::{BackEndServer, RecordedRequest, Step};
use serde_json::Value;

use super::{BODIES, Body, assert_linguist, carry, echo, path};
use crate::back_end::{Settings, Site};
use crate::jwt::unverified_claims;

const REMOVED: Settings<'static> = Settings {
    dialect: "",
    proxy: "token = \"remove\"",
};

/// Checks that the token is nowhere in a request.
fn assert_removed(arrived: &RecordedRequest, token: &str, what: &str) {
    let whole = format!(
        "{}{}",
        arrived.text(),
        String::from_utf8_lossy(&arrived.body)
    );
    let whole = whole.to_lowercase();
    assert!(!whole.contains(&token.to_lowercase()), "{what}: {whole}");
}

#[test]
fn a_token_is_removed_from_every_place_in_a_head() {
    let site = echo(&REMOVED);
    for dialect in dialects() {
        let held = site.log_in(dialect, "linguist");
        for (number, carried) in held.carried().iter().enumerate() {
            let path = path(dialect, &format!("list-{number}"));
            let what = format!("{} {}", dialect.name, carried.text());
            let response = site.send(&carry(carried, "GET", &path));
            assert_eq!(response.status, 200, "{what}: {}", response.text());
            let arrived = site.only(&path);
            assert_removed(&arrived, &held.text, &what);
            assert_linguist(&arrived, dialect.name, &what);
            assert_other_parameters(&arrived, carried, &held.text);
        }
    }
}

/// Checks that all parameters but the token are there, as they were.
fn assert_other_parameters(arrived: &RecordedRequest, carried: &Carried, token: &str) {
    let Carried::Query(query) = carried else {
        return;
    };
    let others: Vec<_> = query
        .split('&')
        .filter(|one| !one.contains(token))
        .collect();
    let target = arrived.target();
    let came = target.split_once('?').map_or("", |(_, query)| query);
    assert_eq!(came, others.join("&"), "{query}");
}

#[test]
fn a_token_is_removed_from_every_kind_of_body() {
    let site = echo(&REMOVED);
    for (number, body) in BODIES.iter().enumerate() {
        let held = site.log_in(&dialect(body.dialect), "linguist");
        let case = format!("case-{number};");
        let response = site.send(&body.request(&held).header("X-Case", &case));
        assert_eq!(response.status, 200, "{}: {}", body.media, response.text());
        let arrived = site.only(&case);
        assert_removed(&arrived, &held.text, body.media);
        assert_linguist(&arrived, body.dialect, body.media);
        assert_rest(body, &arrived);
    }
}

/// Checks that the body has all but the token.
fn assert_rest(body: &Body, arrived: &RecordedRequest) {
    let came = String::from_utf8_lossy(&arrived.body);
    if body.text.starts_with('{') {
        let mut expected: Value = serde_json::from_str(body.text).unwrap();
        expected.as_object_mut().unwrap().remove("token");
        assert_eq!(serde_json::from_str::<Value>(&came).unwrap(), expected);
    } else if body.media.contains("urlencoded") {
        let others = body.text.split('&').filter(|one| !one.contains("{token}"));
        assert_eq!(came, others.collect::<Vec<_>>().join("&"));
    } else {
        assert!(!came.contains("name=\"token\""), "{came}");
        assert_eq!(
            came.contains("x.txt"),
            body.text.contains("x.txt"),
            "{came}"
        );
    }
    assert!(arrived.all("Content-Length") == [arrived.body.len().to_string()]);
}

#[test]
fn a_token_is_replaced_by_a_jwt_of_its_user() {
    let settings = Settings {
        proxy: "token = \"jwt\"\njwt_audience = \"projects\"",
        ..Settings::default()
    };
    let back_end = BackEndServer::start(|_| Step::text("done")).unwrap();
    let site = Site::with(back_end, &settings, |builder| {
        builder.config_text(
            "[jwt]\nenabled = true\nissuer = \"https://login.example.com\"\naudience = \"all\"\n\
             audiences = [\"projects\"]",
        )
    });
    for dialect in dialects() {
        let held = site.log_in(dialect, "linguist");
        for (number, carried) in held.carried().iter().enumerate() {
            let path = path(dialect, &format!("list-{number}"));
            let what = format!("{} {}", dialect.name, carried.text());
            let response = site.send(&carry(carried, "GET", &path));
            assert_eq!(response.status, 200, "{what}: {}", response.text());
            let arrived = site.only(&path);
            assert_removed(&arrived, &held.text, &what);
            let authorization = arrived.all("Authorization");
            assert_eq!(authorization.len(), 1, "{what}: {authorization:?}");
            let jwt = authorization[0].strip_prefix("Bearer ").unwrap();
            let claims = unverified_claims(jwt);
            assert_eq!(claims["aud"], "projects", "{what}");
            assert_eq!(claims["username"], "linguist", "{what}");
            assert_eq!(
                claims["sub"],
                arrived.header("X-Isogloss-User").unwrap(),
                "{what}"
            );
        }
    }
}
