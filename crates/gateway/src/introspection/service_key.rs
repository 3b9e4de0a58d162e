//! The extractor of a service's API key, of the realm `introspection`.

use actix_web::http::header::HeaderValue;
use data_encoding::BASE64;
use isogloss_core::Realm;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::oauth_error::OAuthError;
use crate::http::api_key::{ApiKey, KeyRealm, PresentedKey, parse_bearer};

/// A service with a valid key.
pub(super) type ServiceKey = ApiKey<IntrospectionRealm>;

/// The realm `introspection`, of the keys of services.
pub(super) struct IntrospectionRealm;

impl KeyRealm for IntrospectionRealm {
    const REALM: Realm = Realm::new("introspection");
    type Error = OAuthError;

    fn parse_key(authorization: Option<&HeaderValue>) -> Option<PresentedKey> {
        parse_bearer(authorization).or_else(|| parse_basic(authorization))
    }
}

/// Parses a key in the password of `Basic`, with any client name. RFC 6749, section 2.3.1, form-encodes name
/// and password before they are joined; many clients do not, so the decoded password is returned, too. Returns
/// `None` for any other value.
fn parse_basic(authorization: Option<&HeaderValue>) -> Option<PresentedKey> {
    let (scheme, credentials) = authorization?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(credentials.trim().as_bytes()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (_, key) = text.split_once(':')?;
    Some(PresentedKey {
        key: key.into(),
        decoded: form_decoded(key).map(SecretString::from),
    })
}

/// Decodes form-encoded text. Returns `None` if the text has nothing to decode, or the result is not UTF-8.
fn form_decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    (decoded != text).then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(value: &str) -> Option<(String, Option<String>)> {
        let key = IntrospectionRealm::parse_key(Some(&HeaderValue::from_str(value).unwrap()))?;
        let decoded = key.decoded.map(|key| key.expose_secret().to_owned());
        Some((key.key.expose_secret().to_owned(), decoded))
    }

    #[test]
    fn a_key_comes_as_a_bearer_or_as_a_password() {
        let only = |key: &str| Some((key.to_owned(), None));
        assert_eq!(read("Bearer a-key"), only("a-key"));
        assert_eq!(read("bearer  a-key "), only("a-key"));
        assert_eq!(read("Bearer a%2Bkey"), only("a%2Bkey"));
        assert_eq!(read("Basic c2VydmljZTphLWtleQ=="), only("a-key"));
        assert_eq!(read("basic OmEta2V5"), only("a-key"));
        for other in ["", "a-key", "Basic a-key", "Basic c2VydmljZQ==", "Digest x"] {
            assert_eq!(read(other), None, "{other}");
        }
        assert!(IntrospectionRealm::parse_key(None).is_none());
    }

    #[test]
    fn a_password_that_may_be_encoded_is_read_in_both_ways() {
        for (password, decoded) in [
            ("a+b", Some("a b")),
            ("a%2Bb%25%3A", Some("a+b%:")),
            ("%C3%A9", Some("\u{e9}")),
            ("100%", None),
            ("%zz", None),
            ("%FF", None),
            ("a:b", None),
        ] {
            let basic = BASE64.encode(format!("a%20service:{password}").as_bytes());
            let expected = (password.to_owned(), decoded.map(str::to_owned));
            assert_eq!(read(&format!("Basic {basic}")), Some(expected));
        }
    }
}
