//! Logins with a name and a password, in every dialect.

use super::{Attempt, CODE, FORM, JSON, NOBODY, Outcome, all, message, typed};
use crate::marked_secrets::{API_KEY, LOSER, NAME, PASSWORD, WRONG_PASSWORD};

/// The login route of a dialect, with the names of its members.
struct Door {
    target: String,
    name: &'static str,
    password: &'static str,
    /// Further members that are required.
    more: &'static str,
    /// Members in which a password does not belong.
    others: &'static [&'static str],
}

fn doors() -> [Door; 4] {
    let door = |target: &str, name, more, others| Door {
        target: target.to_owned(),
        name,
        password: "password",
        more,
        others,
    };
    let organisation = r#""organisation": "CRMDEMO", "#;
    let key = format!("/api/v1/Authentication/Login?APIKey={API_KEY}");
    [
        door(
            "/v2/authorize",
            "user_id",
            "",
            &["remember_me", "application_id"],
        ),
        door(
            "/crmapi/rest/v2/authentication/token",
            "username",
            organisation,
            &["unit", "access_token_identifier"],
        ),
        door(
            &key,
            "userName",
            "",
            &["generateReAuthenticationToken", "deviceName"],
        ),
        door("/web/api/v3/auth/login", "userName", "", &["code"]),
    ]
}

/// Returns logins with passwords, in every dialect.
pub(crate) fn attempts() -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for door in doors() {
        let right = door.body(NAME, PASSWORD);
        let right = typed(&door.target, JSON, right.as_bytes());
        attempts.extend(all(Outcome::Accepted, vec![right]));
        attempts.extend(all(Outcome::Refused, door.wrong()));
        attempts.extend(all(Outcome::Refused, door.malformed_bodies()));
        attempts.extend(all(Outcome::Refused, door.misplaced()));
        attempts.extend(all(Outcome::Refused, door.malformed_messages()));
    }
    attempts
}

impl Door {
    fn body(&self, name: &str, password: &str) -> String {
        format!(
            r#"{{{}"{}": "{name}", "{}": "{password}"}}"#,
            self.more, self.name, self.password
        )
    }

