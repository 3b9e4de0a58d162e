//! JSON objects whose members have the documented order and can be selected by name.

use serde::{Serialize, Serializer};

use crate::query::Fields;

/// The members of a response, in the order of the help page.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Object(#[serde(serialize_with = "as_map")] Vec<(&'static str, Value)>);

/// The value of a member.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Null,
    Flag(bool),
    Number(u32),
    Text(String),
    Object(Object),
}

impl Object {
    /// Returns the object with only the members that the caller requests, or with all if the caller requests none of
    /// them.
    pub(crate) fn select(mut self, fields: &Fields) -> Self {
        let names: Vec<_> = self.0.iter().map(|(name, _)| *name).collect();
        let shown = fields.select(&names);
        self.0.retain(|(name, _)| shown.contains(name));
        self
    }
}

impl<const N: usize> From<[(&'static str, Value); N]> for Object {
    fn from(members: [(&'static str, Value); N]) -> Self {
        Self(members.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

/// Serializes the members as a JSON object, in their order. `Err` only if the serializer returns one.
fn as_map<S: Serializer>(
    members: &[(&'static str, Value)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order() {
        let inner = Object::from([("Z", "z".into()), ("A", 1.into())]);
        let outer = Object::from([("B", true.into()), ("A", inner.into()), ("C", Value::Null)]);
        let text = serde_json::to_string(&outer).unwrap();
        assert_eq!(text, r#"{"B":true,"A":{"Z":"z","A":1},"C":null}"#);
    }
}
