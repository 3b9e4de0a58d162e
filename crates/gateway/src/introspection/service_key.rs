//! The extractor of a service's API key, of the realm `introspection`.

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use data_encoding::BASE64;
use futures_util::future::LocalBoxFuture;
use isogloss_core::audit::{Event, EventKind, RefusalReason, RequestContext};
use isogloss_core::{Auth, Key, Realm, Scope};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::oauth_error::OAuthError;
use crate::http::api_key::{KeyHolder, ShownKey};

/// The realm of the keys of services in the directory.
const REALM: Realm = Realm::new("introspection");

/// A service that sent a valid key.
pub(super) struct ServiceKey {
    auth: Data<Auth>,
    caller: RequestContext,
    key: Key,
}

impl ServiceKey {
    /// Returns the service if its key has `scope`. Otherwise records a refused audit event.
    ///
    /// # Errors
    /// [`OAuthError::InsufficientScope`] if the key lacks the scope.
    pub(super) async fn may(self, scope: Scope) -> Result<Self, OAuthError> {
        if self.key.scopes.allow(scope) {
            return Ok(self);
        }
        let refused = async {
            Event {
                target: Some(scope.name().to_owned()),
                ..Event::new(EventKind::Admin, self.auth.now())
            }
        };
        let refused = self.caller.clone().scope(refused).await;
        self.auth
            .audit()
            .record(refused.refused(RefusalReason::Scope));
        let text = format!("the key lacks the scope {}", scope.name());
        Err(OAuthError::InsufficientScope(text))
    }

    /// Runs `work` with the service as the caller, for audit events.
    pub(super) async fn act<F: Future>(self, work: F) -> F::Output {
        self.caller.scope(work).await
    }
}

impl FromRequest for ServiceKey {
    type Error = OAuthError;
    type Future = LocalBoxFuture<'static, Result<Self, OAuthError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let auth = request.app_data::<Data<Auth>>().cloned();
        let key = key(request.headers().get(header::AUTHORIZATION));
        let source = request.peer_addr().map(|peer| peer.ip().into());
        Box::pin(async move {
            let (Some(auth), Some(key)) = (auth, key) else {
                return Err(OAuthError::InvalidClient);
            };
            let holder = KeyHolder::check(&auth, REALM, &key, source).await?;
            let KeyHolder { key, caller } = holder;
            Ok(Self { auth, caller, key })
        })
    }
}

/// Reads the key from a bearer token, or from the password of `Basic` with any client name. RFC 6749, section
/// 2.3.1, form-encodes name and password before they are joined; many clients do not, so the decoded password is
/// returned, too. `None` if there is no key.
fn key(value: Option<&HeaderValue>) -> Option<ShownKey> {
    let (scheme, credentials) = value?.to_str().ok()?.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(SecretString::from(credentials).into());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(credentials.as_bytes()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (_, key) = text.split_once(':')?;
    Some(ShownKey {
        key: key.into(),
        decoded: form_decoded(key).map(SecretString::from),
    })
}

/// Form-decodes the text. `None` if it has no encoding.
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
        let key = key(Some(&HeaderValue::from_str(value).unwrap()))?;
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
        assert!(key(None).is_none());
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
