//! A store that cannot be asked, as each dialect tells of it, and how a gateway is when it is well again.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Gateway, Request, Response};
use serde_json::{Value, json};

use crate::holdings::{Held, Kind};
use crate::person::Person;

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn dialect_of(kind: Kind) -> &'static str {
    match kind {
        Kind::BimplusAccess | Kind::BimplusRemember | Kind::BimplusCross => "bimplus",
        Kind::Crmcom => "crmcom",
        Kind::TokenloginSession | Kind::TokenloginReauthentication => "tokenlogin",
        Kind::MemsourceAccess | Kind::MemsourceImpersonation | Kind::MemsourceBrowser => {
            "memsource"
        }
    }
}

/// The dialect's word for "cannot ask", and nothing else.
pub(crate) fn assert_unavailable(dialect: &str, what: &str, answer: &Response) {
    let body = answer
        .json()
        .unwrap_or_else(|failure| panic!("{dialect}, {what}: {failure}: {}", answer.text()));
    let said = |place: &str| body.pointer(place).and_then(Value::as_str);
    let (status, word, place) = match dialect {
        "bimplus" => (503, "temporarily_unavailable", "/error"),
        "crmcom" => (
            200,
            "COM.CRM.EXCEPTION.WEBAPI.SERVICEUNAVAILABLEEXCEPTION",
            "/status/code",
        ),
        "tokenlogin" => (503, "The service is unavailable.", "/Message"),
        _ => (503, "ServiceUnavailable", "/errorCode"),
    };
    let came = (answer.status, said(place));
    assert_eq!(came, (status, Some(word)), "{dialect}, {what}: {body}");
    let whole = match dialect {
        "bimplus" => {
            json!({"error": word, "error_description": body["message"], "message": body["message"]})
        }
        "crmcom" => json!({
            "status": {
                "code": word,
                "message": body["status"]["message"],
                "description": body["status"]["description"],
            },
            "data": {},
        }),
        "tokenlogin" => json!({"Message": word}),
        _ => json!({"errorCode": word, "errorDescription": body["errorDescription"]}),
    };
    assert_eq!(body, whole, "{dialect}, {what}");
}

/// The process is well; whether it is ready depends on its stores.
pub(crate) fn assert_health(gateway: &Gateway, ready: u16) {
    let status = |path: &str| {
        Request::get(path)
            .send(gateway.management())
            .unwrap()
            .status
    };
    assert_eq!((status("/healthz"), status("/readyz")), (200, ready));
}

/// Waits until a login works again, then asks for every kind of token and presents it.
pub(crate) fn assert_well_again(gateway: &Gateway) {
    let server = gateway.public();
    wait_until("a login works again", || {
        let [(_, login), ..] = Person::admin().logins();
        let answer = login.send(server).unwrap();
        assert!([200, 503].contains(&answer.status), "{}", answer.text());
        answer.status == 200
    });
    let tokens = Person::admin().every_token(server).unwrap();
    assert_live(server, &tokens);
    assert_health(gateway, 200);
}

pub(crate) fn assert_live(server: SocketAddr, tokens: &[Held]) {
    for held in tokens {
        if let Some(request) = held.presented() {
            let answer = request.send(server).unwrap();
            assert_eq!(answer.status, 200, "{:?}: {}", held.kind, answer.text());
        }
    }
}

fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
