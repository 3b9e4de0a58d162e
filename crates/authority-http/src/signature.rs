//! Signatures of requests, as Standard Webhooks 1.0 describes them.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::HookSettingsError;

/// What a secret may begin with; base64 follows.
const PREFIX: &str = "whsec_";
/// The least and the greatest length of a secret, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// The key that signs requests.
pub(crate) struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// Returns the key of a secret, which is read as the libraries of the specification read it: as base64, with or
    /// without the prefix.
    ///
    /// # Errors
    ///
    /// [`HookSettingsError::Secret`] if it is not base64, or too short or too long.
    pub(crate) fn new(secret: &SecretString) -> Result<Self, HookSettingsError> {
        let text = secret.expose_secret().trim();
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = BASE64.decode(text.as_bytes());
        let bytes = Zeroizing::new(bytes.map_err(|_| HookSettingsError::Secret)?);
        if !LENGTHS.contains(&bytes.len()) {
            return Err(HookSettingsError::Secret);
        }
        let key = Hmac::new_from_slice(&bytes).map_err(|_| HookSettingsError::Secret)?;
        Ok(Self(key))
    }

    /// Returns the value of the header `webhook-signature` for a message.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of the libraries of Standard Webhooks.
    #[test]
    fn a_published_message_has_its_published_signature() {
        for secret in [
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
        ] {
            let key = SigningKey::new(&secret.into()).unwrap();
            let signature = key.sign(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                br#"{"test": 2432232314}"#,
            );
            assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        }
    }

    #[test]
    fn a_secret_that_is_short_or_no_base64_is_refused() {
        for secret in [
            "",
            "whsec_",
            "whsec_!",
            "whsec_c2hvcnQ=",
            "a text of more than twenty-four bytes",
        ] {
            assert!(SigningKey::new(&secret.into()).is_err(), "{secret}");
        }
    }
}
