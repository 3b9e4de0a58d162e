//! Rejects invisible characters: a line with one is read as another line, or as empty.

use unicode_normalization::char::canonical_combining_class;
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::skeleton;

use super::{check_name, code_point};

/// The canonical combining class of signs that join consonants.
const VIRAMA: u8 = 9;
const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
const TEXT_STYLE: char = '\u{fe0e}';
const EMOJI_STYLE: char = '\u{fe0f}';

/// Checks a name, which may be empty. Fails with a reason if it breaks the rules of [`check_name`] or has an
/// invisible character.
///
/// Joiners are accepted where scripts need them, like in domain names (RFC 5892, appendix A): both after a virama,
/// and the zero width non-joiner between two Arabic letters. Variation selectors and joiners are also accepted in
/// emoji.
pub(in crate::directory) fn check_visible(what: &str, text: &str) -> Result<(), String> {
    check_name(what, text)?;
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied();
        if is_invisible(character) && !is_needed(before, character, after) {
            let point = code_point(character);
            return Err(format!("{what} holds an invisible character, {point}"));
        }
        before = Some(character);
    }
    Ok(())
}

/// Returns whether a character is a `Default_Ignorable_Code_Point`, which skeletons (UTS #39, section 4) leave
/// out, or one of the few others that are never shown.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    let is_left_out = |character: char| {
        let mut room = [0; 4];
        skeleton(character.encode_utf8(&mut room)).next().is_none()
    };
    let is_annotation_or_blank = matches!(character, '\u{fff9}'..='\u{fffb}' | '\u{2800}');
    !character.is_ascii() && (is_annotation_or_blank || is_left_out(character))
}

fn is_needed(before: Option<char>, character: char, after: Option<char>) -> bool {
    let is_arabic = |one: Option<char>| one.is_some_and(|one| one.script() == Script::Arabic);
    let follows_virama = before.is_some_and(|one| canonical_combining_class(one) == VIRAMA);
    let follows_symbol = before.is_some_and(is_symbol);
    match character {
        TEXT_STYLE | EMOJI_STYLE => follows_symbol,
        JOINER if follows_symbol || before == Some(EMOJI_STYLE) => after.is_some_and(is_symbol),
        JOINER => follows_virama,
        NON_JOINER => follows_virama || is_arabic(before) && is_arabic(after),
        _ => false,
    }
}

/// Returns whether a character may be part of an emoji: it is not ASCII, and neither alphanumeric, a blank, a mark
/// nor invisible.
fn is_symbol(character: char) -> bool {
    let is_letter_or_blank = character.is_alphanumeric() || character.is_whitespace();
    let is_mark = canonical_combining_class(character) != 0;
    !(character.is_ascii() || is_letter_or_blank || is_mark || is_invisible(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_refused_by_code_point() {
        for (text, point) in [
            ("\u{200b}", "U+200B"),
            ("\u{feff}zz", "U+FEFF"),
            ("a\u{2060}b", "U+2060"),
            ("soft\u{ad}hyphen", "U+00AD"),
            ("right-to-left\u{200f}", "U+200F"),
            ("arabic\u{61c}mark", "U+061C"),
            ("\u{3164}", "U+3164"),
            ("\u{2800}", "U+2800"),
            ("a\u{fffa}b", "U+FFFA"),
            ("heart\u{fe0f}", "U+FE0F"),
            ("tag\u{e0061}", "U+E0061"),
            ("ad\u{200d}min", "U+200D"),
            ("ad\u{200c}min", "U+200C"),
            ("\u{645}\u{6cc}\u{200c}", "U+200C"),
            ("\u{645}\u{200d}\u{6cc}", "U+200D"),
            ("\u{1f3f3}\u{200d}", "U+200D"),
            ("\u{2764}\u{fe0f}\u{fe0f}", "U+FE0F"),
        ] {
            let expected = format!("the name holds an invisible character, {point}");
            assert_eq!(check_visible("the name", text), Err(expected));
        }
    }

    #[test]
    fn joiners_and_selectors_stand_where_scripts_and_emoji_need_them() {
        for text in [
            "",
            "Zo\u{eb} \u{141}ukasz",
            // "Sri Lanka" in Sinhala, "I want" in Persian, a Devanagari half form, and a virama without ligature.
            "\u{dc1}\u{dca}\u{200d}\u{dbb}\u{dd3}",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{915}\u{94d}\u{200d}\u{937}",
            "\u{915}\u{94d}\u{200c}\u{937}",
            // A crane, a rainbow flag, and a heart as text.
            "\u{1f3d7}\u{fe0f} Bau",
            "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
            "\u{2764}\u{fe0e}",
        ] {
            assert_eq!(check_visible("the name", text), Ok(()), "{text}");
        }
    }

    #[test]
    fn no_letter_is_invisible_but_fillers() {
        let all = '\u{80}'..=char::MAX;
        let letters = all.filter(|c| c.is_alphanumeric() && is_invisible(*c));
        let letters: Vec<_> = letters.collect();
        assert_eq!(letters, ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}']);
    }
}
