//! Application passwords: for one program of a user, in one dialect, instead of password and second
//! factor.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::directory::KeyDigest;
use crate::recovery::groups;

/// Twenty-four of 26 letters: 112 bits.
const LETTERS: usize = 24;
const GROUP: usize = 4;
/// The largest multiple of 26 below 256: a byte from here on would favour the first letters.
const FAIR: u8 = 234;

/// An application password: six groups of four letters.
#[derive(Clone)]
pub struct AppPassword(SecretString);

impl AppPassword {
    /// A fresh one.
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

    /// Reads what may be one, in any case, with spaces and dashes wherever they are. `None` for a
    /// password of another shape, which then needs no look into the directory.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let letters: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let is_one = letters.len() == LETTERS && letters.bytes().all(|b| b.is_ascii_lowercase());
        is_one.then(|| Self(letters.into()))
    }

    /// As it is shown to the user, once.
    pub fn expose(&self) -> String {
        groups(self.0.expose_secret(), GROUP)
    }

    /// What the directory knows it by.
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
            let read = AppPassword::read(spelt).unwrap();
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
            assert!(AppPassword::read(text).is_none(), "{text}");
        }
    }
}
