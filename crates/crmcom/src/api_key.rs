//! The web API key in HTTP Basic: the key is the user name, the password is empty.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::SecretString;

/// Padding is optional: clients that write the header themselves forget it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Returns the web API key in the header `Authorization`, the user name of HTTP Basic. `None` if there is none, or if a
/// password stands next to it.
pub(crate) fn find_key(headers: &HeaderMap) -> Option<SecretString> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = BASE64.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let key = match text.split_once(':') {
        Some((key, "")) => key,
        Some(_) => return None,
        None => &text,
    };
    (!key.is_empty()).then(|| key.into())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn key(value: &str) -> Option<String> {
        let value = HeaderValue::from_str(value).unwrap();
        let headers: HeaderMap = [(AUTHORIZATION, value)].into_iter().collect();
        find_key(&headers).map(|key| key.expose_secret().to_owned())
    }

    #[test]
    fn the_key_is_the_user_name() {
        for value in [
            "Basic a2V5LTE6", // key-1:
            "basic a2V5LTE6",
            "BASIC  a2V5LTE6 ",
            "Basic a2V5LTE=", // key-1
            "Basic a2V5LTE",
        ] {
            assert_eq!(key(value).as_deref(), Some("key-1"), "{value}");
        }
    }

    #[test]
    fn anything_else_is_no_key() {
        for value in [
            "",
            "Basic",
            "Basic ",
            "Basic Og==",         // :
            "Basic a2V5LTE6eA==", // key-1:x
            "Basic a2V5LTE6Og==", // key-1::
            "Basic OmtleS0x",     // :key-1
            "Basic /w==",         // the byte FF
            "Basic key-1",
            "Bearer a2V5LTE6",
            "a2V5LTE6",
        ] {
            assert_eq!(key(value), None, "{value}");
        }
        assert!(find_key(&HeaderMap::new()).is_none());
    }
}
