//! Calls of the dialect, and their responses.

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::fixture::World;

/// A response, completely read. A body that is not JSON is null.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl World {
    /// Posts `body` to `Authentication/<action>`.
    pub(crate) async fn post(&self, action: &str, body: Value) -> Answer {
        let request = TestRequest::post().set_json(body);
        let path = format!("Authentication/{action}");
        self.send(request, &path, "").await
    }

    /// Sends a request with a session token and no body.
    pub(crate) async fn with_token(&self, method: Method, path: &str, token: &str) -> Answer {
        let request = TestRequest::default().method(method);
        self.send(request, path, &format!("&APIToken={token}"))
            .await
    }

    /// Returns whether the session is valid.
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

    /// Logs ada in on a device and returns the session token and the re-authentication token.
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

    /// Requests an e-mail to reset the password.
    pub(crate) async fn request_reset(&self, name: &str) -> Answer {
        self.post("RequestPasswordReset", json!({"LoginName": name}))
            .await
    }

    pub(crate) async fn finish_reset(&self, key: &str, password: &str) -> Answer {
        let body = json!({"ResetKey": key, "Password": password});
        self.post("FinishPasswordReset", body).await
    }

    /// Requests an e-mail for that user, and returns the reset key in it.
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

    /// Returns the session token of a successful login.
    pub(crate) fn session(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.body["Authenticated"], true);
        self.text("SessionToken").to_owned()
    }

    /// Checks that the response is a refused login.
    #[track_caller]
    pub(crate) fn is_refused(&self) {
        let refused = json!({
            "Authenticated": false, "ReAuthenticationToken": "", "Me": null, "SessionToken": "",
        });
        assert_eq!((self.status, &self.body), (401, &refused));
    }

    /// Returns the members that a 400 response names as invalid.
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
