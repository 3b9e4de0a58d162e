//! The text of a request, with placeholders.

use uuid::Uuid;

use crate::template::{Captures, Part, is_name, split};
use crate::totp_code::{TimeStep, totp_code};
use crate::{Error, Result};

/// What replaces a placeholder of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RequestPlaceholder {
    Captured { name: String, filters: Vec<Filter> },
    Totp(String, TimeStep),
    Repeat(String, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Upper,
    Lower,
    Dashed,
}

impl RequestPlaceholder {
    /// Parses a placeholder of a request. `Err` if it is not a code, a repetition, or a name with filters.
    fn parse(text: &str) -> Result<Self> {
        for (prefix, step) in [
            ("totp:", TimeStep::Current),
            ("totp-1:", TimeStep::Previous),
        ] {
            if let Some(secret) = text.strip_prefix(prefix) {
                return Ok(Self::Totp(secret.to_owned(), step));
            }
        }
        if let Some((what, times)) = text
            .strip_prefix("repeat:")
            .and_then(|t| t.rsplit_once(':'))
        {
            let times = times
                .parse()
                .map_err(|_| Error::new(format!("`{times}` is not a number of repetitions")))?;
            return Ok(Self::Repeat(what.to_owned(), times));
        }
        let mut words = text.split('|');
        let name = words.next().filter(|name| is_name(name));
        let name = name.ok_or_else(|| Error::new(format!("`{{{{{text}}}}}` has no name")))?;
        let filters = words.map(|word| match word {
            "upper" => Ok(Filter::Upper),
            "lower" => Ok(Filter::Lower),
            "dashed" => Ok(Filter::Dashed),
            _ => Err(Error::new(format!("no filter `{word}`"))),
        });
        Ok(Self::Captured {
            name: name.to_owned(),
            filters: filters.collect::<Result<_>>()?,
        })
    }

    /// Returns the text that replaces the placeholder. `Err` if nothing was captured under its name, or if a filter
    /// does not apply.
    fn text(&self, captures: &Captures) -> Result<String> {
        match self {
            Self::Totp(secret, step) => totp_code(secret, *step),
            Self::Repeat(what, times) => Ok(what.repeat(*times)),
            Self::Captured { name, filters } => {
                let text = captures
                    .text(name)
                    .ok_or_else(|| Error::new(format!("nothing was captured as `{name}`")))?;
                filters
                    .iter()
                    .try_fold(text, |text, filter| filter.apply(&text))
            }
        }
    }
}

impl Filter {
    /// Returns the text in another spelling. `Err` if `dashed` is applied to a text that is not a GUID.
    fn apply(self, text: &str) -> Result<String> {
        match self {
            Self::Upper => Ok(text.to_uppercase()),
            Self::Lower => Ok(text.to_lowercase()),
            Self::Dashed => Uuid::try_parse(text)
                .map(|id| id.hyphenated().to_string())
                .map_err(|_| Error::new(format!("`{text}` is not a GUID, which `dashed` needs"))),
        }
    }
}

/// The text of a request, with placeholders that are replaced before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestTemplate(Vec<Part<RequestPlaceholder>>);

impl RequestTemplate {
    /// Parses the text of a request. `Err` if a placeholder is invalid.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        split(text, RequestPlaceholder::parse).map(Self)
    }

    /// Returns true if a placeholder is a TOTP code, which a host accepts once.
    pub(crate) fn has_totp_codes(&self) -> bool {
        let is_code =
            |part: &Part<_>| matches!(part, Part::Placeholder(RequestPlaceholder::Totp(..)));
        self.0.iter().any(is_code)
    }

    /// Returns the text with all placeholders replaced. `Err` if one has no value.
    pub(crate) fn fill(&self, captures: &Captures) -> Result<String> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Ok(text.clone()),
                Part::Placeholder(placeholder) => placeholder.text(captures),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn captured(pairs: &[(&str, &str)]) -> Captures {
        let mut captures = Captures::default();
        for (name, value) in pairs {
            captures.set(name, Value::from(*value));
        }
        captures
    }

    #[test]
    fn a_request_is_filled() {
        let captures = captured(&[("token", "35eb2b5e94b54d5aafa6b6a7b6e8de01")]);
        let fill = |text| RequestTemplate::parse(text).unwrap().fill(&captures);
        assert_eq!(fill(r#"{"a":{"b":"{{token}}"}}"#).unwrap().len(), 46);
        assert_eq!(
            fill("{{token|dashed|upper}}").unwrap(),
            "35EB2B5E-94B5-4D5A-AFA6-B6A7B6E8DE01"
        );
        assert_eq!(fill("{{repeat:ab:3}}").unwrap(), "ababab");
        assert_eq!(fill("{{totp:JBSWY3DPEHPK3PXP}}").unwrap().len(), 6);
        assert_eq!(fill("{{totp-1:JBSWY3DPEHPK3PXP}}").unwrap().len(), 6);
        assert!(fill("{{other}}").is_err());
    }

    #[test]
    fn a_bad_filling_is_refused() {
        for text in ["{{repeat:a:b}}", "{{a|b}}", "{{A}}", "{{"] {
            assert!(RequestTemplate::parse(text).is_err(), "{text}");
        }
    }
}
