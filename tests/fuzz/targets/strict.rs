//! What a strict reader makes of a body, for a lax one to agree with.

use serde_json::{Map, Value};

/// The lax readers refuse bodies with more brackets than this, whatever they hold.
const MOST_BRACKETS: usize = 64;

/// The members of a JSON object, by lower-case name. Nothing where names differ in their case alone.
pub fn members(body: &[u8]) -> Option<Map<String, Value>> {
    let brackets = body.iter().filter(|byte| matches!(byte, b'{' | b'['));
    if brackets.count() > MOST_BRACKETS {
        return None;
    }
    let members: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let many = members.len();
    let members = members.into_iter();
    let members: Map<_, _> = members
        .map(|(name, value)| (name.to_lowercase(), value))
        .collect();
    (members.len() == many).then_some(members)
}

/// A member as a text: nothing if it is of another type, and then the text, if there is any.
pub fn text(members: &Map<String, Value>, name: &str) -> Option<Option<String>> {
    match members.get(&name.to_lowercase()) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(text.clone())),
        Some(Value::Number(number)) => Some(Some(number.to_string())),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    }
}

/// The same JSON object as a strict reader refuses it and a lax one takes it.
pub fn lax_spellings(body: &[u8]) -> Vec<Vec<u8>> {
    let Some(inside) = members(body).and(body.trim_ascii().strip_suffix(b"}")) else {
        return Vec::new();
    };
    let mut spellings = vec![
        [b"\xef\xbb\xbf", body].concat(),
        [b"/* [ */", body].concat(),
        [body, b"// }"].concat(),
    ];
    if !inside.trim_ascii_end().ends_with(b"{") {
        spellings.push([inside, b",}"].concat());
    }
    spellings
}
