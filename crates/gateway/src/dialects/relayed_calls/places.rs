//! The places in which each dialect's calls carry a token, and the refusals of calls without a valid one.

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use actix_web::test::TestRequest;
use isogloss_bimplus::Bimplus;
use isogloss_crmcom::Crmcom;
use isogloss_memsource::Memsource;
use isogloss_tokenlogin::TokenLogin;
use serde_json::{Value, json};

use super::fixture::{Spelled, World};
use super::stub_back_end::StubBackEnd;

/// Well-formed, and unknown.
const DEAD: &str = "35eb2b5e94b54d5aafa6b6a7b6e8de01";

/// A call with the token in one place.
type Call = fn(&str) -> TestRequest;

pub(super) const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const MULTIPART: &str = "multipart/form-data; boundary=line";

pub(super) fn get(path_and_query: &str) -> TestRequest {
    TestRequest::get().uri(&format!("/mount/{path_and_query}"))
}

pub(super) fn post(content_type: &str, body: impl Into<String>) -> TestRequest {
    let request = TestRequest::post().uri("/mount/work");
    request
        .insert_header((CONTENT_TYPE, content_type))
        .set_payload(body.into())
}

/// Returns a multipart body with the token in its first part, and a file.
pub(super) fn parts(token: &str) -> String {
    let file = "Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n-- a --";
    let token = format!("Content-Disposition: form-data; name=\"token\"\r\n\r\n{token}");
    format!("--line\r\n{token}\r\n--line\r\n{file}\r\n--line--\r\n")
}

const BIMPLUS: [Call; 6] = [
    |token| get("projects").insert_header((AUTHORIZATION, format!("BimPlus {token}"))),
    |token| get("projects").insert_header((AUTHORIZATION, format!("bimplus  {token} "))),
    |token| get("projects").insert_header((AUTHORIZATION, format!("Bearer {token}"))),
    |token| get(&format!("projects?access_token={token}")),
    |token| get(&format!("projects?api-token={token}&_=1")),
    |token| get(&format!("projects?API-Token={token}")),
];
const CRMCOM: [Call; 7] = [
    |token| get(&format!("subscriptions/list?token={token}")),
    |token| {
        post(
            "application/json;charset=UTF-8",
            json!({"token": token}).to_string(),
        )
    },
    |token| {
        post(
            "text/json",
            format!("\u{feff}{{\"a\": [1], \"token\": \"{token}\"}}"),
        )
    },
    |token| post("text/plain", format!("{{\"\\u0074oken\": \"{token}\"}}")),
    |token| post(FORM, format!("a=b&token={token}")),
    |token| post(FORM, json!({"a": "b", "token": token}).to_string()),
    |token| post(MULTIPART, parts(token)),
];
const TOKENLOGIN: [Call; 2] = [
    |token| get(&format!("Goals?APIKey=app-key&APIToken={token}")),
    |token| get(&format!("Goals?apikey=app-key&fields=ID&APITOKEN={token}")),
];
const MEMSOURCE: [Call; 9] = [
    |token| get(&format!("api/v3/project/list?token={token}")),
    |token| get("api2/v1/projects").insert_header((AUTHORIZATION, format!("ApiToken {token}"))),
    |token| get("api2/v1/projects").insert_header((AUTHORIZATION, format!("Bearer {token}"))),
    |token| get("project").insert_header((COOKIE, format!("a=b; isogloss_session={token}"))),
    |token| post(FORM, format!("name=a+b&token={token}&token=")),
    |token| post(&FORM.to_uppercase(), format!("%74oken={token}")),
    |token| post(MULTIPART, parts(token)),
    |token| post("multipart/form-data; boundary=\"line\"", parts(token)),
    |token| post("application/json", json!({"token": token}).to_string()),
];

async fn a_live_token_is_accepted<D: Spelled>(calls: &[Call]) {
    let world = World::new().await;
    let back_end = StubBackEnd::default();
    let token = world.token::<D>().await;
    for (index, call) in calls.iter().enumerate() {
        let reply = world.call::<D>(&back_end, call(&token)).await;
        let received = back_end.take_received();
        let users: Vec<_> = received.iter().map(|call| call.user.as_deref()).collect();
        assert_eq!((reply.status, users), (200, vec![Some("ada")]), "{index}");
    }
}

