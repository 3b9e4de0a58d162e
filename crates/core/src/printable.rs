//! Text that clients or files chose, made safe for terminals, logs and mail.
//!
//! A terminal obeys control characters instead of showing them: ESC and the C1 controls clear the
//! screen or retitle the window, CR and LF forge lines, bidirectional controls reorder what is read.
//! Each is written as its code point, like `\u{1b}`; letters of all scripts stay as they are.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns `true` if a terminal or a viewer obeys the character instead of showing it: the controls of ASCII and
/// ISO 8859, DEL, line and paragraph separators, and bidirectional embeddings, overrides and isolates.
pub fn is_unprintable(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the text on one line, with each unprintable character escaped, line feeds included.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_unprintable, |out, character| {
        out.extend(character.escape_unicode());
    })
}

/// Returns a text of several lines, in which line feeds and tabs are layout, with each other unprintable
/// character escaped.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, is_unprintable_in_lines, |out, character| {
        out.extend(character.escape_unicode());
    })
}

/// Returns JSON of the same value, with each unprintable character that serializers leave in strings escaped as
/// `\uXXXX`. Line feeds between members stay.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    escaped(json, is_unprintable_in_lines, |out, character| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn is_unprintable_in_lines(character: char) -> bool {
    is_unprintable(character) && !matches!(character, '\n' | '\t')
}

fn escaped(
    text: &str,
    is_unprintable: fn(char) -> bool,
    escape: fn(&mut String, char),
) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unprintable(character) {
            escape(&mut out, character);
        } else {
            out.push(character);
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_terminals_obey_is_escaped() {
        assert_eq!(
            printable("a\u{1b}[2J\u{7}\r\n\t\0\u{7f}\u{9b}2J\u{2028}\u{202e}\u{2066}z"),
            "a\\u{1b}[2J\\u{7}\\u{d}\\u{a}\\u{9}\\u{0}\\u{7f}\\u{9b}2J\\u{2028}\\u{202e}\\u{2066}z"
        );
        assert_eq!(printable_lines("a\n\tb\r\u{1b}"), "a\n\tb\\u{d}\\u{1b}");
    }

    #[test]
    fn letters_of_all_scripts_stay() {
        let text = "Zoë Łukasz Ωμέγα Дмитрий 李小龙 محمد שרה ไทย 👩‍🚀 e\u{301} a\u{200f}b";
        assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        assert!(matches!(printable_lines(text), Cow::Borrowed(same) if same == text));
        assert!(matches!(printable_json(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({"a\u{9b}": "\u{1b}\r\n\u{7f}\u{85}\u{202e}\u{2028}é"});
        let json = serde_json::to_string_pretty(&value).unwrap();
        let safe = printable_json(&json);
        assert!(
            safe.chars().all(|c| c == '\n' || !is_unprintable(c)),
            "{safe}"
        );
        let read: serde_json::Value = serde_json::from_str(&safe).unwrap();
        assert_eq!(read, value);
    }
}
