//! The authentication of services, by a key of the realm `introspection`: RFC 6749, section 2.3.1, and RFC 6750.

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use data_encoding::BASE64;
use futures_util::future::LocalBoxFuture;
use isogloss_core::{Auth, ClientIp, Realm, Scope};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::form::Form;
use super::oauth_error::{AuthScheme, OAuthError};
use crate::http::api_key::{ApiKey, Authorized, KeyError, KeyRealm, PresentedKey, parse_bearer};

/// The realm `introspection`, of the keys of services.
pub(super) struct IntrospectionRealm;

impl KeyRealm for IntrospectionRealm {
    const REALM: Realm = Realm::new("introspection");
}

/// A request of a service with a valid key, and its form. The scopes of the key are not checked yet.
pub(super) struct ServiceRequest {
    key: ApiKey<IntrospectionRealm>,
    scheme: AuthScheme,
    form: Form,
}

impl ServiceRequest {
    /// Returns the service and the form, if the key has `scope`.
    ///
    /// # Errors
    /// The key lacks the scope, which is recorded in the audit log.
    pub(super) async fn authorize(self, scope: Scope) -> Result<(Authorized, Form), OAuthError> {
        let Self { key, scheme, form } = self;
        let service = key.authorize(scope).await;
        let service = service.map_err(|error| OAuthError::of_key(error, scheme))?;
        Ok((service, form))
    }
}

impl FromRequest for ServiceRequest {
    type Error = OAuthError;
    type Future = LocalBoxFuture<'static, Result<Self, OAuthError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let auth = request.app_data::<Data<Auth>>().cloned();
        let source = request.peer_addr().map(|peer| peer.ip().into());
        let header = HeaderKey::parse(request.headers());
        let form = Form::from_request(request, payload);
        Box::pin(async move {
            match header {
                HeaderKey::None => authenticate_by_form(auth, source, form.await).await,
                HeaderKey::Unusable(scheme) => Err(OAuthError::InvalidClient(scheme)),
                HeaderKey::Several => Err(two_methods()),
                // The body of a service without a valid key is not read.
                HeaderKey::Key(scheme, key) => {
                    let key = check(auth, &key, source, scheme).await?;
                    let form = form.await?;
                    if form.has_client_credentials() {
                        return Err(two_methods());
                    }
                    Ok(Self { key, scheme, form })
                }
            }
        })
    }
}

/// Authenticates a service by the parameter `client_secret`; any `client_id` may stand next to it. Fails if there is no
/// such parameter, or the key is not valid. A body that is not a form has none.
async fn authenticate_by_form(
    auth: Option<Data<Auth>>,
    source: Option<ClientIp>,
    form: Result<Form, OAuthError>,
) -> Result<ServiceRequest, OAuthError> {
    let scheme = AuthScheme::Basic;
    let mut form = match form {
        Ok(form) => form,
        Err(error @ (OAuthError::TooLarge | OAuthError::TimedOut)) => return Err(error),
        Err(_) => return Err(OAuthError::InvalidClient(scheme)),
    };
    let secret = form.optional("client_secret")?;
    let secret = secret.ok_or(OAuthError::InvalidClient(scheme))?;
    if form.has_client_credentials() {
        return Err(two_methods());
    }
    let key = check(auth, &SecretString::from(secret).into(), source, scheme).await?;
    Ok(ServiceRequest { key, scheme, form })
}

/// Looks up a key in the directory. Fails if the directory does not have it, if it was not checked, or if a store is
/// unreachable.
async fn check(
    auth: Option<Data<Auth>>,
    key: &PresentedKey,
    source: Option<ClientIp>,
    scheme: AuthScheme,
) -> Result<ApiKey<IntrospectionRealm>, OAuthError> {
    let checked = match auth {
        Some(auth) => ApiKey::check(auth, key, source).await,
        None => Err(KeyError::NoValidKey),
    };
    checked.map_err(|error| OAuthError::of_key(error, scheme))
}

/// Returns the error for a service that authenticates in two ways at once, which RFC 6749, section 2.3, forbids.
fn two_methods() -> OAuthError {
    let text = "more than one method of client authentication: send the key once";
    OAuthError::InvalidRequest(text.to_owned())
}

/// What the header `Authorization` of a request has.
enum HeaderKey {
    /// There is no such header.
    None,
    /// A key.
    Key(AuthScheme, PresentedKey),
    /// No key, or one that cannot be read.
    Unusable(AuthScheme),
    /// There are several headers.
    Several,
}

impl HeaderKey {
    fn parse(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION);
        let Some(value) = values.next() else {
            return Self::None;
        };
        if values.next().is_some() {
            return Self::Several;
        }
        let mut words = value.as_bytes().split(|byte| *byte == b' ');
        let scheme = words.next().unwrap_or_default();
        let (scheme, key) = if scheme.eq_ignore_ascii_case(b"bearer") {
            (AuthScheme::Bearer, parse_bearer(Some(value)))
        } else {
            (AuthScheme::Basic, parse_basic(value))
        };
        key.map_or(Self::Unusable(scheme), |key| Self::Key(scheme, key))
    }
}

/// Parses a key in the password of `Basic`, with any client name. RFC 6749, section 2.3.1, form-encodes name
/// and password before they are joined; many clients do not, so the decoded password is returned, too. Returns
/// `None` for any other value.
fn parse_basic(authorization: &HeaderValue) -> Option<PresentedKey> {
    let (scheme, credentials) = authorization.to_str().ok()?.split_once(' ')?;
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

    /// Returns the scheme, and the key with its decoded form.
    fn read(value: &str) -> (AuthScheme, Option<(String, Option<String>)>) {
        let value = HeaderValue::from_str(value).unwrap();
        match HeaderKey::parse(&[(AUTHORIZATION, value)].into_iter().collect()) {
            HeaderKey::Key(scheme, key) => {
                let decoded = key.decoded.map(|key| key.expose_secret().to_owned());
                (scheme, Some((key.key.expose_secret().to_owned(), decoded)))
            }
            HeaderKey::Unusable(scheme) => (scheme, None),
            HeaderKey::None | HeaderKey::Several => panic!("there is one header"),
        }
    }

    #[test]
    fn a_key_comes_as_a_bearer_or_as_a_password() {
        use AuthScheme::{Basic, Bearer};

        for (value, scheme, key) in [
            ("Bearer a-key", Bearer, Some("a-key")),
            ("bearer  a-key ", Bearer, Some("a-key")),
            ("Bearer a%2Bkey", Bearer, Some("a%2Bkey")),
            ("Bearer", Bearer, None),
            ("Basic c2VydmljZTphLWtleQ==", Basic, Some("a-key")),
            ("basic OmEta2V5", Basic, Some("a-key")),
            ("", Basic, None),
            ("a-key", Basic, None),
            ("Basic a-key", Basic, None),
            ("Basic c2VydmljZQ==", Basic, None),
            ("Digest x", Basic, None),
        ] {
            let key = key.map(|key| (key.to_owned(), None));
            assert_eq!(read(value), (scheme, key), "{value}");
        }
        let none = HeaderMap::new();
        assert!(matches!(HeaderKey::parse(&none), HeaderKey::None));
    }

    #[test]
    fn several_headers_are_several_methods() {
        let mut headers = HeaderMap::new();
        for value in ["Bearer a-key", "Basic OmEta2V5"] {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        assert!(matches!(HeaderKey::parse(&headers), HeaderKey::Several));
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
            let (_, key) = read(&format!("Basic {basic}"));
            assert_eq!(key, Some(expected));
        }
    }
}
