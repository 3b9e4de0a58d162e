//! Requests with secrets, right, wrong and malformed. Tests search for traces of them.

mod keys;
mod passwords;
mod tokens;

use isogloss_testkit::Response;
use isogloss_testkit::dialects::HeldToken;

/// A user name that no user has.
pub(crate) const NOBODY: &str = "qznobodyqz";
/// A developer's key that does not exist.
pub(crate) const WRONG_KEY: &str = "Gt8WrongKeyMw5";
/// A wrong code of a second factor.
pub(crate) const CODE: &str = "Xc6SecondFactorDk3";
/// A well-formed token that was never issued.
pub(crate) const UNKNOWN_TOKEN: &str = "5ca1ab1e0ddba11c0ffee0fee1deadba";

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Returns all attempts: logins with passwords, cards and keys, and requests with these tokens.
pub(crate) fn all_kinds(tokens: &[HeldToken]) -> Vec<Attempt> {
    let mut attempts = passwords::attempts();
    attempts.extend(keys::attempts());
    attempts.extend(tokens::attempts(tokens));
    attempts
}

/// The required outcome of an attempt, without which the search would prove nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Accepted,
    Refused,
    Either,
}

/// A message as sent, and its required outcome.
pub(crate) struct Attempt {
    pub(crate) message: Vec<u8>,
    pub(crate) outcome: Outcome,
}

impl Attempt {
    /// Returns the message in readable form.
    pub(crate) fn shown(&self) -> String {
        let start = self.message.len().min(400);
        self.message[..start].escape_ascii().to_string()
    }
}

/// Returns whether the response is a success.
pub(crate) fn accepts(answer: &Response) -> bool {
    let refused = |code: &str| code != "OK";
    let body = answer.json().unwrap_or_default();
    let envelope = body.pointer("/status/code").and_then(|code| code.as_str());
    answer.status < 400 && !envelope.is_some_and(refused)
}

fn message(method: &str, target: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: isogloss\r\nConnection: close\r\n");
    for header in headers {
        head.extend([header, "\r\n"]);
    }
    if !head.contains("Content-Length") && !head.contains("Transfer-Encoding") {
        head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

fn typed(target: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    message(
        "POST",
        target,
        &[&format!("Content-Type: {media_type}")],
        body,
    )
}

fn all(outcome: Outcome, messages: Vec<Vec<u8>>) -> impl Iterator<Item = Attempt> {
    let attempt = move |message| Attempt { message, outcome };
    messages.into_iter().map(attempt)
}
