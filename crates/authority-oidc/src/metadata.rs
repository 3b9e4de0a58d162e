//! Metadata of a provider: OpenID Connect Discovery 1.0.

use isogloss_authority::permit_url;
use isogloss_core::authority::{Cause, CauseKind};
use serde::Deserialize;
use url::Url;

/// The metadata that we need.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    pub(crate) token_endpoint: Url,
    pub(crate) jwks_uri: Url,
    pub(crate) userinfo_endpoint: Option<Url>,
    pub(crate) grant_types_supported: Option<Vec<String>>,
    pub(crate) token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// The metadata as they are written.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    grant_types_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Returns the address of the metadata of an issuer: section 4.
pub(crate) fn address(issuer: &Url) -> Url {
    let mut address = issuer.clone();
    let path = issuer.path().trim_end_matches('/');
    address.set_path(&format!("{path}/.well-known/openid-configuration"));
    address
}

impl Metadata {
    /// Parses and checks metadata.
    ///
    /// # Errors
    ///
    /// A [`Cause`] if they are incomplete, of another issuer, or name addresses to which passwords must not be sent.
    pub(crate) fn parse(body: &[u8], issuer: &Url, allow_plain: bool) -> Result<Self, Cause> {
        let document: Document = serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let detail = format!("the metadata are not valid: line {line}, column {column}");
            Cause::new(CauseKind::Response, detail)
        })?;
        // An address without a path is the same with and without a slash. Otherwise each character counts.
        let is_same = Url::parse(&document.issuer).is_ok_and(|named| named == *issuer);
        if !is_same {
            let detail = "the metadata are of another issuer than the configured one";
            return Err(Cause::new(CauseKind::Configuration, detail));
        }
        let endpoint = |name, text: &str| endpoint(name, text, allow_plain);
        Ok(Self {
            token_endpoint: endpoint("token_endpoint", &document.token_endpoint)?,
            jwks_uri: endpoint("jwks_uri", &document.jwks_uri)?,
            userinfo_endpoint: match &document.userinfo_endpoint {
                Some(text) => Some(endpoint("userinfo_endpoint", text)?),
                None => None,
            },
            issuer: document.issuer,
            grant_types_supported: document.grant_types_supported,
            token_endpoint_auth_methods_supported: document.token_endpoint_auth_methods_supported,
        })
    }
}

/// Returns an address of the metadata. Fails if passwords must not be sent to it.
fn endpoint(name: &str, text: &str, allow_plain: bool) -> Result<Url, Cause> {
    let problem = match Url::parse(text) {
        Ok(url) => match permit_url(&url, allow_plain) {
            Ok(()) => return Ok(url),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    let detail = format!("{name} of the metadata: {problem}");
    Err(Cause::new(CauseKind::Configuration, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(configured: &str, issuer: &str, token_endpoint: &str) -> Result<Metadata, Cause> {
        let body = format!(
            r#"{{"issuer": "{issuer}", "token_endpoint": "{token_endpoint}", "jwks_uri": "https://a.example/keys", "more": 1}}"#
        );
        let configured = Url::parse(configured).unwrap();
        Metadata::parse(body.as_bytes(), &configured, false)
    }

    #[test]
    fn the_issuer_must_be_the_configured_one() {
        let token = "https://a.example/token";
        for (configured, issuer) in [
            ("https://a.example", "https://a.example"),
            ("https://a.example", "https://a.example/"),
            ("https://a.example/realms/r", "https://a.example/realms/r"),
            ("https://a.example/realms/r/", "https://a.example/realms/r/"),
        ] {
            assert!(parsed(configured, issuer, token).is_ok(), "{issuer}");
        }
        for (configured, issuer) in [
            ("https://a.example", "https://b.example"),
            ("https://a.example/realms/r", "https://a.example/realms/r/"),
            ("https://a.example/realms/r", "https://a.example/realms/R"),
            ("https://a.example", "http://a.example"),
            (
                "https://a.example/t/v2.0",
                "https://a.example/{tenantid}/v2.0",
            ),
        ] {
            let cause = parsed(configured, issuer, token).unwrap_err();
            assert_eq!(cause.kind, CauseKind::Configuration, "{issuer}");
        }
    }

    #[test]
    fn a_token_endpoint_without_tls_is_refused() {
        let issuer = "https://a.example";
        let cause = parsed(issuer, issuer, "http://a.example/token").unwrap_err();
        assert_eq!(cause.kind, CauseKind::Configuration);
    }

    #[test]
    fn the_address_is_below_the_issuer() {
        for (issuer, expected) in [
            (
                "https://a.example",
                "https://a.example/.well-known/openid-configuration",
            ),
            (
                "https://a.example/r/",
                "https://a.example/r/.well-known/openid-configuration",
            ),
        ] {
            assert_eq!(address(&Url::parse(issuer).unwrap()).as_str(), expected);
        }
    }
}
