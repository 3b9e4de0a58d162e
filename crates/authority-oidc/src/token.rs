//! The token endpoint with the grant `password`: RFC 6749, section 4.3.

use form_urlencoded::Serializer;
use isogloss_authority::{HttpClient, HttpRequest, HttpResponse, JSON};
use isogloss_core::authority::{Cause, CauseKind, Decision};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::client_authentication;
use crate::metadata::Metadata;
use crate::refusal::{self, Refusal};

const FORM: &str = "application/x-www-form-urlencoded";
/// How much of a form is neither the name nor the password, in bytes.
const ENVELOPE: usize = 2048;
/// The length of an encoded byte, as `%20`.
const ENCODED: usize = 3;

/// Who we are for the provider.
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<SecretString>,
}

/// A request for tokens.
pub(crate) struct TokenRequest<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) scope: &'a str,
    pub(crate) login: &'a str,
    pub(crate) password: &'a SecretString,
}

/// The tokens of a user whose password is right.
pub(crate) struct Granted {
    pub(crate) id_token: Option<SecretToken>,
    /// `None` if it is no bearer token.
    pub(crate) access_token: Option<SecretToken>,
}

/// A token, which is removed from memory when it is dropped.
pub(crate) type SecretToken = Zeroizing<String>;

/// A successful response: RFC 6749, 5.1.
#[derive(Deserialize)]
struct Success {
    access_token: String,
    token_type: String,
    #[serde(default)]
    id_token: Option<String>,
}

/// Requests tokens, once. Returns them, or the decision that a refusal means.
///
/// # Errors
///
/// A [`Cause`] if the response is neither.
pub(crate) async fn request(
    client: &HttpClient,
    metadata: &Metadata,
    request: &TokenRequest<'_>,
) -> Result<Result<Granted, Decision>, Cause> {
    let response = client.send(http_request(metadata, request)?).await?;
    match response.status {
        StatusCode::OK => granted(response).map(Ok),
        // Refusals have 400, those of the client may have 401; Keycloak has 401 for wrong passwords, too.
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            response.expect_json()?;
            let refusal: Refusal = serde_json::from_slice(&response.body)
                .map_err(|_| Cause::new(CauseKind::Response, "the refusal is not valid"))?;
            refusal::decision(&refusal).map(Err)
        }
        _ => Err(response.unexpected_status()),
    }
}

fn http_request(metadata: &Metadata, request: &TokenRequest<'_>) -> Result<HttpRequest, Cause> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
    headers.insert(ACCEPT, HeaderValue::from_static(JSON));
    let password = request.password.expose_secret();
    // As long as it can become: a text that grows leaves copies of the password.
    let length = ENVELOPE + (request.login.len() + password.len()) * ENCODED;
    let mut form = Serializer::new(String::with_capacity(length));
    form.append_pair("grant_type", "password")
        .append_pair("username", request.login)
        .append_pair("password", password)
        .append_pair("scope", request.scope);
    client_authentication::add(
        metadata.token_endpoint_auth_methods_supported.as_deref(),
        &request.credentials.client_id,
        request.credentials.client_secret.as_ref(),
        &mut headers,
        &mut form,
    )?;
    Ok(HttpRequest {
        method: Method::POST,
        url: metadata.token_endpoint.clone(),
        headers,
        body: Zeroizing::new(form.finish().into_bytes()),
    })
}

fn granted(response: HttpResponse) -> Result<Granted, Cause> {
    response.expect_json()?;
    let body = Zeroizing::new(response.body);
    let success: Success = serde_json::from_slice(&body)
        .map_err(|_| Cause::new(CauseKind::Response, "the response with tokens is not valid"))?;
    let access_token = Zeroizing::new(success.access_token);
    let is_bearer = success.token_type.eq_ignore_ascii_case("bearer");
    Ok(Granted {
        id_token: success.id_token.map(Zeroizing::new),
        access_token: Some(access_token).filter(|token| is_bearer && !token.is_empty()),
    })
}
