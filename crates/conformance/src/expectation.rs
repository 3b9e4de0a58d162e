//! The `expect` half of an exchange: status, headers, body.

use crate::body::Body;
use crate::pattern::Pattern;
use crate::response::Response;
use crate::template::Captures;
use crate::{Error, Result};

/// An answer as it must come.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expectation {
    status: Pattern,
    reason: Option<String>,
    headers: Vec<(String, Presence)>,
    body: Option<Body>,
    names: Names,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Presence {
    Absent,
    With(Pattern),
}

/// How header names are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    AnyCase,
    ExactCase,
}

/// What an expected body is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON if the header says so or it looks so, else text.
    ByLooks,
    Json,
}

impl Expectation {
    pub(crate) fn parse(text: &str, names: Names, format: Format) -> Result<Self> {
        let (head, body) = split(text);
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default();
        let (status, reason) = match status.split_once(' ') {
            Some((status, reason)) => (status, Some(reason.to_owned())),
            None => (status, None),
        };
        if status.is_empty() {
            return Err(Error::new("the expected answer starts with no status"));
        }
        let headers = lines.map(header).collect::<Result<Vec<_>>>()?;
        let is_json = head.lines().skip(1).any(|line| {
            let line = line.to_ascii_lowercase();
            line.starts_with("content-type:") && line.contains("json")
        });
        let body = match body {
            None => None,
            Some(body) if format == Format::Json || looks_like_json(body) => {
                Some(Body::json(body)?)
            }
            Some(body) if is_json && !body.is_empty() => Some(Body::json(body)?),
            Some(body) => Some(Body::Text(Pattern::parse(body)?)),
        };
        Ok(Self {
            status: Pattern::parse(status)?,
            reason,
            headers,
            body,
            names,
        })
    }

    /// What differs, one line each; nothing if the answer is as expected.
    pub(crate) fn differences(&self, response: &Response, captures: &mut Captures) -> Vec<String> {
        let mut found = Vec::new();
        if !self.status.matches(&response.status.to_string(), captures) {
            found.push(format!("the status is {}", response.status));
        }
        if self
            .reason
            .as_ref()
            .is_some_and(|reason| *reason != response.reason)
        {
            found.push(format!("the reason is `{}`", response.reason));
        }
        for (name, presence) in &self.headers {
            found.extend(self.header_difference(name, presence, response, captures));
        }
        if let Some(body) = &self.body {
            found.extend(body.differences(&response.body, captures));
        }
        found
    }

    fn header_difference(
        &self,
        name: &str,
        presence: &Presence,
        response: &Response,
        captures: &mut Captures,
    ) -> Option<String> {
        let same_name = |other: &str| match self.names {
            Names::AnyCase => other.eq_ignore_ascii_case(name),
            Names::ExactCase => other == name,
        };
        let mut values = response
            .headers
            .iter()
            .filter(|(other, _)| same_name(other))
            .map(|(_, value)| value.as_str());
        match presence {
            Presence::Absent => values
                .next()
                .map(|value| format!("header {name} is there: {value}")),
            Presence::With(pattern) => {
                let values: Vec<_> = values.collect();
                let matched = values.iter().any(|value| pattern.matches(value, captures));
                (!matched).then(|| match values.as_slice() {
                    [] => format!("header {name} is missing"),
                    values => format!("header {name} differs: {}", values.join(" | ")),
                })
            }
        }
    }
}

/// Head and body of a message as a file has it: a blank line parts them, and the newline before the closing
/// quotes belongs to neither.
pub(crate) fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once("\n\n") {
        Some((head, body)) => (head, Some(body.strip_suffix('\n').unwrap_or(body))),
        None => (text.trim_end_matches('\n'), None),
    }
}

fn header(line: &str) -> Result<(String, Presence)> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| Error::new(format!("`{line}` is no header")))?;
    let presence = match value.trim() {
        "-" => Presence::Absent,
        value => Presence::With(Pattern::parse(value)?),
    };
    Ok((name.to_owned(), presence))
}

fn looks_like_json(body: &str) -> bool {
    body.starts_with('[') || (body.starts_with('{') && !body.starts_with("{{"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response() -> Response {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Response {
            status: 200,
            reason: "OK".to_owned(),
            headers: vec![
                header("Content-Type", "application/json"),
                header("Set-Cookie", "a=1"),
                header("Set-Cookie", "b=2"),
            ],
            body: br#"{"a":1}"#.to_vec(),
        }
    }

    fn differences(text: &str, names: Names) -> Vec<String> {
        let expectation = Expectation::parse(text, names, Format::ByLooks).unwrap();
        expectation.differences(&response(), &mut Captures::default())
    }

    #[test]
    fn what_is_as_expected_has_no_differences() {
        for text in [
            "200\n",
            "200 OK\n",
            "{{int:200..299}}\n",
            "200\ncontent-type: application/json\nset-cookie: b={{int}}\nX-Other: -\n",
            "200\n\n{\"a\": 1}\n",
            "200\nContent-Type: application/json\n\n{\"a\": \"{{int}}\"}\n",
        ] {
            assert_eq!(differences(text, Names::AnyCase), [""; 0], "{text}");
        }
    }

    #[test]
    fn each_difference_is_told() {
        for (text, difference) in [
            ("401\n", "the status is 200"),
            ("200 Fine\n", "the reason is `OK`"),
            ("200\nAllow: POST\n", "header Allow is missing"),
            (
                "200\nContent-Type: -\n",
                "header Content-Type is there: application/json",
            ),
            (
                "200\nContent-Type: text/html\n",
                "header Content-Type differs: application/json",
            ),
            (
                "200\nSet-Cookie: c=3\n",
                "header Set-Cookie differs: a=1 | b=2",
            ),
            ("200\n\n\n", "the body differs"),
            ("200\n\n{\"a\": 2}\n", "$.a: expected 2, came 1"),
        ] {
            assert_eq!(differences(text, Names::AnyCase), [difference], "{text}");
        }
    }

    #[test]
    fn the_case_of_header_names_counts_when_asked() {
        let text = "200\ncontent-type: application/json\n";
        assert_eq!(
            differences(text, Names::ExactCase),
            ["header content-type is missing"]
        );
        assert!(differences("200\nContent-Type: application/json\n", Names::ExactCase).is_empty());
    }

    #[test]
    fn one_newline_before_the_quotes_is_dropped() {
        assert_eq!(split("A\nB: c\n\nbody\n"), ("A\nB: c", Some("body")));
        assert_eq!(split("A\n\nbody\n\n"), ("A", Some("body\n")));
        assert_eq!(split("A\n\n"), ("A", Some("")));
        assert_eq!(split("A\n"), ("A", None));
    }
}
