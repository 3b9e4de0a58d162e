//! How names are compared: NFC, so that one name is one account however it was typed.
//!
//! NFKC is not applied: full-width and other compatibility letters stay names of their own.

use unicode_normalization::UnicodeNormalization as _;

/// Returns a login name as it is stored: trimmed, lower case. New names are in NFC; those of before
/// that rule stay as they are, so that releases of before it find them.
pub(in crate::directory) fn stored_login(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Returns the forms in which a login name may be stored, the best match first: as it was sent, in NFC,
/// and in NFD as releases stored it that did not normalise names.
pub(in crate::directory) fn login_forms(name: &str) -> [String; 3] {
    spellings(&stored_login(name))
}

/// Returns a text as it is, in NFC and in NFD.
pub(in crate::directory) fn spellings(text: &str) -> [String; 3] {
    [text.to_owned(), text.nfc().collect(), text.nfd().collect()]
}
