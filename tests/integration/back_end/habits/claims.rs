//! Paths that a setting sends to the back end, and paths that need no token.

use isogloss_testkit::dialects::{HeldToken, dialect};
use isogloss_testkit::{BackEndServer, Request, Step};

use super::assert_linguist;
use crate::back_end::{Settings, Site, carry};

const SETTINGS: &str = "\
[dialects.bimplus]
backend_paths = [\"DELETE /v2/authorize\", \"/v2/hello\", \"/portal/*\"]
public_paths = [\"/v2/open/*\"]
[dialects.memsource]
backend_auth = \"optional\"
";

fn site() -> (Site, HeldToken) {
    let back_end = BackEndServer::start(|_| Step::text("from the back end")).unwrap();
    let site = Site::with(back_end, &Settings::default(), |builder| {
        builder.config_text(SETTINGS)
    });
    let held = site.log_in(&dialect("memsource"), "linguist");
    (site, held)
}

fn assert_from_back_end(site: &Site, request: &Request, what: &str) {
    let response = site.send(request);
    assert_eq!(response.text(), "from the back end", "{what}");
}

#[test]
fn a_claimed_path_goes_to_the_back_end_by_its_method_also_outside_the_mount() {
    let (site, _) = site();
    let bimplus = dialect("bimplus");
    let held = site.log_in(&bimplus, "linguist");
    for (method, path) in [
        ("DELETE", "/v2/authorize"),
        ("GET", "/v2/hello"),
        ("POST", "/v2/hello"),
        ("GET", "/portal/index.html"),
        ("PUT", "/portal"),
    ] {
        let what = format!("{method} {path}");
        let refused = site.send(&Request::new(method, path));
        assert_eq!(bimplus.check_error(&refused), Ok(()), "{what}");
        assert_eq!(refused.status, 401, "{what}");
        let known = site.back_end.request_count();
        assert_from_back_end(&site, &carry(&held.carried()[0], method, path), &what);
        let arrived = site.back_end.requests().remove(known);
        assert_eq!(arrived.line(), format!("{what} HTTP/1.1"));
        assert_linguist(&arrived, "bimplus", &what);
    }
    let known = site.back_end.request_count();
    // The same paths with other methods, and neighbours of claimed paths, are the gateway's own.
    for (path, status) in [("/v2/authorize", 200), ("/portals", 404), ("/", 404)] {
        let response = site.send(&carry(&held.carried()[0], "GET", path));
        assert_eq!(response.status, status, "{path}");
    }
    assert_eq!(site.back_end.request_count(), known);
}

#[test]
fn a_public_path_needs_no_token_and_tells_no_identity() {
    let (site, held) = site();
    for request in [
        Request::get("/v2/open/list"),
        Request::post("/v2/open/a/b").body("x"),
        Request::get(format!("/v2/open/with?access_token={}", held.text)),
    ] {
        assert_from_back_end(&site, &request, "public");
    }
    for arrived in site.arrived("/v2/open/") {
        assert_eq!(arrived.all("X-Isogloss-User"), [""]);
        assert_eq!(arrived.all("X-Isogloss-User-Name"), [""]);
    }
    assert_eq!(site.arrived("/v2/open/").len(), 3);
}

#[test]
fn an_optional_token_is_checked_if_it_is_there() {
    let (site, held) = site();
    let get = |token: &str| Request::get(format!("/web/elsewhere/list?token={token}"));
    assert_from_back_end(&site, &Request::get("/web/elsewhere/bare"), "no token");
    assert_eq!(
        site.only("/elsewhere/bare").all("X-Isogloss-User-Name"),
        [""]
    );
    assert_from_back_end(&site, &get(&held.text), "a live token");
    assert_linguist(&site.only("/elsewhere/list"), "memsource", "a live token");
    let response = site.send(&get("35-35eb2b5e94b54d5aafa6b6a7b6e8de01"));
    assert_eq!(
        (response.status, dialect("memsource").check_error(&response)),
        (401, Ok(()))
    );
    assert_eq!(site.back_end.request_count(), 2);
}
