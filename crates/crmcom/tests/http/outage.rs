//! An unreachable token store.

use actix_web::test::TestRequest;
use isogloss_crmcom::Settings;
use serde_json::json;

use crate::fixture::{Fixture, KEY};

#[actix_web::test]
async fn a_store_that_is_away_is_unavailable_and_never_an_invalid_token() {
    let fixture = Fixture::with_its_store_away().await;
    for (strict_status, status) in [(false, 200), (true, 503)] {
        let settings = Settings {
            strict_status,
            ..Settings::default()
        };
        let login = json!({"username": "ada", "password": "ada-pw", "organisation": "Acme"});
        let card = json!({"organisation": "Acme", "access_token_identifier": {"authentication_code": "open-sesame"}});
        let token = json!({"token": "4AD9C84FA60F9FE407140E20F707726A"});
        for (method, body) in [
            ("token", login),
            ("token", card),
            ("token/release", token),
            ("web_api_key/token", json!({})),
        ] {
            let request = TestRequest::post().insert_header(KEY).set_json(body);
            let reply = fixture.send(&settings, method, request).await;
            let text = reply.body["status"]["message"].clone();
            assert!(text.as_str().is_some_and(|text| !text.is_empty()));
            let code = "COM.CRM.EXCEPTION.WEBAPI.SERVICEUNAVAILABLEEXCEPTION";
            let expected = json!({"code": code, "message": text, "description": text});
            assert_eq!(reply.status, status, "{method}");
            assert_eq!(reply.body, json!({"status": expected, "data": {}}));
        }
    }
}
