//! Back ends that do not respond, in each dialect's words.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::test::TestRequest;
use isogloss_bimplus::Bimplus;
use isogloss_crmcom::{Crmcom, Settings};
use isogloss_dialect::back_end::{BackEndError, TokenPolicy};
use isogloss_memsource::Memsource;
use isogloss_tokenlogin::TokenLogin;
use serde_json::{Value, json};

use super::fixture::{Reply, Spelled, World};
use super::places::get;
use super::stub_back_end::StubBackEnd;

type Failure = fn() -> Result<HttpResponse, BackEndError>;

/// Each failure, its status, and `Retry-After`.
const FAILURES: [(Failure, u16, &[&str]); 5] = [
    (|| Err(BackEndError::Unreachable), 502, &[]),
    (|| Err(BackEndError::InvalidResponse), 502, &[]),
    (
        || {
            let retry_after = Duration::from_millis(1200);
            Err(BackEndError::Overloaded { retry_after })
        },
        503,
        &["2"],
    ),
    (|| Err(BackEndError::TimedOut), 504, &[]),
    (|| Err(BackEndError::IdentityUnavailable), 503, &["1"]),
];

fn failing(response: Failure) -> StubBackEnd {
    StubBackEnd {
        policy: TokenPolicy::Public,
        response,
        ..StubBackEnd::default()
    }
}

fn assert_failure(reply: &Reply, status: u16, retry_after: &[&str], body: &Value) {
    assert_eq!(reply.status, status);
    assert_eq!(reply.header("retry-after"), retry_after, "{status}");
    let received: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(received, *body, "{status}");
}

async fn fails<D: Spelled>(call: fn() -> TestRequest, body: Value) {
    let world = World::new().await;
    for (failure, status, retry_after) in FAILURES {
        let reply = world.call::<D>(&failing(failure), call()).await;
        assert_failure(&reply, status, retry_after, &body);
    }
}

#[actix_web::test]
async fn a_back_end_that_does_not_respond_is_unavailable_in_the_words_of_the_dialect() {
    let text = "The service is unavailable. Please retry.";
    let error = "temporarily_unavailable";
    let body = json!({"error": error, "error_description": text, "message": text});
    fails::<Bimplus>(|| get("projects"), body).await;
    let body = json!({"Message": "The service is unavailable."});
    fails::<TokenLogin>(|| get("Goals"), body).await;
    let body = json!({"errorCode": "ServiceUnavailable", "errorDescription": text});
    fails::<Memsource>(|| get("api2/v1/projects"), body).await;
}

#[actix_web::test]
async fn crmcom_sends_200_unless_the_operator_wants_the_status() {
    let world = World::new().await;
    let code = "COM.CRM.EXCEPTION.WEBAPI.SERVICEUNAVAILABLEEXCEPTION";
    let text = "The service is unavailable, please retry";
    let envelope = json!({"code": code, "message": text, "description": text});
    let body = json!({"status": envelope, "data": {}});
    for (failure, status, retry_after) in FAILURES {
        for (strict_status, status) in [(false, 200), (true, status)] {
            let settings = Settings {
                strict_status,
                ..Settings::default()
            };
            let (back_end, request) = (failing(failure), get("contacts").to_request());
            let reply = world
                .call_with::<Crmcom>(&settings, &back_end, request)
                .await;
            assert_failure(&reply, status, retry_after, &body);
        }
    }
}

#[actix_web::test]
async fn tokenlogin_suppresses_the_status_if_the_client_requests_it() {
    let world = World::new().await;
    let body = json!({"Message": "The service is unavailable."});
    for (failure, _, retry_after) in FAILURES {
        let call = get("Goals?suppressResponseCodes=true");
        let reply = world.call::<TokenLogin>(&failing(failure), call).await;
        assert_failure(&reply, 200, retry_after, &body);
    }
}
