//! Which calls go to a back end, and with which target.

use actix_web::test::TestRequest;

use super::site::Site;

async fn receives(site: &Site, method: &str, target: &str) -> bool {
    let token = site.login().await;
    let request = TestRequest::with_uri(target)
        .method(method.parse().unwrap())
        .insert_header(("Authorization", format!("ApiToken {token}")));
    site.send(request).await;
    let received = site.stub.take();
    if let Some(received) = received.first() {
        assert_eq!(received.line, format!("{method} {target} HTTP/1.1"));
    }
    !received.is_empty()
}

#[actix_web::test]
async fn calls_for_which_the_dialect_has_no_route_or_no_method_go_to_the_back_end() {
    let site = Site::start("").await;
    for (method, target, expected) in [
        ("GET", "/web/api2/v1/projects", true),
        ("PUT", "/web/api/v3/auth/login", true),
        ("GET", "/web", true),
        ("GET", "/web/api/v3/auth/whoAmI", false),
        ("POST", "/web/api/v3/auth/logout", false),
        ("GET", "/websites", false),
        ("GET", "/other", false),
    ] {
        assert_eq!(
            receives(&site, method, target).await,
            expected,
            "{method} {target}"
        );
    }
}

#[actix_web::test]
async fn backend_paths_go_to_the_back_end_below_the_path_of_the_dialect_and_outside_of_it() {
    let site =
        Site::start("backend_paths = ['POST /web/api/v3/auth/logout', '/rest/*', '/info']").await;
    for (method, target, expected) in [
        ("POST", "/web/api/v3/auth/logout", true),
        ("POST", "/web/api/v3/auth//logout/", true),
        ("POST", "/web/api/v3/auth/log%6Fut", true),
        ("GET", "/web/api/v3/auth/logout", false),
        ("GET", "/web/api/v3/auth/whoAmI", false),
        ("GET", "/rest", true),
        ("DELETE", "/rest/a/b?c", true),
        ("GET", "/rest/../a", true),
        ("GET", "/restful", false),
        ("GET", "/info", true),
        ("GET", "/info/a", false),
        ("GET", "/Info", false),
    ] {
        assert_eq!(
            receives(&site, method, target).await,
            expected,
            "{method} {target}"
        );
    }
}

#[actix_web::test]
async fn the_target_is_what_the_client_sent() {
    let site = Site::start("").await;
    for target in [
        "/web/a%2Fb",
        "/web/a;b=c/d",
        "/web/a/../b",
        "/web//a///b",
        "/web/a/",
        "/web/a?",
        "/web/a?b=%20+%2b&&c",
        "/web/%C3%A4/%zz",
        "/web/a?b=/../c//d",
    ] {
        assert!(receives(&site, "GET", target).await, "{target}");
    }
}

#[actix_web::test]
async fn a_dialect_without_a_back_end_or_that_is_disabled_relays_nothing() {
    let site = Site::without_back_end("").await;
    assert_eq!(site.get("/web/api2/v1/projects").await.status, 404);
    let site = Site::without_back_end(
        "[dialects.bimplus]\nenabled = false\nbackend = 'http://BACKEND'\nbackend_paths = ['/rest/*']",
    )
    .await;
    for target in ["/v2/projects", "/rest/a"] {
        assert_eq!(site.get(target).await.status, 404, "{target}");
    }
    assert_eq!(site.stub.take(), []);
}

#[actix_web::test]
async fn public_paths_need_no_token_and_other_spellings_of_paths_are_not_public() {
    let site = Site::start("public_paths = ['/web/info', 'GET /web/pub/*']").await;
    for (method, target, expected) in [
        ("GET", "/web/info", true),
        ("POST", "/web/info?x", true),
        ("GET", "/web/pub/a/b%20c", true),
        ("POST", "/web/pub/a", false),
        ("GET", "/web/projects", false),
        ("GET", "/web/info/", false),
        ("GET", "/web//info", false),
        ("GET", "/web/pub/../projects", false),
        ("GET", "/web/pub/%2e%2e/projects", false),
        ("GET", "/web/pub/.%2E/projects", false),
        ("GET", "/web/pub/..%2fprojects", false),
        ("GET", "/web/pub/..%5Cprojects", false),
        ("GET", "/web/pub/..;/projects", false),
        ("GET", "/web/pub/a;b", false),
        ("GET", "/web/pub//a", false),
        ("GET", "/web/pub/%252e%252e/projects", false),
        ("GET", "/web/pub/./a", false),
    ] {
        let request = TestRequest::with_uri(target).method(method.parse().unwrap());
        let response = site.send(request).await;
        let received = site.stub.take();
        assert_eq!(!received.is_empty(), expected, "{method} {target}");
        if !expected {
            assert_eq!(response.status, 401, "{method} {target}");
        }
    }
}

#[actix_web::test]
async fn a_call_without_a_token_is_relayed_without_an_identity_if_tokens_are_optional() {
    let site = Site::start("backend_auth = 'optional'").await;
    assert_eq!(
        site.send(TestRequest::with_uri("/web/projects"))
            .await
            .status,
        200
    );
    assert_eq!(site.stub.take_one().header("x-isogloss-user"), Some(""));
    let wrong =
        TestRequest::with_uri("/web/projects").insert_header(("Authorization", "ApiToken x"));
    assert_eq!(site.send(wrong).await.status, 401);
    assert_eq!(site.stub.take(), []);
}

#[actix_web::test]
async fn calls_to_a_dialect_that_is_shut_down_are_not_relayed() {
    let site = Site::start(
        "backend_paths = ['/rest']\npublic_paths = ['/web/info']\n\
         [sunset.memsource]\nsunset_at = '2020-01-01T00:00:00Z'\nthen = 'refuse'",
    )
    .await;
    for target in ["/web/projects", "/web/info", "/rest"] {
        let response = site.send(TestRequest::with_uri(target)).await;
        assert_eq!(
            (response.status, response.all("sunset").len()),
            (403, 1),
            "{target}"
        );
    }
    assert_eq!(site.stub.take(), []);
}