    fn wrong(&self) -> Vec<Vec<u8>> {
        let people = [
            (NAME, WRONG_PASSWORD),
            (LOSER, PASSWORD),
            (NOBODY, PASSWORD),
            (LOSER, ""),
            ("", PASSWORD),
        ];
        let body = |(name, password)| self.body(name, password).into_bytes();
        let mut bodies: Vec<Vec<u8>> = people.map(body).into();
        bodies.extend(self.others.iter().map(|other| {
            let body = self.body(LOSER, PASSWORD);
            let misplaced = format!(r#"{{"{other}": "{PASSWORD}", "#);
            body.replacen('{', &misplaced, 1).into_bytes()
        }));
        bodies
            .iter()
            .map(|body| typed(&self.target, JSON, body))
            .collect()
    }

    /// Returns bodies that are damaged after the password, of wrong types, or in other encodings and formats.
    fn malformed_bodies(&self) -> Vec<Vec<u8>> {
        let (name, password) = (self.name, self.password);
        let start = format!(r#"{{{}"{name}": "{LOSER}", "{password}": "#, self.more);
        let bodies = [
            format!(r#"{start}"{PASSWORD}""#),
            format!(r#"{start}"{PASSWORD}"#),
            format!("{start}{PASSWORD}}}"),
            format!(r#"{start}"{PASSWORD}"}} {PASSWORD}"#),
            format!(r#"{start}"{PASSWORD}" "{PASSWORD}"}}"#),
            format!(r#"{start}"{PASSWORD}\q"}}"#),
            format!(r#"{start}"{PASSWORD}\u0000"}}"#),
            format!(r#"{start}["{PASSWORD}"]}}"#),
            format!(r#"{start}{{"{PASSWORD}": "{PASSWORD}"}}}}"#),
            format!(r#"{start}"{PASSWORD}", "{password}": "{WRONG_PASSWORD}"}}"#),
            format!(r#"{start}"{PASSWORD}", "{name}": ["{LOSER}"]}}"#),
            format!(r#"{{"{PASSWORD}": "{LOSER}"}}"#),
            format!(r#"["{LOSER}", "{PASSWORD}"]"#),
            format!(r#""{PASSWORD}""#),
            PASSWORD.to_owned(),
            format!("{name}={LOSER}&{password}={PASSWORD}"),
            format!(r#"{start}"{PASSWORD}"{}}}"#, " ".repeat(70_000)),
        ];
        let form = format!("{name}={LOSER}&{password}={PASSWORD}");
        let no_text = [form.as_bytes(), b"\xff&x=%ff%zz"].concat();
        let mut messages: Vec<_> = bodies
            .iter()
            .flat_map(|body| {
                ["", JSON, FORM, "text/plain", "text/json; charset=utf-16"]
                    .map(|media_type| typed(&self.target, media_type, body.as_bytes()))
            })
            .collect();
        messages.push(typed(&self.target, FORM, &no_text));
        let no_text = [start.as_bytes(), b"\"", PASSWORD.as_bytes(), b"\xff\"}"].concat();
        messages.push(typed(&self.target, JSON, &no_text));
        messages
    }

    /// Returns logins in the query, which only Memsource reads, in headers, and with other methods and paths.
    fn misplaced(&self) -> Vec<Vec<u8>> {
        let separator = if self.target.contains('?') { '&' } else { '?' };
        let query = format!(
            "{}{separator}{}={LOSER}&{}={PASSWORD}&code={CODE}",
            self.target, self.name, self.password
        );
        let nowhere = query.replacen('?', "/nowhere?", 1);
        let authorization = format!("Authorization: Basic {LOSER}:{PASSWORD}");
        let body = self.body(LOSER, PASSWORD);
        let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"];
        let mut messages: Vec<_> = methods
            .iter()
            .flat_map(|method| {
                [
                    message(method, &query, &[], b""),
                    message(method, &nowhere, &[&authorization], body.as_bytes()),
                ]
            })
            .collect();
        messages.push(message(
            "POST",
            &format!("{query}%zz%ff"),
            &[&authorization],
            b"",
        ));
        messages.push(message("POST", &query, &[], body.as_bytes()));
        messages
    }

    /// Returns messages that the HTTP server handles before any dialect.
    fn malformed_messages(&self) -> Vec<Vec<u8>> {
        let body = self.body(LOSER, PASSWORD);
        let json = "Content-Type: application/json";
        let target = &self.target;
        let separator = if target.contains('?') { '&' } else { '?' };
        let query = format!("{target}{separator}{}={PASSWORD}", self.password);
        let head = format!(
            "Host: isogloss\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        vec![
            // The server reads the rest as the next request.
            message(
                "POST",
                target,
                &[json, "Content-Length: 2"],
                body.as_bytes(),
            ),
            message(
                "POST",
                target,
                &[json, "Transfer-Encoding: chunked"],
                body.as_bytes(),
            ),
            message(
                "POST",
                target,
                &[json, "Transfer-Encoding: chunked"],
                format!("5\r\n{body}\r\n0\r\n\r\n").as_bytes(),
            ),
            format!("POST {query} HTTP/7.3\r\n{head}").into_bytes(),
            format!("POST {query}{{}}<>\" HTTP/1.1\r\n{head}").into_bytes(),
            [
                b"POST ",
                query.as_bytes(),
                b"\xff\x00 HTTP/1.1\r\n",
                head.as_bytes(),
            ]
            .concat(),
            format!("{PASSWORD} {query} HTTP/1.1\r\n{PASSWORD}\r\n{head}").into_bytes(),
            format!("POST {query} HTTP/1.1\r\nX: {PASSWORD}\x01\r\n{head}").into_bytes(),
        ]
    }
}
