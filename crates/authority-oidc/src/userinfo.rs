//! The userinfo endpoint: OpenID Connect Core 1.0, section 5.3.

use isogloss_authority::HttpClient;
use isogloss_core::authority::{Cause, CauseKind};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use url::Url;
use zeroize::Zeroizing;

use crate::claims::Claims;
use crate::provider;

/// Returns the claims of the user for whom an access token was issued.
///
/// # Errors
///
/// A [`Cause`] if there is no complete and valid response. A signed or encrypted response is not understood.
pub(crate) async fn request(
    client: &HttpClient,
    endpoint: &Url,
    access_token: &str,
) -> Result<Claims, Cause> {
    let value = Zeroizing::new(format!("Bearer {access_token}"));
    let mut value = HeaderValue::try_from(value.as_str())
        .map_err(|_| Cause::new(CauseKind::Response, "the access token is no header"))?;
    value.set_sensitive(true);
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    let response = provider::get(client, endpoint.clone(), headers).await?;
    let claims: Claims = serde_json::from_slice(&response.body)
        .map_err(|_| Cause::new(CauseKind::Response, "userinfo is not valid"))?;
    claims.sub()?;
    Ok(claims)
}
