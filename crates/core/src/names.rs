//! Comparison of names: in NFC, so that one name is one account however it was typed.
//!
//! NFKC is not applied: names in full-width letters and other compatibility letters stay different names.

use unicode_normalization::UnicodeNormalization as _;

/// Returns a login name as it is stored: trimmed, in lower case. The name is not normalised here: new names are
/// in NFC already, and older names stay as they are, so that releases from before that rule find them.
pub fn stored_login(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Returns the forms in which a login name may be stored, the best match first: as it was sent, in NFC, and in
/// NFD (releases that did not normalise names may have stored it so).
pub fn login_forms(name: &str) -> [String; 3] {
    spellings(&stored_login(name))
}

/// Returns the spellings in which a text from a file may be stored: as it is written (older releases stored it
/// so), and tidied.
pub(crate) fn stored_spellings(text: &str) -> impl Iterator<Item = String> {
    spellings(text).into_iter().chain(spellings(&tidy(text)))
}

/// Returns the stored text that equals `text`, or else the one that equals it when both are tidied: older
/// releases stored texts as they were written. `None` if there is neither.
pub(crate) fn stored_line<'a>(
    text: &str,
    stored: impl Iterator<Item = &'a String> + Clone,
) -> Option<&'a String> {
    let same = stored.clone().find(|stored| *stored == text);
    same.or_else(|| {
        let mut stored = stored;
        let text = tidy(text);
        stored.find(|stored| tidy(stored) == text)
    })
}

/// Returns three spellings of a text: unchanged, in NFC, and in NFD.
pub fn spellings(text: &str) -> [String; 3] {
    [text.to_owned(), text.nfc().collect(), text.nfd().collect()]
}

/// Returns a text as it is stored: trimmed, in NFC.
pub(crate) fn tidy(text: &str) -> String {
    text.trim().nfc().collect()
}

/// Returns `true` if two names are equal in NFC.
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    spellings(one)[1] == spellings(other)[1]
}

/// Returns a login name in the form that is compared: trimmed, lower case, in NFC.
pub(crate) fn login_form(name: &str) -> String {
    tidy(&stored_login(name))
}
