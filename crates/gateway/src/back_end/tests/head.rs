//! The headers that a back end receives.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::test::TestRequest;

use super::site::Site;
use super::stub::Received;
use crate::introspection::IdentityHeaders;

/// Sends a call with a valid token and these headers from that address, and returns what the back end receives.
async fn received(site: &Site, peer: &str, headers: &[(&str, &str)]) -> Received {
    let token = site.login().await;
    let mut request = TestRequest::with_uri("/web/projects")
        .insert_header(("Authorization", format!("ApiToken {token}")));
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request = request.append_header((name, HeaderValue::from_str(value).unwrap()));
    }
    let response = site.send_from(peer, request).await;
    assert_eq!(response.status, 200, "{response:?}");
    site.stub.take_one()
}

#[actix_web::test]
async fn the_back_end_gets_every_identity_header_once() {
    let site = Site::start("").await;
    let received = received(&site, "192.0.2.1", &[]).await;
    let mut own = HeaderMap::new();
    IdentityHeaders::default().write(&mut own, None);
    for name in own.keys() {
        assert!(received.header(name.as_str()).is_some(), "{name}");
    }
    for (name, value) in [
        ("x-isogloss-user-name", "ada"),
        ("x-isogloss-user-number", "30"),
        ("x-isogloss-email", "ada@example.com"),
        ("x-isogloss-organisation", "ACME"),
        ("x-isogloss-role", "ADMIN"),
        ("x-isogloss-dialect", "memsource"),
        ("x-isogloss-project", ""),
    ] {
        assert_eq!(received.header(name), Some(value), "{name}");
    }
    assert!(received.header("x-isogloss-jwt").unwrap().starts_with("ey"));
}

#[actix_web::test]
async fn no_call_is_sent_without_the_jwt_that_the_back_end_expects() {
    let site = Site::without_jwt_keys().await;
    let response = site.get("/web/projects").await;
    assert_eq!(response.status, 503, "{response:?}");
    assert_eq!(response.all("retry-after"), ["1"]);
    assert_eq!(site.stub.take().len(), 0);
}

#[actix_web::test]
async fn identity_headers_of_clients_are_removed_in_every_spelling() {
    let site = Site::start("").await;
    let forged = [
        ("X-Isogloss-User-Name", "root"),
        ("x-isogloss-user-name", "root"),
        ("X_Isogloss_User_Name", "root"),
        ("X-ISOGLOSS_USER-NAME", "root"),
        ("X.Isogloss.User.Name", "root"),
        ("X-Isogloss-Future", "root"),
        ("X-Isogloss-Project", "root"),
        ("Connection", "x-isogloss-role, x-isogloss-user-name"),
    ];
    let received = received(&site, "192.0.2.1", &forged).await;
    let values = received.headers.iter().map(|(_, value)| value.as_str());
    assert!(
        !values.clone().any(|value| value.contains("root")),
        "{received:?}"
    );
    assert_eq!(received.header("x-isogloss-user-name"), Some("ada"));
    assert_eq!(received.header("x-isogloss-role"), Some("ADMIN"));
}

/// Settings with headers for applications, after those of the dialect.
const CHOSEN: &str = "
backend_auth = 'optional'
[forward_auth]
values = 'utf-8'
[forward_auth.headers]
Remote-User = 'user_name'
X-Forwarded-Email = 'email'
X-Unit = 'unit'
Authorization = 'bearer'
";

#[actix_web::test]
async fn chosen_headers_are_set_and_what_clients_send_under_their_names_is_removed() {
    let site = Site::start(CHOSEN).await;
    let forged = [
        ("Remote-User", "root"),
        ("remote-user", "root"),
        ("Remote_User", "root"),
        ("REMOTE.USER", "root"),
        ("x_forwarded-email", "root"),
        ("X-Unit", "root"),
        ("Authorization", "Basic root"),
        ("Connection", "remote-user, x-forwarded-email"),
        ("Remote-Users", "another header"),
    ];
    let received = received(&site, "192.0.2.1", &forged).await;
    let values = received.headers.iter().map(|(_, value)| value.as_str());
    assert!(
        !values.clone().any(|value| value.contains("root")),
        "{received:?}"
    );
    for (name, value) in [
        ("remote-user", "ada"),
        ("x-forwarded-email", "ada@example.com"),
        ("x-unit", ""),
        ("remote-users", "another header"),
    ] {
        assert_eq!(received.header(name), Some(value), "{name}");
    }
    let jwt = received.header("authorization").unwrap();
    assert!(jwt.starts_with("Bearer ey"), "{jwt}");
}

