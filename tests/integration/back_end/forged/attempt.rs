//! A request of a client that pretends, and what must become of it.

use isogloss_testkit::dialects::Dialect;

use crate::back_end::path;

/// What the forged values contain. No header of a request at the back end has it.
pub(super) const FORGED: &str = "forged";
/// A token that is well formed and was never issued, for each dialect.
const DEAD: [(&str, &str); 4] = [
    ("bimplus", "35eb2b5e94b54d5aafa6b6a7b6e8de01"),
    ("crmcom", "35EB2B5E94B54D5AAFA6B6A7B6E8DE01"),
    ("tokenlogin", "35eb2b5e94b54d5aafa6b6a7b6e8de01"),
    ("memsource", "35-35eb2b5e94b54d5aafa6b6a7b6e8de01"),
];

/// The identity with which a request arrives at the back end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// That of the token: the user `linguist`.
    Linguist,
    /// None: every header is empty.
    Nobody,
}

/// What becomes of the request.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// It arrives at the back end once, unless its connection ends before.
    Arrives(Identity),
    /// It does not arrive.
    Refused,
}

/// A forged request. Its texts may hold `{token}` of the user `linguist`, `{other}` of the user `admin`, and `{dead}`.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) name: String,
    pub(super) dialect: Dialect,
    /// The request line, without its end.
    line: String,
    /// The header lines behind `Host`, each with its end.
    head: String,
    /// What follows the head.
    tail: String,
    pub(super) outcome: Outcome,
    /// The target at the back end.
    pub(super) target: String,
    /// The body at the back end.
    pub(super) body: String,
}

/// The tokens of one dialect.
pub(super) struct Tokens {
    pub(super) linguist: String,
    pub(super) admin: String,
}

impl Attempt {
    /// Returns a call without a token, which is refused.
    pub(super) fn bare(name: impl Into<String>, dialect: Dialect) -> Self {
        let target = path(&dialect, "list?project=9");
        Self {
            name: name.into(),
            dialect,
            line: format!("GET {target} HTTP/1.1"),
            head: String::new(),
            tail: String::new(),
            outcome: Outcome::Refused,
            target,
            body: String::new(),
        }
    }

    /// Returns a call with the token of the user `linguist` in the header `Authorization`, which arrives.
    pub(super) fn new(name: impl Into<String>, dialect: Dialect) -> Self {
        let scheme = match dialect.name {
            "memsource" => "ApiToken",
            _ => "BimPlus",
        };
        Self::bare(name, dialect)
            .line(format!("Authorization: {scheme} {{token}}"))
            .arrives(Identity::Linguist)
    }

    /// Sets method and target.
    pub(super) fn to(self, method: &str, target: impl Into<String>) -> Self {
        let target = target.into();
        let line = format!("{method} {target} HTTP/1.1");
        Self {
            line,
            target,
            ..self
        }
    }

    /// Sets the whole request line. The target at the back end stays that of the usual call.
    pub(super) fn request_line(self, line: impl Into<String>) -> Self {
        let line = line.into();
        Self { line, ..self }
    }

    /// Adds a header line, or more of them with their ends between.
    pub(super) fn line(mut self, line: impl AsRef<str>) -> Self {
        self.head += line.as_ref();
        self.head += "\r\n";
        self
    }

    /// Sets what follows the head.
    pub(super) fn tail(self, tail: impl Into<String>) -> Self {
        let tail = tail.into();
        Self { tail, ..self }
    }

    /// Adds a body with its length.
    pub(super) fn content(self, body: impl Into<String>) -> Self {
        let body = body.into();
        let length = body
            .replace("{token}", "{dead}")
            .replace("{other}", "{dead}")
            .replace("{dead}", self.dead())
            .len();
        self.line(format!("Content-Length: {length}"))
            .tail(body.clone())
            .body(body)
    }

    /// Sets the body with which it arrives.
    pub(super) fn body(self, body: impl Into<String>) -> Self {
        let body = body.into();
        Self { body, ..self }
    }

    /// Sets the target with which it arrives.
    pub(super) fn target(self, target: impl Into<String>) -> Self {
        let target = target.into();
        Self { target, ..self }
    }

    pub(super) fn arrives(self, identity: Identity) -> Self {
        let outcome = Outcome::Arrives(identity);
        Self { outcome, ..self }
    }

    pub(super) fn refused(self) -> Self {
        let outcome = Outcome::Refused;
        Self { outcome, ..self }
    }

    /// Returns the bytes of the request. The header `X-Case` has its number.
    pub(super) fn message(&self, case: usize, tokens: &Tokens) -> Vec<u8> {
        let host = if self.head.contains("Host:") {
            ""
        } else {
            "Host: tms.example.com\r\n"
        };
        let close = if self.head.to_lowercase().contains("connection:") {
            ""
        } else {
            "Connection: close\r\n"
        };
        let Self {
            line, head, tail, ..
        } = self;
        let text = format!("{line}\r\n{host}X-Case: {case}\r\n{close}{head}\r\n{tail}");
        self.filled(&text.replace("{case}", &case.to_string()), tokens)
            .into_bytes()
    }

    /// Returns the text with the tokens.
    pub(super) fn filled(&self, text: &str, tokens: &Tokens) -> String {
        text.replace("{token}", &tokens.linguist)
            .replace("{other}", &tokens.admin)
            .replace("{dead}", self.dead())
    }

    fn dead(&self) -> &'static str {
        let mut dead = DEAD.iter();
        let found = dead.find(|(name, _)| *name == self.dialect.name);
        found.map_or("", |(_, token)| *token)
    }
}
