//! TOTP codes (RFC 6238): SHA-1, six digits, steps of thirty seconds, one step of tolerance to either side.

use data_encoding::BASE32_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use totp_rs::{Algorithm, Builder, Secret};

use crate::pepper::Pepper;
use crate::token::Token;

const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
const SKEW_STEPS: u16 = 1;
/// The length that RFC 4226 recommends: 160 bits.
const SECRET_BYTES: usize = 20;

/// The number of characters of a code, all of them digits.
pub(crate) const CODE_LENGTH: usize = DIGITS as usize;

/// A user's shared secret, in base32 as authenticator apps show it.
#[derive(Debug, Clone)]
pub struct TotpSecret(SecretString);

impl TotpSecret {
    /// Returns a new random secret of 160 bits.
    ///
    /// # Errors
    ///
    /// [`getrandom::Error`] if the operating system gives no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(BASE32_NOPAD.encode(&bytes).into()))
    }

    /// Returns the secret of 160 bits that a token yields under this pepper, always the same one. Nothing needs to be stored
    /// until its user has confirmed it.
    pub(crate) fn derived(pepper: &Pepper, token: &Token) -> Self {
        let (realm, token) = (token.realm().name(), token.hex());
        let parts: [&[u8]; 3] = [b"totp secret", realm.as_bytes(), token.as_bytes()];
        let mut bytes = [0; SECRET_BYTES];
        bytes.copy_from_slice(&pepper.keyed(&parts)[..SECRET_BYTES]);
        Self(BASE32_NOPAD.encode(&bytes).into())
    }

    /// Parses RFC 4648 base32; spaces, padding and letter case do not matter. Returns `None` if the text is
    /// empty or not base32.
    pub fn from_base32(text: &str) -> Option<Self> {
        let text: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '=')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        Secret::try_from_base32(&text).ok()?;
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// Returns the secret in base32, in upper case and without padding.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns the step of `code` if that is the current step or one next to it. `None` for any other code or
    /// text.
    pub fn step(&self, code: &str, now: OffsetDateTime) -> Option<TotpStep> {
        let secret = Secret::try_from_base32(self.expose()).ok()?;
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(SKEW_STEPS)
            .with_step_duration(STEP_SECONDS)
            .with_secret(secret)
            .build_noncompliant();
        let now = u64::try_from(now.unix_timestamp()).unwrap_or(0);
        let step = totp.check(code.trim(), now)?;
        i64::try_from(step).ok().map(TotpStep)
    }
}

/// A step of thirty seconds that has its own code, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotpStep(pub i64);

impl TotpStep {
    /// Returns when the step began.
    pub fn began_at(self) -> OffsetDateTime {
        let seconds = self.0.saturating_mul(STEP_SECONDS.cast_signed());
        OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// RFC 6238, appendix B: SHA-1, the eight-digit 94287082 at 59 s, of which six digits remain.
    const RFC_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const AT: OffsetDateTime = time::macros::datetime!(1970-01-01 00:00:59 UTC);

    #[test]
    fn the_rfc_vector_is_accepted() {
        let secret = TotpSecret::from_base32(RFC_SECRET).unwrap();
        assert_eq!(secret.step("287082", AT), Some(TotpStep(1)));
        assert_eq!(secret.step(" 287082 ", AT), Some(TotpStep(1)));
    }

    #[test]
    fn a_neighbouring_step_is_accepted_a_farther_one_is_not() {
        let secret = TotpSecret::from_base32(RFC_SECRET).unwrap();
        let at = |seconds| AT + Duration::from_secs(seconds);
        assert_eq!(secret.step("287082", at(30)), Some(TotpStep(1)));
        assert_eq!(secret.step("287082", at(61)), None);
        assert_eq!(TotpStep(1).began_at().unix_timestamp(), 30);
    }

    #[test]
    fn anything_else_is_refused() {
        let secret = TotpSecret::from_base32(RFC_SECRET).unwrap();
        for code in [
            "", "28708", "2870820", "94287082", "28708a", "é87082", "-87082",
        ] {
            assert_eq!(secret.step(code, AT), None, "{code}");
        }
    }

    #[test]
    fn a_fresh_secret_has_160_bits() {
        let secret = TotpSecret::random().unwrap();
        assert_eq!(secret.expose().len(), 32);
        assert!(TotpSecret::from_base32(secret.expose()).is_some());
        assert_ne!(TotpSecret::random().unwrap().expose(), secret.expose());
    }

    #[test]
    fn the_secret_of_a_token_depends_on_the_token_and_the_pepper() {
        let token = |last: char| {
            let text = format!("35eb2b5e94b54d5aafa6b6a7b6e8de0{last}");
            Token::from_hex(crate::token::Realm::new("here"), &text).unwrap()
        };
        let pepper = Pepper::new(b"0123456789abcdef").unwrap();
        let other = Pepper::new(b"fedcba9876543210").unwrap();
        let secret = TotpSecret::derived(&pepper, &token('1'));
        assert_eq!(secret.expose().len(), 32);
        let again = TotpSecret::derived(&pepper, &token('1'));
        assert_eq!(secret.expose(), again.expose());
        for differs in [
            TotpSecret::derived(&pepper, &token('2')),
            TotpSecret::derived(&other, &token('1')),
        ] {
            assert_ne!(secret.expose(), differs.expose());
        }
    }

    #[test]
    fn only_base32_is_a_secret() {
        assert!(TotpSecret::from_base32("jbsw y3dp ehpk 3pxp").is_some());
        assert!(TotpSecret::from_base32("not base32!").is_none());
        assert!(TotpSecret::from_base32("").is_none());
    }
}
