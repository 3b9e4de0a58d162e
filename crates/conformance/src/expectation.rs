//! The `expect` half of an exchange: status, headers, body.

use crate::body::Body;
use crate::pattern::Pattern;
use crate::response::Response;
use crate::template::Captures;
use crate::{Error, Result};

/// The expected response of an exchange.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expectation {
    status: Pattern,
    reason: Option<String>,
    headers: Vec<(String, ExpectedHeader)>,
    body: Option<Body>,
    header_case: HeaderCase,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ExpectedHeader {
    Absent,
    Matching(Pattern),
}

/// How header names are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderCase {
    Any,
    Exact,
}

/// How an expected body is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFormat {
    /// JSON if the header says so or it looks so, else text.
    Detect,
    Json,
}

impl Expectation {
    /// Parses the expected response of an exchange. `Err` if it has no status, or an invalid header, JSON body or
    /// placeholder.
    pub(crate) fn parse(text: &str, header_case: HeaderCase, format: BodyFormat) -> Result<Self> {
        let (head, body) = split_message(text);
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default();
        let (status, reason) = match status.split_once(' ') {
            Some((status, reason)) => (status, Some(reason.to_owned())),
            None => (status, None),
        };
        if status.is_empty() {
            return Err(Error::new(
                "the expected response does not start with a status",
            ));
        }
        let headers = lines.map(parse_header).collect::<Result<Vec<_>>>()?;
        let is_json = head.lines().skip(1).any(|line| {
            let line = line.to_ascii_lowercase();
            line.starts_with("content-type:") && line.contains("json")
        });
        let body = match body {
            None => None,
            Some(body) if format == BodyFormat::Json || looks_like_json(body) => {
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
            header_case,
        })
    }

    /// Compares a response with the expected one, captures the values of its placeholders, and returns a line for each
    /// difference. Empty if the response is as expected.
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
        for (name, expected) in &self.headers {
            found.extend(self.header_difference(name, expected, response, captures));
        }
        if let Some(body) = &self.body {
            found.extend(body.differences(&response.body, captures));
        }
        found
    }

    /// Returns the difference of one header. `None` if it is as expected.
    fn header_difference(
        &self,
        name: &str,
        expected: &ExpectedHeader,
        response: &Response,
        captures: &mut Captures,
    ) -> Option<String> {
        let same_name = |other: &str| match self.header_case {
            HeaderCase::Any => other.eq_ignore_ascii_case(name),
            HeaderCase::Exact => other == name,
        };
        let mut values = response
            .headers
            .iter()
            .filter(|(other, _)| same_name(other))
            .map(|(_, value)| value.as_str());
        match expected {
            ExpectedHeader::Absent => values
                .next()
                .map(|value| format!("header {name} is unexpected: {value}")),
            ExpectedHeader::Matching(pattern) => {
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

/// Returns head and body of a message in a file: a blank line separates them, and the newline before the closing quotes
/// belongs to neither. The body is `None` without a blank line.
pub(crate) fn split_message(text: &str) -> (&str, Option<&str>) {
    match text.split_once("\n\n") {
        Some((head, body)) => (head, Some(body.strip_suffix('\n').unwrap_or(body))),
        None => (text.trim_end_matches('\n'), None),
    }
}

/// Parses a line of the expected head into the name and the value, where `-` means that the header must be absent.
/// `Err` if the line has no colon.
fn parse_header(line: &str) -> Result<(String, ExpectedHeader)> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| Error::new(format!("`{line}` is not a header, expected `Name: value`")))?;
    let expected = match value.trim() {
        "-" => ExpectedHeader::Absent,
        value => ExpectedHeader::Matching(Pattern::parse(value)?),
    };
    Ok((name.to_owned(), expected))
}

/// Returns true if a body begins like a JSON array or object, and not with a placeholder.
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

    fn differences(text: &str, header_case: HeaderCase) -> Vec<String> {
        let expectation = Expectation::parse(text, header_case, BodyFormat::Detect).unwrap();
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
            assert_eq!(differences(text, HeaderCase::Any), [""; 0], "{text}");
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
                "header Content-Type is unexpected: application/json",
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
            ("200\n\n{\"a\": 2}\n", "$.a: expected 2, received 1"),
        ] {
            assert_eq!(differences(text, HeaderCase::Any), [difference], "{text}");
        }
    }

    #[test]
    fn the_case_of_header_names_counts_when_asked() {
        let text = "200\ncontent-type: application/json\n";
        assert_eq!(
            differences(text, HeaderCase::Exact),
            ["header content-type is missing"]
        );
        assert!(differences("200\nContent-Type: application/json\n", HeaderCase::Exact).is_empty());
    }

    #[test]
    fn one_newline_before_the_quotes_is_dropped() {
        assert_eq!(
            split_message("A\nB: c\n\nbody\n"),
            ("A\nB: c", Some("body"))
        );
        assert_eq!(split_message("A\n\nbody\n\n"), ("A", Some("body\n")));
        assert_eq!(split_message("A\n\n"), ("A", Some("")));
        assert_eq!(split_message("A\n"), ("A", None));
    }
}
