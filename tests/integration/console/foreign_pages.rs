//! A foreign page can do nothing: no form of its own, no frame, no reading of responses.

use isogloss_testkit::{Request, Response};

use super::{Tab, admin, encoded, id_of, start};

#[test]
fn no_form_is_accepted_without_the_token_of_the_session() {
    let gateway = start(|builder| builder);
    let tab = Tab::open(&gateway, "demo-admin-key");
    let other = Tab::open(&gateway, "demo-admin-key").form_token();
    let id = id_of(&gateway, "linguist");
    let path = format!("/console/people/{id}/state");
    let disable = ("state", "disabled");
    for fields in [
        &[disable][..],
        &[disable, ("form_token", "")],
        &[disable, ("form_token", &other)],
    ] {
        let refused = tab.post_as_is(&path, fields);
        assert_eq!(refused.status, 403, "{fields:?}");
        assert!(refused.text().contains("was not sent from this session"));
    }
    assert_eq!(tab.post_as_is("/console/sign-out", &[]).status, 403);
    let user = admin(&gateway, "GET", "/admin/users/linguist", None);
    assert_eq!(user["state"], "active");
    let page = tab.act(&path, &[disable]);
    assert!(page.contains("The user is disabled"), "{page}");
}

#[test]
fn no_form_of_another_origin_is_accepted_even_with_the_token() {
    let gateway = start(|builder| builder);
    let tab = Tab::open(&gateway, "demo-admin-key");
    let token = tab.form_token();
    let own = format!("http://{}", gateway.management());
    let send = |path: &str, headers: &[(&str, &str)]| -> Response {
        let mut request = Request::post(path).header("Cookie", &tab.cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let fields = [("form_token", token.as_str()), ("key", "demo-admin-key")];
        let request = request.form(encoded(&fields));
        request.send(gateway.management()).unwrap()
    };
    for headers in [
        &[("Sec-Fetch-Site", "cross-site")][..],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", &own)],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
    ] {
        for path in ["/console/sign-out", "/console/sign-in"] {
            let refused = send(path, headers);
            assert_eq!(refused.status, 403, "{path} {headers:?}");
            assert!(refused.header("Set-Cookie").is_none());
        }
    }
    tab.page("/console/people");
    assert_eq!(send("/console/sign-out", &[("Origin", &own)]).status, 303);
}

#[test]
fn no_page_may_be_framed_or_read_by_another_origin_and_no_get_changes_anything() {
    let gateway = start(|builder| builder);
    let tab = Tab::open(&gateway, "demo-admin-key");
    for path in [
        "/console/people",
        "/console/sign-in",
        "/console/none",
        "/console/audit/events.jsonl",
        "/console/way-over/users.csv",
    ] {
        let request = Request::get(path)
            .header("Cookie", &tab.cookie)
            .header("Origin", "https://evil.example");
        let response = request.send(gateway.management()).unwrap();
        let policy = response.header("Content-Security-Policy").unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert_eq!(response.header("X-Frame-Options"), Some("DENY"), "{path}");
        assert_eq!(
            response.header("Cross-Origin-Resource-Policy"),
            Some("same-origin"),
            "{path}"
        );
        assert_eq!(
            response.header("Access-Control-Allow-Origin"),
            None,
            "{path}"
        );
    }
    let preflight = Request::new("OPTIONS", "/console/people")
        .header("Origin", "https://evil.example")
        .header("Access-Control-Request-Method", "POST");
    let preflight = preflight.send(gateway.management()).unwrap();
    assert_eq!(preflight.status, 405);
    assert_eq!(preflight.header("Access-Control-Allow-Origin"), None);
    let id = id_of(&gateway, "linguist");
    for path in [
        "/console/sign-out",
        &format!("/console/people/{id}/state?state=disabled"),
        "/console/keys/revoke?id=demo",
        "/console/throttle/clear?user=linguist",
    ] {
        let refused = tab.get(path);
        assert_eq!(refused.status, 405, "{path}");
        assert_eq!(refused.header("Allow"), Some("POST"), "{path}");
    }
}
