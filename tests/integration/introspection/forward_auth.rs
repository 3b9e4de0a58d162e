//! `/forward-auth/…`, as proxies use it.

use isogloss_testkit::dialects::{HeldToken, TestUser, TokenKind};
use isogloss_testkit::{Gateway, Request, Response};
use serde_json::json;

use crate::back_end::IDENTITY_HEADERS;
use crate::introspection::gateway;
use crate::introspection::token_extraction::{Carried, carried, dialect, speaks};

/// Returns the request of a proxy that describes the call in headers.
pub(super) fn asked(path: &str, carried: &Carried) -> Request {
    let request = Request::get(path).header("X-Forwarded-Method", "POST");
    match carried {
        Carried::Header(name, text) => request
            .header("X-Forwarded-Uri", "/app/call")
            .header(name, text),
        Carried::Query(query) => request.header("X-Forwarded-Uri", format!("/app/call?{query}")),
    }
}

/// Returns the request of Envoy.
fn asked_by_envoy(dialect: &str, carried: &Carried) -> Request {
    let path = format!("/forward-auth/envoy/{dialect}/app/call");
    match carried {
        Carried::Header(name, text) => Request::post(path).header(name, text),
        Carried::Query(query) => Request::post(format!("{path}?{query}")),
    }
}

fn tokens(gateway: &Gateway) -> Vec<HeldToken> {
    TestUser::admin().every_token(gateway.public()).unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.header(name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn a_call_with_a_live_token_is_let_through_with_every_header() {
    let gateway = gateway();
    for held in tokens(&gateway) {
        let name = dialect(held.kind);
        for carried in carried(&held) {
            for request in [
                asked(&format!("/forward-auth/{name}"), &carried),
                asked("/forward-auth", &carried),
                asked_by_envoy(name, &carried),
            ] {
                let answer = request.send(gateway.management()).unwrap();
                if !speaks(held.kind) {
                    assert_eq!(answer.status, 401, "{:?} {carried:?}", held.kind);
                    assert!(answer.header("X-Isogloss-User").is_none());
                    continue;
                }
                assert_eq!(answer.status, 200, "{:?} {carried:?}", held.kind);
                assert!(answer.body.is_empty());
                for name in IDENTITY_HEADERS {
                    header(&answer, name);
                }
                assert_eq!(header(&answer, "X-Isogloss-Dialect"), name);
                assert_eq!(header(&answer, "X-Isogloss-Organisation"), "CRMDEMO");
                let impersonates = header(&answer, "X-Isogloss-User-Name") == "linguist";
                assert_eq!(
                    !header(&answer, "X-Isogloss-Actor").is_empty(),
                    impersonates
                );
                assert_eq!(header(&answer, "X-Isogloss-Jwt").split('.').count(), 3);
            }
        }
    }
}

#[test]
fn a_token_is_looked_for_where_its_dialect_has_it_and_nowhere_else() {
    let gateway = gateway();
    let tokens = tokens(&gateway);
    let of = |kind| &tokens.iter().find(|held| held.kind == kind).unwrap().text;
    let (bimplus, crmcom) = (
        of(TokenKind::of("bimplus", "access")),
        of(TokenKind::of("crmcom", "access")),
    );
    let (tokenlogin, memsource) = (
        of(TokenKind::of("tokenlogin", "session")),
        of(TokenKind::of("memsource", "access")),
    );
    let header = |text: String| Carried::Header("Authorization".to_owned(), text);
    for (dialect, carried) in [
        ("bimplus", header(format!("ApiToken {bimplus}"))),
        ("bimplus", header(bimplus.clone())),
        ("bimplus", Carried::Query(format!("token={bimplus}"))),
        ("crmcom", header(format!("BimPlus {crmcom}"))),
        ("crmcom", Carried::Query(format!("APIToken={crmcom}"))),
        (
            "crmcom",
            Carried::Query(format!("token={}", crmcom.to_lowercase())),
        ),
        (
            "tokenlogin",
            Carried::Query(format!("APIKey=demo-api-key&token={tokenlogin}")),
        ),
        (
            "tokenlogin",
            Carried::Query(format!("APIKey=wrong&APIToken={tokenlogin}")),
        ),
        (
            "tokenlogin",
            Carried::Query(format!("APIToken={tokenlogin}")),
        ),
        ("memsource", header(format!("Basic {memsource}"))),
        ("memsource", Carried::Query(format!("Token={memsource}"))),
        (
            "memsource",
            Carried::Header("Cookie".to_owned(), format!("session={memsource}")),
        ),
    ] {
        let request = asked(&format!("/forward-auth/{dialect}"), &carried);
        let answer = request.send(gateway.management()).unwrap();
        assert_eq!(answer.status, 401, "{dialect} {carried:?}");
        assert!(answer.header("X-Isogloss-User").is_none());
    }
}

#[test]
fn a_refusal_is_in_the_words_of_the_dialect() {
    let gateway = gateway();
    let ask = |path: &str, query: &str| {
        let query = Carried::Query(query.to_owned());
        asked(path, &query).send(gateway.management()).unwrap()
    };
    let bimplus = ask("/forward-auth/bimplus", "");
    assert_eq!(bimplus.status, 401);
    assert_eq!(bimplus.header("WWW-Authenticate"), Some("BimPlus"));
    assert_eq!(bimplus.json().unwrap()["error"], "invalid_token");

    // Proxies expect a 2xx status for success only, but this dialect's clients expect 200 for errors.
    let crmcom = ask("/forward-auth/crmcom", "token=x");
    assert_eq!(crmcom.status, 401);
    let code = "COM.CRM.EXCEPTION.SECURITY.INVALIDTOKENEXCEPTION";
    assert_eq!(crmcom.json().unwrap()["status"]["code"], code);
    let crmcom = ask("/forward-auth/refusal/crmcom", "token=x");
    assert_eq!(crmcom.status, 200);
    assert_eq!(crmcom.json().unwrap()["status"]["code"], code);

    let denied = json!({"Message": "Authorization has been denied for this request."});
    let query = "APIKey=demo-api-key&suppressResponseCodes=true";
    let tokenlogin = ask("/forward-auth/tokenlogin", query);
    assert_eq!(
        (tokenlogin.status, tokenlogin.json().unwrap()),
        (401, denied.clone())
    );
    let tokenlogin = ask("/forward-auth/refusal/tokenlogin", query);
    assert_eq!(
        (tokenlogin.status, tokenlogin.json().unwrap()),
        (200, denied)
    );

    let memsource = ask("/forward-auth/memsource", "token=30-x");
    assert_eq!(memsource.status, 401);
    assert_eq!(memsource.json().unwrap()["errorCode"], "AuthUnauthorized");

    let nobodys = ask("/forward-auth", "token=x");
    assert_eq!(nobodys.status, 401);
    assert!(nobodys.json().unwrap()["reason"].is_string());
}

#[test]
fn who_asks_for_a_refusal_never_gets_a_yes() {
    let gateway = gateway();
    for held in tokens(&gateway).iter().filter(|held| speaks(held.kind)) {
        let path = format!("/forward-auth/refusal/{}", dialect(held.kind));
        for carried in carried(held) {
            let answer = asked(&path, &carried).send(gateway.management()).unwrap();
            assert_eq!(answer.status, 503, "{:?}", held.kind);
            assert!(answer.header("X-Isogloss-User").is_none());
        }
    }
}

#[test]
fn an_address_with_bytes_that_have_no_place_there_still_carries_its_token() {
    let gateway = gateway();
    let tokens = tokens(&gateway);
    let token = &tokens
        .iter()
        .find(|held| held.kind == TokenKind::of("crmcom", "access"))
        .unwrap()
        .text;
    for uri in [
        format!("/a b?x={{1|2}}&token={token}"),
        format!("/caf\u{e9}?n=\u{fc}&token={token}"),
        format!("https://crm.example.com/a?token={token}"),
        format!("/a?token={token}&token=x"),
    ] {
        let answer = Request::get("/forward-auth/crmcom")
            .header("X-Forwarded-Uri", &uri)
            .send(gateway.management())
            .unwrap();
        assert_eq!(answer.status, 200, "{uri}");
    }
}

/// Returns the request of ingress-nginx, in the format of its template, with what a client may have added.
fn asked_by_ingress(dialect: &str, carried: &Carried) -> Request {
    let uri = match carried {
        Carried::Header(..) => "/app/call".to_owned(),
        Carried::Query(query) => format!("/app/call?{query}"),
    };
    let request = Request::get(format!("/forward-auth/{dialect}"))
        .header("X-Original-URL", format!("https://tms.example.com{uri}"))
        .header("X-Original-Method", "POST")
        .header("X-Sent-From", "nginx-ingress-controller")
        .header("X-Real-IP", "192.0.2.1")
        .header("X-Forwarded-For", "192.0.2.1")
        .header("X-Auth-Request-Redirect", uri);
    match carried {
        Carried::Header(name, text) => request.header(name, text),
        Carried::Query(_) => request,
    }
}

#[test]
fn ingress_nginx_is_understood_and_a_client_cannot_tell_another_call() {
    let gateway = gateway();
    let mut in_queries = 0;
    for held in tokens(&gateway).iter().filter(|held| speaks(held.kind)) {
        let name = dialect(held.kind);
        for carried in carried(held) {
            let answer = asked_by_ingress(name, &carried).send(gateway.management());
            let answer = answer.unwrap();
            assert_eq!(answer.status, 200, "{:?} {carried:?}", held.kind);
            assert_eq!(header(&answer, "X-Isogloss-Dialect"), name);
            let Carried::Query(query) = &carried else {
                continue;
            };
            in_queries += 1;
            // The client puts its token into the URL that it claims, the proxy sends the real URL.
            let call = Carried::Query("page=2".to_owned());
            let forged = asked_by_ingress(name, &call);
            let forged = forged.header("X-Forwarded-Uri", format!("/app/call?{query}"));
            let answer = forged.send(gateway.management()).unwrap();
            assert_eq!(answer.status, 401, "{:?} {carried:?}", held.kind);
        }
    }
    assert!(in_queries >= 3, "{in_queries}");
}
