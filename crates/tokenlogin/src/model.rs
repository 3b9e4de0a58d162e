//! The members of a body, by the names and types of a C# model.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::model_state::ModelState;

/// The members of a body by lower-case name. Empty for a body that is not an object.
#[derive(Default)]
pub(crate) struct Model(HashMap<String, Value>);

impl Model {
    /// Removes a string member. A number becomes its digits. `None` if the member is absent or blank, or has another
    /// type, which adds an error to `state`.
    pub(crate) fn text(&mut self, name: &'static str, state: &mut ModelState) -> Option<String> {
        match self.0.remove(&name.to_lowercase()) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text).filter(|text| !text.trim().is_empty()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                state.add(name, "The value is not valid.");
                None
            }
        }
    }

    /// Removes a boolean member and returns its value: true for `true`, `"True"` and 1, false if it is absent. Any
    /// other value is false and adds an error to `state`.
    pub(crate) fn flag(&mut self, name: &'static str, state: &mut ModelState) -> bool {
        let value = match self.0.remove(&name.to_lowercase()) {
            None | Some(Value::Null) => return false,
            Some(Value::Bool(flag)) => return flag,
            Some(Value::String(text)) => text.trim().to_lowercase(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Array(_) | Value::Object(_)) => String::from("?"),
        };
        match value.as_str() {
            "true" | "1" => true,
            "false" | "0" | "" => false,
            _ => {
                state.add(name, "The value is not valid.");
                false
            }
        }
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Cow<'a, str>)> for Model {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>>(pairs: I) -> Self {
        let members = pairs
            .into_iter()
            .map(|(name, value)| (name.to_lowercase(), Value::String(value.into_owned())));
        Self(members.collect())
    }
}

impl<'de> Deserialize<'de> for Model {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyBody)
    }
}

/// Parses an object's members, the last of repeated names. Any other JSON binds to nothing.
struct AnyBody;

impl<'de> Visitor<'de> for AnyBody {
    type Value = Model;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Model, A::Error> {
        let mut members = HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            members.insert(name.to_lowercase(), value);
        }
        Ok(Model(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Model, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Model::default())
    }

    fn visit_unit<E>(self) -> Result<Model, E> {
        Ok(Model::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Model, E> {
        Ok(Model::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Model, E> {
        Ok(Model::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Model, E> {
        Ok(Model::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Model, E> {
        Ok(Model::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Model, E> {
        Ok(Model::default())
    }
}
