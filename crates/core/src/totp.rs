//! The second factor: RFC 6238 codes, SHA-1, six digits, thirty seconds, one step to either side.

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use totp_rs::{Algorithm, Builder, Secret};

const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
const SKEW_STEPS: u16 = 1;

/// A user's shared secret, in base32 as authenticator apps show it.
#[derive(Debug, Clone)]
pub struct TotpSecret(SecretString);

impl TotpSecret {
    /// Takes RFC 4648 base32; spaces and letter case do not matter. `None` if it is not base32.
    pub fn from_base32(text: &str) -> Option<Self> {
        let text: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '=')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        Secret::try_from_base32(&text).ok()?;
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// The base32 text.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether `code` is the code of this moment or of a step next to it.
    pub fn accepts(&self, code: &str, now: OffsetDateTime) -> bool {
        let Ok(secret) = Secret::try_from_base32(self.expose()) else {
            return false;
        };
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(SKEW_STEPS)
            .with_step_duration(STEP_SECONDS)
            .with_secret(secret)
            .build_noncompliant();
        let now = u64::try_from(now.unix_timestamp()).unwrap_or(0);
        totp.check(code.trim(), now).is_some()
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
        assert!(secret.accepts("287082", AT));
        assert!(secret.accepts(" 287082 ", AT));
    }

    #[test]
    fn a_neighbouring_step_is_accepted_a_farther_one_is_not() {
        let secret = TotpSecret::from_base32(RFC_SECRET).unwrap();
        assert!(secret.accepts("287082", AT + Duration::from_secs(30)));
        assert!(!secret.accepts("287082", AT + Duration::from_secs(61)));
    }

    #[test]
    fn anything_else_is_refused() {
        let secret = TotpSecret::from_base32(RFC_SECRET).unwrap();
        for code in [
            "", "28708", "2870820", "94287082", "28708a", "é87082", "-87082",
        ] {
            assert!(!secret.accepts(code, AT), "{code}");
        }
    }

    #[test]
    fn only_base32_is_a_secret() {
        assert!(TotpSecret::from_base32("jbsw y3dp ehpk 3pxp").is_some());
        assert!(TotpSecret::from_base32("not base32!").is_none());
        assert!(TotpSecret::from_base32("").is_none());
    }
}
