//! Fifty concurrent requests with the same token, and concurrent logins.

use actix_web::test::{TestRequest, call_service, init_service};
use futures_util::future::join_all;
use isogloss_memsource::{Login, Settings};
use serde_json::json;
use time::macros::datetime;

use crate::fixture::{Host, token};

#[actix_web::test]
async fn token_of_login_other_opens_one_browser_session() {
    let host = Host::at(datetime!(2020-01-01 12:00 UTC), Settings::default()).await;
    let admin = host.login("ada").await;
    let (_, other) = host
        .post(
            "api2/v1/auth/loginOther",
            Some(token(&admin)),
            json!({"userName": "lin"}),
        )
        .await;
    let app = init_service(host.app()).await;
    let uri = format!("/web/login/authByToken?token={}", token(&other));
    let hits = (0..50).map(|_| call_service(&app, TestRequest::get().uri(&uri).to_request()));
    let answers = join_all(hits).await;
    let count = |status: u16| {
        let fits = answers.iter().filter(|answer| answer.status() == status);
        fits.count()
    };
    assert_eq!((count(302), count(401)), (1, 49));
}

#[actix_web::test]
async fn logins_at_once_leave_one_token_to_reuse() {
    let settings = Settings {
        login: Login::Reuse,
        ..Settings::default()
    };
    let host = Host::at(datetime!(2020-01-01 12:00 UTC), settings).await;
    let answers = join_all((0..20).map(|_| host.login("ada"))).await;
    for answer in &answers {
        assert_eq!(host.who_am_i(token(answer)).await, 200);
    }
    let settled = host.login("ada").await;
    assert_eq!(host.login("ada").await, settled);
}
