//! Recovery codes: each replaces the second factor once, when the telephone is lost.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::directory::KeyDigest;
use crate::pepper::Pepper;
use crate::token::Token;

/// The number of codes that a user is given at a time.
const RECOVERY_CODES: usize = 10;

/// The base32 alphabet of RFC 4648 in lower case: its characters are not easily confused.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Length: 12 characters of 5 bits each, 60 bits.
const CHARACTERS: usize = 12;
const GROUP: usize = 4;
/// Length with the two dashes between the three groups.
const SPELT: usize = CHARACTERS + 2;

/// A recovery code: `xxxx-xxxx-xxxx`, 60 random bits.
#[derive(Clone)]
pub struct RecoveryCode(SecretString);

impl RecoveryCode {
    /// Returns a set of ten new random codes for a user.
    ///
    /// # Errors
    ///
    /// [`getrandom::Error`] if the operating system gives no random numbers.
    pub fn fresh_set() -> Result<Vec<Self>, getrandom::Error> {
        (0..RECOVERY_CODES).map(|_| Self::random()).collect()
    }

    fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; CHARACTERS];
        getrandom::fill(&mut bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    /// Returns the ten codes that a token yields under this pepper, always the same ones. Nothing needs to be stored until
    /// its user has confirmed the second factor.
    pub(crate) fn derived_set(pepper: &Pepper, token: &Token) -> Vec<Self> {
        let (realm, token) = (token.realm().name(), token.hex());
        let code = |number: usize| {
            let number = number.to_be_bytes();
            let parts: [&[u8]; 4] = [
                b"recovery code",
                realm.as_bytes(),
                token.as_bytes(),
                &number,
            ];
            let mut bytes = [0; CHARACTERS];
            bytes.copy_from_slice(&pepper.keyed(&parts)[..CHARACTERS]);
            Self::from_bytes(bytes)
        };
        (0..RECOVERY_CODES).map(code).collect()
    }

    fn from_bytes(bytes: [u8; CHARACTERS]) -> Self {
        let characters = bytes.map(|byte| ALPHABET[usize::from(byte % 32)] as char);
        Self(characters.iter().collect::<String>().into())
    }

    /// Parses a code in upper or lower case, with spaces and dashes in any place. Returns `None` if the text is
    /// not a code.
    pub fn parse(text: &str) -> Option<Self> {
        let characters: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let is_one = characters.len() == CHARACTERS
            && characters.bytes().all(|byte| ALPHABET.contains(&byte));
        is_one.then(|| Self(characters.into()))
    }

    /// Splits off a code that stands at the end of a text as it was printed, and returns the text before it and
    /// the code. `None` if the text does not end with such a code. The dashes distinguish a code from six
    /// digits, and from nearly every password.
    pub(crate) fn split_off(text: &str) -> Option<(&str, &str)> {
        let (before, code) = text.split_at_checked(text.len().checked_sub(SPELT)?)?;
        let printed = code.split('-').map(str::len).eq([GROUP; 3]);
        (printed && Self::parse(code).is_some()).then_some((before, code))
    }

    /// Returns the clear text, in three groups with dashes between them. The user sees it once.
    pub fn expose(&self) -> String {
        groups(self.0.expose_secret(), GROUP)
    }

    /// Returns the digest by which the directory finds the code.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(self.0.expose_secret())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// Returns the text with a dash between groups of `size` characters, which must be ASCII.
pub(crate) fn groups(text: &str, size: usize) -> String {
    let mut grouped = String::with_capacity(text.len() + text.len() / size);
    for (index, character) in text.chars().enumerate() {
        if index > 0 && index % size == 0 {
            grouped.push('-');
        }
        grouped.push(character);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ENROLMENT_REALM;

    #[test]
    fn fresh_codes_differ_and_are_read_however_they_are_spelt() {
        let codes = RecoveryCode::fresh_set().unwrap();
        assert_eq!(codes.len(), 10);
        let mut digests: Vec<_> = codes.iter().map(RecoveryCode::digest).collect();
        for code in &codes {
            let shown = code.expose();
            for spelt in [
                shown.clone(),
                shown.to_uppercase(),
                shown.replace('-', ""),
                format!(" {} ", shown.replace('-', " - ")),
            ] {
                let read = RecoveryCode::parse(&spelt).unwrap();
                assert_eq!(read.digest(), code.digest(), "{spelt}");
            }
            assert!(!format!("{code:?}").contains(&shown));
        }
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), 10);
    }

    #[test]
    fn what_is_no_code_is_not_read() {
        for text in [
            "",
            "287082",
            "abcd-efgh-ijk",
            "abcd-efgh-ijk1",
            "abcd-efgh-ijklm",
        ] {
            assert!(RecoveryCode::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_token_always_yields_the_same_codes_and_no_other_token_does() {
        let set = |pepper: &[u8; 32], token: u128| {
            let token = Token::from_hex(ENROLMENT_REALM, &format!("{token:032x}")).unwrap();
            let codes = RecoveryCode::derived_set(&Pepper::new(pepper).unwrap(), &token);
            let codes = codes.iter().map(RecoveryCode::expose);
            codes.collect::<BTreeSet<_>>()
        };
        let codes = set(&[1; 32], 1);
        assert_eq!(codes.len(), RECOVERY_CODES);
        assert_eq!(codes, set(&[1; 32], 1));
        assert!(codes.is_disjoint(&set(&[1; 32], 2)));
        assert!(codes.is_disjoint(&set(&[2; 32], 1)));
    }

    #[test]
    fn a_code_is_split_off_where_it_stands_as_it_was_printed() {
        let split = RecoveryCode::split_off;
        assert_eq!(split("pwabcd-efgh-2345"), Some(("pw", "abcd-efgh-2345")));
        assert_eq!(split("pwABCD-EFGH-2345"), Some(("pw", "ABCD-EFGH-2345")));
        assert_eq!(split("abcd-efgh-2345"), Some(("", "abcd-efgh-2345")));
        for text in [
            "",
            "abcd-efgh",
            "pwabcdefgh2345",
            "pwabcde-fgh-2345",
            "é€abcd-efgh-234",
            "pwabcd-efgh-2341",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
