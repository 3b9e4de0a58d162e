//! Language tags: the languages that people prefer.

use std::fmt;
use std::iter::successors;
use std::str::FromStr;

use language_tags::LanguageTag;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// The maximum length of a tag: RFC 5646, section 4.4.1.
const LONGEST: usize = 35;

/// A language tag of BCP 47, such as `de` or `de-AT`, in its usual case.
///
/// It is well-formed (RFC 5646, section 2.2.9) and begins with the code of a language, such as `de` or `gsw`. It is not
/// looked up in the registry of subtags, which changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language(LanguageTag);

/// The error for a text that is no language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no language tag, expected one such as de, de-AT or zh-Hant")]
pub struct InvalidLanguage;

impl Language {
    /// Parses a tag, in any case. Underscores are read as hyphens: many programs write `de_AT`.
    ///
    /// # Errors
    /// The text is no language tag.
    pub fn parse(text: &str) -> Result<Self, InvalidLanguage> {
        let text = text.trim().replace('_', "-");
        if text.len() > LONGEST {
            return Err(InvalidLanguage);
        }
        let tag = LanguageTag::parse(&text).map_err(|_| InvalidLanguage)?;
        // Longer ones are names like `german`; `i-` and `x-` begin tags that mean nothing to others.
        let is_language = matches!(tag.primary_language().len(), 2 | 3);
        is_language.then_some(Self(tag)).ok_or(InvalidLanguage)
    }

    /// Parses a tag like [`parse`](Self::parse). `None` for an empty text, which stands for no language.
    ///
    /// # Errors
    /// The text is neither empty nor a language tag.
    pub fn parse_if_any(text: &str) -> Result<Option<Self>, InvalidLanguage> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        Self::parse(text).map(Some)
    }

    /// Returns the tag.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the tag in lower case and then the more general ones, by the lookup of RFC 4647, section 3.4: `zh-hant-tw`,
    /// `zh-hant`, `zh`.
    pub fn ranges(&self) -> impl Iterator<Item = String> + use<> {
        let tag = self.as_str().to_ascii_lowercase();
        successors(Some(tag), |tag| Some(tag.rsplit_once('-')?.0.to_owned()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Language {
    type Err = InvalidLanguage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::*;

    proptest! {
        #[test]
        fn no_text_stops_the_parser_and_every_tag_is_read_as_itself(text in "[dx]?[a-zA-Z0-9_ é-]{0,40}") {
            if let Ok(language) = Language::parse(&text) {
                assert_eq!(Language::parse(language.as_str()), Ok(language.clone()));
                assert!(language.ranges().count() <= LONGEST);
            }
        }
    }

    #[test]
    fn tags_have_one_form_however_they_are_written() {
        for (text, expected) in [
            ("de", "de"),
            (" DE-at ", "de-AT"),
            ("pt_BR", "pt-BR"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("gsw", "gsw"),
            ("de-1996", "de-1996"),
            ("sq-XK", "sq-XK"),
        ] {
            let language = Language::parse(text).unwrap();
            assert_eq!(language.as_str(), expected, "{text}");
            assert_eq!(Language::parse(expected), Ok(language));
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for text in [
            "",
            "d",
            "german",
            "Deutsch",
            "de-",
            "de AT",
            "de-AT, en;q=0.5",
            "de-Österreich",
            "*",
            "C.UTF-8",
            "i-klingon",
            "x-own",
            "<script>",
            "de\0",
            "de-abcdefgh-abcdefgi-abcdefgj-abcdefgk",
        ] {
            assert_eq!(Language::parse(text), Err(InvalidLanguage), "{text}");
        }
        assert_eq!(Language::parse_if_any(" "), Ok(None));
        assert_eq!(Language::parse_if_any("german"), Err(InvalidLanguage));
    }

    #[test]
    fn a_tag_is_followed_by_more_general_ones() {
        let tag = Language::parse("zh-Hant-TW").unwrap();
        let ranges: Vec<_> = tag.ranges().collect();
        assert_eq!(ranges, ["zh-hant-tw", "zh-hant", "zh"]);
    }
}
