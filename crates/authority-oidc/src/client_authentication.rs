//! How we authenticate as a client at the token endpoint.

use data_encoding::BASE64;
use form_urlencoded::{Serializer, byte_serialize};
use isogloss_core::authority::{Cause, CauseKind};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// Methods of authentication: OpenID Connect Core 1.0, section 9.
const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";

/// Adds the client to a request: in a header, or in the form, as the provider supports.
///
/// # Errors
///
/// A [`Cause`] if the provider supports neither with a secret.
pub(crate) fn add(
    methods: Option<&[String]>,
    client_id: &str,
    secret: Option<&SecretString>,
    headers: &mut HeaderMap,
    form: &mut Serializer<'_, String>,
) -> Result<(), Cause> {
    let Some(secret) = secret else {
        form.append_pair("client_id", client_id);
        return Ok(());
    };
    let supports = |method: &str| {
        // OpenID Connect Discovery 1.0, section 3: the default is client_secret_basic.
        methods.map_or(method == BASIC, |all| all.iter().any(|one| one == method))
    };
    if supports(BASIC) {
        headers.insert(AUTHORIZATION, basic(client_id, secret)?);
        return Ok(());
    }
    if supports(POST) {
        form.append_pair("client_id", client_id);
        form.append_pair("client_secret", secret.expose_secret());
        return Ok(());
    }
    let detail = format!("the provider supports neither {BASIC} nor {POST} at its token endpoint");
    Err(Cause::new(CauseKind::Configuration, detail))
}

/// Returns the header of RFC 6749, 2.3.1: both parts are encoded as in a form before they are joined.
fn basic(client_id: &str, secret: &SecretString) -> Result<HeaderValue, Cause> {
    let pair = Zeroizing::new(format!(
        "{}:{}",
        byte_serialize(client_id.as_bytes()).collect::<String>(),
        Zeroizing::new(byte_serialize(secret.expose_secret().as_bytes()).collect::<String>())
            .as_str(),
    ));
    let value = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
    let mut value = HeaderValue::try_from(value.as_str())
        .map_err(|_| Cause::new(CauseKind::Configuration, "no request can be made"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(methods: Option<&[&str]>) -> Result<(Option<String>, String), Cause> {
        let methods: Option<Vec<String>> =
            methods.map(|all| all.iter().map(|one| (*one).to_owned()).collect());
        let mut headers = HeaderMap::new();
        let mut form = Serializer::new(String::new());
        let secret = "p:w %".into();
        add(
            methods.as_deref(),
            "a:b",
            Some(&secret),
            &mut headers,
            &mut form,
        )?;
        let header = headers
            .get(AUTHORIZATION)
            .map(|value| value.to_str().unwrap().to_owned());
        Ok((header, form.finish()))
    }

    #[test]
    fn the_secret_is_sent_as_the_provider_supports() {
        let header = format!("Basic {}", BASE64.encode(b"a%3Ab:p%3Aw+%25"));
        let basic = (Some(header), String::new());
        assert_eq!(added(None).unwrap(), basic);
        assert_eq!(added(Some(&[POST, BASIC])).unwrap(), basic);
        let form = "client_id=a%3Ab&client_secret=p%3Aw+%25".to_owned();
        assert_eq!(
            added(Some(&["private_key_jwt", POST])).unwrap(),
            (None, form)
        );
        let neither = added(Some(&["private_key_jwt"])).unwrap_err();
        assert_eq!(neither.kind, CauseKind::Configuration);
    }
}
