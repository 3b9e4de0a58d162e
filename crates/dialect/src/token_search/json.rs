//! Tokens in JSON bodies.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Deserializer, Value};

use crate::body::utf8_text;
use crate::token_places::TokenPlaces;
use crate::token_texts::TokenTexts;

/// Returns the values of all top-level members with the name of a token. A member that is there twice has two values. A
/// body that is not a JSON object, with a byte order mark or without, has none.
pub(super) fn json_texts(places: &TokenPlaces, body: &[u8]) -> TokenTexts {
    let mut texts = TokenTexts::default();
    if let Some(text) = utf8_text(body) {
        let mut parser = Deserializer::from_str(text);
        let members = TokenMembers {
            places,
            texts: &mut texts,
        };
        let parsed = parser.deserialize_map(members);
        if parsed.and_then(|()| parser.end()).is_err() {
            return TokenTexts::default();
        }
    }
    texts
}

/// Collects the members of a JSON object that are tokens.
struct TokenMembers<'a> {
    places: &'a TokenPlaces,
    texts: &'a mut TokenTexts,
}

impl<'de> Visitor<'de> for TokenMembers<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if !self.places.is_body_parameter(&name) {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            match members.next_value()? {
                Value::String(text) => self.texts.add_ambiguous(text),
                Value::Null => {}
                // No token has this format.
                other
                @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    self.texts.add_ambiguous(other.to_string());
                }
            }
        }
        Ok(())
    }
}
