//! The calls of the dialect, and their answers.

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::fixture::World;

/// An answer, read to its end. A body that is no JSON is null.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl World {
    /// `POST Authentication/<action>`.
    pub(crate) async fn post(&self, action: &str, body: Value) -> Answer {
        let request = TestRequest::post().set_json(body);
        let path = format!("Authentication/{action}");
        self.send(request, &path, "").await
    }

    /// A call with a session's token and no body.
    pub(crate) async fn with_token(&self, method: Method, path: &str, token: &str) -> Answer {
        let request = TestRequest::default().method(method);
        self.send(request, path, &format!("&APIToken={token}"))
            .await
    }

    /// Whether the session is alive.
    pub(crate) async fn is_live(&self, session: &str) -> bool {
        match self
            .with_token(Method::GET, "Users/Me", session)
            .await
            .status
        {
            200 => true,
            401 => false,
            other => panic!("{other}"),
        }
    }

    pub(crate) async fn login(&self, name: &str, password: &str) -> Answer {
        self.post("Login", json!({"userName": name, "password": password}))
            .await
    }

    /// Ada's login on a device: the session token and the re-authentication token.
    pub(crate) async fn login_on(&self, device: &str) -> (String, String) {
        let answer = self
            .post(
                "Login",
                json!({
                    "userName": "ada", "password": "ada-password",
                    "deviceName": device, "generateReAuthenticationToken": true,
                }),
            )
            .await;
        (
            answer.session(),
            answer.text("ReAuthenticationToken").to_owned(),
        )
    }

    pub(crate) async fn token_login(&self, token: &str) -> Answer {
        self.post("TokenLogin", json!({"reAuthenticationToken": token}))
            .await
    }

    /// Asks for a letter.
    pub(crate) async fn request_reset(&self, name: &str) -> Answer {
        self.post("RequestPasswordReset", json!({"LoginName": name}))
            .await
    }

    pub(crate) async fn finish_reset(&self, key: &str, password: &str) -> Answer {
        let body = json!({"ResetKey": key, "Password": password});
        self.post("FinishPasswordReset", body).await
    }

    /// The key of a letter to that user.
    pub(crate) async fn reset_key(&self, name: &str) -> String {
        assert_eq!(self.request_reset(name).await.status, 200);
        let letter = self.letter().await;
        let is_key = |line: &&str| line.len() == 32 && line.chars().all(|c| c.is_ascii_hexdigit());
        letter.text.lines().find(is_key).unwrap().to_owned()
    }
}

impl Answer {
    pub(crate) fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap()
    }

    /// The session token of a login that went well.
    pub(crate) fn session(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.body["Authenticated"], true);
        self.text("SessionToken").to_owned()
    }

    /// Holds the answer to be a login refused.
    #[track_caller]
    pub(crate) fn is_refused(&self) {
        let refused = json!({
            "Authenticated": false, "ReAuthenticationToken": "", "Me": null, "SessionToken": "",
        });
        assert_eq!((self.status, &self.body), (401, &refused));
    }

    /// The members that a model's refusal names.
    #[track_caller]
    pub(crate) fn wrong_members(&self) -> Vec<&String> {
        assert_eq!(self.status, 400, "{self:?}");
        assert_eq!(self.body["Message"], "The request is invalid.");
        self.body["ModelState"]
            .as_object()
            .unwrap()
            .keys()
            .collect()
    }
}
