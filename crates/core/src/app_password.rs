//! Application passwords.
//!
//! An application password is for one program of a user, in one dialect, and replaces password and second
//! factor.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::directory::KeyDigest;
use crate::recovery_code::groups;

/// Length: 24 characters from a to z, 112 bits.
const LETTERS: usize = 24;
/// The number of characters in a group of the clear text.
const GROUP: usize = 4;
/// The largest multiple of 26 below 256. Larger bytes are discarded: they would favour the first characters of
/// the alphabet.
const FAIR: u8 = 234;

/// An application password: six groups of four characters from a to z.
#[derive(Clone)]
pub struct AppPassword(SecretString);

impl AppPassword {
    /// Returns a new random application password.
    ///
    /// # Errors
    ///
    /// [`getrandom::Error`] if the operating system gives no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut letters = String::with_capacity(LETTERS);
        while letters.len() < LETTERS {
            let mut bytes = [0; LETTERS];
            getrandom::fill(&mut bytes)?;
            let fair = bytes.into_iter().filter(|byte| *byte < FAIR);
            let missing = LETTERS - letters.len();
            letters.extend(fair.take(missing).map(|byte| char::from(b'a' + byte % 26)));
        }
        Ok(Self(letters.into()))
    }

    /// Parses an application password in upper or lower case, with spaces and dashes in any place. Returns
    /// `None` for any other text: such a text needs no query to the directory.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let letters: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let is_one = letters.len() == LETTERS && letters.bytes().all(|b| b.is_ascii_lowercase());
        is_one.then(|| Self(letters.into()))
    }

    /// Returns the clear text, in six groups with dashes between them. The user sees it once.
    pub fn expose(&self) -> String {
        groups(self.0.expose_secret(), GROUP)
    }

    /// Returns the digest by which the directory finds the application password.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(self.0.expose_secret())
    }
}

impl fmt::Debug for AppPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_one_is_read_however_it_is_spelt() {
        let password = AppPassword::random().unwrap();
        let shown = password.expose();
        assert_eq!(shown.len(), 29);
        for spelt in [&shown, &shown.to_uppercase(), &shown.replace('-', " ")] {
            let read = AppPassword::parse(spelt).unwrap();
            assert_eq!(read.digest(), password.digest());
        }
        assert!(!format!("{password:?}").contains(&shown));
        assert_ne!(AppPassword::random().unwrap().expose(), shown);
    }

    #[test]
    fn other_passwords_are_none() {
        for text in [
            "",
            "ada-pw",
            "abcd-efgh-ijkl-mnop-qrst-uvw1",
            "abcd-efgh-ijkl-mnop-qrst-uvwxy",
        ] {
            assert!(AppPassword::parse(text).is_none(), "{text}");
        }
    }
}
