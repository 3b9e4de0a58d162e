//! Requests of clients, and outcomes of responses.

use isogloss_testkit::{Request, Response};
use serde_json::{Value, json};

use crate::faults::schedules::model::{Kind, Token, User};
use crate::faults::schedules::plan::{Dialect, Way};

const API_KEY: &str = "APIKey=demo-api-key";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listener {
    Public,
    Management,
}

/// A request and the listener that it is sent to.
#[derive(Debug, Clone)]
pub(crate) struct Call(pub(crate) Listener, pub(crate) Request);

pub(crate) fn login(dialect: Dialect, user: &User, password: &str, client: &str) -> Call {
    let name = &user.name;
    let request = match dialect {
        Dialect::Bimplus => Request::post("/v2/authorize").json(&json!({
            "user_id": name, "password": password, "remember_me": true, "client_id": client,
        })),
        Dialect::Crmcom => Request::post("/crmapi/rest/v2/authentication/token").json(&json!({
            "username": name, "password": password, "organisation": "CRMDEMO",
        })),
        Dialect::Tokenlogin => tokenlogin("Login").json(&json!({
            "userName": name, "password": password,
            "deviceName": client, "generateReAuthenticationToken": true,
        })),
        Dialect::Memsource => Request::post("/web/api/v3/auth/login")
            .form(format!("userName={name}&password={password}")),
    };
    Call(Listener::Public, request)
}

fn tokenlogin(action: &str) -> Request {
    Request::post(format!("/api/v1/Authentication/{action}?{API_KEY}"))
}

fn bearing(request: Request, token: &str) -> Request {
    request.header("Authorization", format!("BimPlus {token}"))
}

impl Kind {
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Access | Self::Remember | Self::Cross | Self::EmailLink => Dialect::Bimplus,
            Self::Crmcom => Dialect::Crmcom,
            Self::Session | Self::Reauthentication | Self::ResetKey => Dialect::Tokenlogin,
            Self::Memsource | Self::LoginOther | Self::Browser => Dialect::Memsource,
        }
    }
}

/// Checks a token of a kind that calls carry.
pub(crate) fn check(token: &Token, way: Way) -> Call {
    let text = &token.text;
    let (name, uri) = match token.kind.dialect() {
        Dialect::Bimplus => ("bimplus", format!("/x?access_token={text}")),
        Dialect::Crmcom => ("crmcom", format!("/x?token={text}")),
        Dialect::Tokenlogin => ("tokenlogin", format!("/x?{API_KEY}&APIToken={text}")),
        Dialect::Memsource => ("memsource", format!("/x?token={text}")),
    };
    let introspection = Request::post("/introspect")
        .header("Authorization", "Bearer demo-introspection-key")
        .form(format!("token={text}&dialect={name}"));
    let own = match (way, token.kind.dialect()) {
        // CRM.COM has no route that checks tokens.
        (Way::Introspection, _) | (Way::Own, Dialect::Crmcom) => {
            return Call(Listener::Management, introspection);
        }
        (Way::ForwardAuth, _) => {
            let request = Request::get(format!("/forward-auth/{name}"))
                .header("X-Forwarded-Uri", uri)
                .header("X-Forwarded-Method", "GET");
            return Call(Listener::Management, request);
        }
        (Way::Own, Dialect::Bimplus) => bearing(Request::get("/v2/authorize"), text),
        (Way::Own, Dialect::Tokenlogin) => {
            Request::get(format!("/api/v1/Users/Me?{API_KEY}&APIToken={text}"))
        }
        (Way::Own, Dialect::Memsource) => {
            Request::get(format!("/web/api/v3/auth/whoAmI?token={text}"))
        }
    };
    Call(Listener::Public, own)
}

/// Logs in again with a token for that purpose.
pub(crate) fn refresh(token: &Token) -> Call {
    let request = match token.kind.dialect() {
        Dialect::Tokenlogin => {
            tokenlogin("TokenLogin").json(&json!({"reAuthenticationToken": token.text}))
        }
        _ => Request::post("/v2/authorize")
            .json(&json!({"remember_me_token": token.text, "client_id": token.client})),
    };
    Call(Listener::Public, request)
}

