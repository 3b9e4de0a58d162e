//! The web hook.

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::users::{AuthorityUser, UserState};

/// Returns the login name and the password of a request.
pub(super) fn credentials(request: &Request) -> Option<(String, String)> {
    let question: Value = serde_json::from_slice(&request.body).ok()?;
    let text = |name: &str| Some(question.get(name)?.as_str()?.to_owned());
    Some((text("login")?, text("password")?))
}

/// Returns the answer.
pub(super) fn answer(users: &[AuthorityUser], request: &Request) -> Response {
    let Some((login, password)) = credentials(request) else {
        return Response {
            status: 400,
            json: "{}".to_owned(),
        };
    };
    let decided = match users.iter().find(|user| user.login == login) {
        None => json!({"decision": "unknown"}),
        Some(user) if user.password != password => json!({"decision": "rejected"}),
        Some(user) => judged(user),
    };
    Response {
        status: 200,
        json: decided.to_string(),
    }
}

fn judged(user: &AuthorityUser) -> Value {
    match user.state {
        UserState::Active => json!({
            "decision": "accepted",
            "user": {
                "external_id": user.external_id,
                "user_name": user.login,
                "email": user.email,
                "role": user.role,
                "organisation": user.organisation,
            },
        }),
        UserState::Disabled => json!({"decision": "disabled"}),
        UserState::PasswordExpired => json!({"decision": "disabled", "reason": "password_expired"}),
        UserState::SecondFactor => json!({"decision": "second_factor"}),
        UserState::Locked => json!({"decision": "throttled", "retry_after": 30}),
    }
}