#[actix_web::test]
async fn a_call_without_a_token_has_no_identity_in_chosen_headers() {
    let site = Site::start(CHOSEN).await;
    let request = TestRequest::with_uri("/web/projects")
        .insert_header(("Remote-User", "root"))
        .insert_header(("Remote_User", "root"))
        .insert_header(("Authorization", "Basic cm9vdDpyb290"));
    let response = site.send(request).await;
    assert_eq!(response.status, 200, "{response:?}");
    let received = site.stub.take_one();
    assert_eq!(received.header("remote-user"), Some(""));
    assert_eq!(received.header("remote_user"), None);
    assert_eq!(received.header("authorization"), None);
}

#[actix_web::test]
async fn the_client_ip_is_the_one_that_the_gateway_found() {
    let site = Site::start("").await;
    let sent = [
        ("Host", "login.example.com"),
        ("X-Forwarded-For", "203.0.113.9, 198.51.100.7"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Real-IP", "203.0.113.9"),
        ("Forwarded", "for=203.0.113.9"),
        ("X-Original-URL", "/web/admin"),
    ];
    let direct = received(&site, "192.0.2.1", &sent).await;
    for (name, value) in [
        ("host", Some("login.example.com")),
        ("x-forwarded-for", Some("192.0.2.1")),
        ("x-forwarded-proto", Some("http")),
        ("x-forwarded-host", Some("login.example.com")),
        ("x-real-ip", Some("192.0.2.1")),
        (
            "forwarded",
            Some("for=192.0.2.1;host=\"login.example.com\";proto=http"),
        ),
        ("x-original-url", None),
    ] {
        assert_eq!(direct.header(name), value, "{name}");
    }
    let proxied = received(&site, "10.0.0.1", &sent).await;
    for (name, value) in [
        ("x-forwarded-for", "198.51.100.7, 10.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("x-real-ip", "198.51.100.7"),
    ] {
        assert_eq!(proxied.header(name), Some(value), "{name}");
    }
}

#[actix_web::test]
async fn the_request_id_is_that_of_the_response() {
    let site = Site::start("").await;
    let token = site.login().await;
    let request = TestRequest::with_uri("/web/projects")
        .insert_header(("Authorization", format!("ApiToken {token}")))
        .insert_header(("X-Request-Id", "mine"));
    let response = site.send(request).await;
    let received = site.stub.take_one();
    let sent: Vec<_> = received.header("x-request-id").into_iter().collect();
    assert_eq!(response.all("x-request-id"), sent);
    assert_ne!(sent, ["mine"]);
}

#[actix_web::test]
async fn the_host_is_that_of_the_setting() {
    let host = [("Host", "login.example.com")];
    for (setting, expected) in [
        ("client", "login.example.com".to_owned()),
        ("app.internal:8080", "app.internal:8080".to_owned()),
        ("backend", String::new()),
    ] {
        let site = Site::start(&format!("proxy.host = '{setting}'")).await;
        let received = received(&site, "192.0.2.1", &host).await;
        let address = site.stub.address.to_string();
        let expected = if expected.is_empty() {
            address
        } else {
            expected
        };
        assert_eq!(received.header("host"), Some(expected.as_str()));
    }
}

#[actix_web::test]
async fn headers_of_the_connection_and_upgrades_without_leave_are_not_relayed() {
    let site = Site::start("").await;
    let sent = [
        ("Connection", "keep-alive, upgrade, x-secret"),
        ("Upgrade", "websocket"),
        ("X-Secret", "1"),
        ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"),
        ("Proxy-Authorization", "Basic YTpi"),
        ("X-Custom", "stays"),
    ];
    let received = received(&site, "192.0.2.1", &sent).await;
    for name in [
        "upgrade",
        "x-secret",
        "keep-alive",
        "te",
        "proxy-authorization",
    ] {
        assert_eq!(received.header(name), None, "{name}");
    }
    assert_eq!(received.header("x-custom"), Some("stays"));
}
