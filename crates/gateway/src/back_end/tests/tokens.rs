//! Where the token of a call is found, and what the back end gets of it.

use actix_web::test::TestRequest;
use data_encoding::BASE64URL_NOPAD;

use super::site::Site;

/// The places of a token in the head of a call: target, header and its value.
fn places(token: &str) -> [(String, &'static str, String); 4] {
    let header = |value: String| ("/web/projects?a=%2f".to_owned(), "Authorization", value);
    [
        header(format!("ApiToken {token}")),
        header(format!("bearer {token}")),
        (
            format!("/web/projects?a=%2f&token={token}"),
            "X-Custom",
            "1".to_owned(),
        ),
        (
            "/web/projects?a=%2f".to_owned(),
            "Cookie",
            format!("a=b; isogloss_session={token}"),
        ),
    ]
}

#[actix_web::test]
async fn a_token_is_found_in_every_place_and_is_not_changed() {
    let site = Site::start("").await;
    let token = site.login().await;
    for (target, name, value) in places(&token) {
        let request = TestRequest::with_uri(&target).insert_header((name, value.as_str()));
        assert_eq!(site.send(request).await.status, 200, "{target} {name}");
        let received = site.stub.take_one();
        assert_eq!(received.line, format!("GET {target} HTTP/1.1"));
        assert_eq!(received.header(&name.to_lowercase()), Some(value.as_str()));
        assert_eq!(received.header("x-isogloss-user-name"), Some("ada"));
    }
}

#[actix_web::test]
async fn a_token_is_removed_from_every_place() {
    let site = Site::start("proxy.token = 'remove'").await;
    let token = site.login().await;
    for (target, name, value) in places(&token) {
        let request = TestRequest::with_uri(&target).insert_header((name, value.as_str()));
        assert_eq!(site.send(request).await.status, 200, "{target} {name}");
        let received = site.stub.take_one();
        assert_eq!(received.line, "GET /web/projects?a=%2f HTTP/1.1");
        assert!(!format!("{received:?}").contains(&token), "{received:?}");
        assert_eq!(received.header("authorization"), None);
        assert_eq!(received.header("x-isogloss-user-name"), Some("ada"));
    }
}

#[actix_web::test]
async fn a_token_is_replaced_by_a_jwt_for_the_audience_of_the_back_end() {
    for (setting, audience) in [("", "services"), ("proxy.jwt_audience = 'app'", "app")] {
        let site = Site::start(&format!("proxy.token = 'jwt'\n{setting}")).await;
        let token = site.login().await;
        for (target, name, value) in places(&token) {
            let request = TestRequest::with_uri(&target).insert_header((name, value.as_str()));
            assert_eq!(site.send(request).await.status, 200, "{target} {name}");
            let received = site.stub.take_one();
            assert_eq!(received.line, "GET /web/projects?a=%2f HTTP/1.1");
            assert!(!format!("{received:?}").contains(&token), "{received:?}");
            let jwt = received.header("authorization").unwrap();
            let jwt = jwt.strip_prefix("Bearer ").unwrap();
            assert_eq!(received.header("x-isogloss-jwt"), Some(jwt));
            let claims = jwt.split('.').nth(1).unwrap().as_bytes();
            let claims = BASE64URL_NOPAD.decode(claims).unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
            assert_eq!(
                (&claims["aud"], &claims["username"]),
                (&audience.into(), &"ada".into())
            );
        }
    }
}

#[actix_web::test]
async fn calls_without_a_valid_token_or_with_two_are_refused_in_the_words_of_the_dialect() {
    let site = Site::start("").await;
    let (one, other) = (site.login().await, site.login().await);
    assert_ne!(one, other);
    for (target, authorization) in [
        ("/web/projects".to_owned(), String::new()),
        ("/web/projects".to_owned(), "ApiToken 0".to_owned()),
        ("/web/projects?token=".to_owned(), "Basic YTpi".to_owned()),
        (
            format!("/web/projects?token={one}"),
            format!("ApiToken {other}"),
        ),
        (
            format!("/web/projects?token={one}&token={other}"),
            String::new(),
        ),
        (format!("/web/projects?token={one}&token=x"), String::new()),
    ] {
        let request =
            TestRequest::with_uri(&target).insert_header(("Authorization", authorization));
        let response = site.send(request).await;
        assert_eq!(response.status, 401, "{target}");
        assert!(
            response.body.contains("AuthUnauthorized"),
            "{}",
            response.body
        );
    }
    let twice = TestRequest::with_uri(&format!("/web/projects?token={one}&token={one}"));
    assert_eq!(site.send(twice).await.status, 200);
    assert_eq!(site.stub.take().len(), 1);
}