pub(crate) fn log_out(token: &Token) -> Call {
    let text = &token.text;
    let request = match token.kind.dialect() {
        Dialect::Bimplus => bearing(Request::new("DELETE", "/v2/authorize"), text),
        Dialect::Crmcom => Request::post("/crmapi/rest/v2/authentication/token/release")
            .json(&json!({"token": text})),
        Dialect::Tokenlogin => Request::post(format!(
            "/api/v1/Authentication/Logout?{API_KEY}&APIToken={text}"
        )),
        Dialect::Memsource => Request::get(format!("/web/api/v3/auth/logout?token={text}")),
    };
    Call(Listener::Public, request)
}

/// Requests a one-time token.
pub(crate) fn hand_over(token: &Token, to: &User) -> Call {
    let request = match token.kind.dialect() {
        Dialect::Memsource => Request::post("/web/api/v3/auth/loginOther")
            .form(format!("token={}&userName={}", token.text, to.name)),
        _ => bearing(Request::post("/v2/cross-token"), &token.text),
    };
    Call(Listener::Public, request)
}

/// Redeems a one-time token. With the key of an e-mail, sets that password.
pub(crate) fn redeem(token: &Token, password: &str) -> Call {
    let text = &token.text;
    let request = match token.kind.dialect() {
        Dialect::Memsource => Request::get(format!("/web/login/authByToken?token={text}")),
        Dialect::Tokenlogin => {
            tokenlogin("FinishPasswordReset").json(&json!({"ResetKey": text, "Password": password}))
        }
        _ => Request::post("/v2/cross-authorize").json(&json!({"cross_token": text})),
    };
    Call(Listener::Public, request)
}

pub(crate) fn email(dialect: Dialect, user: &User) -> Call {
    let request = match dialect {
        Dialect::Tokenlogin => {
            tokenlogin("RequestPasswordReset").json(&json!({"LoginName": user.name}))
        }
        _ => Request::post("/v2/auth-forgot").json(&json!({"user_id": user.name})),
    };
    Call(Listener::Public, request)
}

/// Calls a route of administrators.
pub(crate) fn admin(method: &str, path: &str, body: Option<&Value>) -> Call {
    let request = Request::new(method, format!("/admin/{path}"))
        .header("Authorization", "Bearer demo-admin-key");
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    Call(Listener::Management, request)
}

/// Outcome of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Done(Value),
    Refused,
    Unavailable,
    /// The client saw no response.
    Unseen,
    Wrong(String),
}

impl Outcome {
    pub(crate) fn of(answer: &Response) -> Self {
        let body = answer.json().unwrap_or_default();
        let code = body.pointer("/status/code").and_then(Value::as_str);
        match (answer.status, code) {
            (200, Some("OK") | None) if body["active"] == false => Self::Refused,
            (200, Some("OK") | None) | (204, _) => Self::Done(body),
            (302, _) => Self::Done(cookie(answer)),
            (200, Some(code)) if code.contains("SERVICEUNAVAILABLE") => Self::Unavailable,
            (200, Some(code)) if code.contains(".SECURITY.") => Self::Refused,
            (401 | 403, _) => Self::Refused,
            // `loginOther` for a user who may not log in.
            (400, _) if body["errorCode"] == "InvalidArguments" => Self::Refused,
            (503, _) => Self::Unavailable,
            (status, _) => Self::Wrong(format!("{status} {}", answer.text())),
        }
    }

    /// Returns the string at that place of a response. `None` if it is empty or missing, or the request did not
    /// succeed.
    pub(crate) fn text(&self, place: &str) -> Option<String> {
        let Self::Done(body) = self else {
            return None;
        };
        let text = body.pointer(place)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// Returns the session of a browser as `{"cookie": …}`.
fn cookie(answer: &Response) -> Value {
    let cookie = answer.header("Set-Cookie").unwrap_or_default();
    let pair = cookie.split(';').next().unwrap_or_default();
    let value = pair.split_once('=').map(|(_, value)| value);
    json!({"cookie": value})
}