#[actix_web::test]
async fn live_tokens_are_accepted_in_every_place_of_their_dialect() {
    a_live_token_is_accepted::<Bimplus>(&BIMPLUS).await;
    a_live_token_is_accepted::<Crmcom>(&CRMCOM).await;
    a_live_token_is_accepted::<TokenLogin>(&TOKENLOGIN).await;
    a_live_token_is_accepted::<Memsource>(&MEMSOURCE).await;
}

/// Sends each call without a token, with one that is unknown, and with one that is malformed. Each is refused.
async fn others_are_refused<D: Spelled>(calls: &[Call], (status, refusal): (u16, Value)) {
    let world = World::new().await;
    let back_end = StubBackEnd::default();
    for (index, call) in calls.iter().enumerate() {
        for token in ["", &D::spell(DEAD), &DEAD[1..]] {
            let reply = world.call::<D>(&back_end, call(token)).await;
            let body: Value = serde_json::from_str(&reply.body).unwrap();
            assert_eq!((reply.status, &body), (status, &refusal), "{index} {token}");
        }
    }
    assert_eq!(back_end.take_received(), []);
}

#[actix_web::test]
async fn without_a_live_token_the_refusal_has_the_words_of_the_dialect() {
    let text = "The access token is invalid or has expired.";
    let bimplus = json!({"error": "invalid_token", "error_description": text, "message": text});
    others_are_refused::<Bimplus>(&BIMPLUS, (401, bimplus)).await;
    let code = "COM.CRM.EXCEPTION.SECURITY.INVALIDTOKENEXCEPTION";
    let text = "Invalid token";
    let status = json!({"code": code, "message": text, "description": text});
    let crmcom = json!({"status": status, "data": {}});
    others_are_refused::<Crmcom>(&CRMCOM, (200, crmcom)).await;
    let tokenlogin = json!({"Message": "Authorization has been denied for this request."});
    others_are_refused::<TokenLogin>(&TOKENLOGIN, (401, tokenlogin)).await;
    let text = "Unauthorized access.";
    let memsource = json!({"errorCode": "AuthUnauthorized", "errorDescription": text});
    others_are_refused::<Memsource>(&MEMSOURCE, (401, memsource)).await;
}

#[actix_web::test]
async fn tokenlogin_also_requires_the_key_of_a_developer() {
    let world = World::new().await;
    let back_end = StubBackEnd::default();
    let token = world.token::<TokenLogin>().await;
    for key in ["", "APIKey=other&"] {
        let call = get(&format!("Goals?{key}APIToken={token}"));
        let reply = world.call::<TokenLogin>(&back_end, call).await;
        assert_eq!(reply.status, 401, "{key}");
    }
    assert_eq!(back_end.take_received(), []);
}

#[actix_web::test]
async fn tokens_in_other_places_are_no_tokens() {
    let world = World::new().await;
    let back_end = StubBackEnd::default();
    let token = world.token::<Bimplus>().await;
    for call in [
        get(&format!("projects?token={token}")),
        get("projects").insert_header((AUTHORIZATION, format!("ApiToken {token}"))),
        post(
            "application/json",
            json!({"access_token": token}).to_string(),
        ),
    ] {
        assert_eq!(world.call::<Bimplus>(&back_end, call).await.status, 401);
    }
    let token = world.token::<Memsource>().await;
    for call in [
        get(&format!("api/v3/project/list?Token={token}")),
        post(
            "application/json",
            json!({"a": {"token": token}}).to_string(),
        ),
        post("application/json", json!([{"token": token}]).to_string()),
        post("application/octet-stream", format!("token={token}")),
    ] {
        assert_eq!(world.call::<Memsource>(&back_end, call).await.status, 401);
    }
    assert_eq!(back_end.take_received(), []);
}
