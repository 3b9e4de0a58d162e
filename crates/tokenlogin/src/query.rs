//! The query parameters that every request may have. Names are compared without case.

use actix_web::{HttpMessage as _, HttpRequest};
use isogloss_core::{Auth, AuthError, BearerToken, ClientIp, LoginOrigin, Session, Terms};
use isogloss_dialect::Dialect as _;

use crate::error::Error;
use crate::{REALM, Settings, TokenLogin};

/// The members of a response that a caller requests, in lower case.
pub(crate) struct Fields(Vec<String>);

impl Fields {
    /// Parses the parameter `fields` of a query: `fields=a&fields=b`, `fields[]=a`, `fields[0]=a` or `fields=a,b`.
    pub(crate) fn parse(request: &HttpRequest) -> Self {
        let names = query_pairs(request.query_string())
            .filter(|(name, _)| name.split('[').next() == Some("fields"))
            .flat_map(|(_, value)| value.split(',').map(normalize).collect::<Vec<_>>())
            .collect();
        Self(names)
    }

    /// Returns those of `members` that the caller requests, or all if the caller requests none of them.
    pub(crate) fn select<'a>(&self, members: &[&'a str]) -> Vec<&'a str> {
        let requested: Vec<_> = members
            .iter()
            .filter(|member| self.0.contains(&normalize(member)))
            .copied()
            .collect();
        if requested.is_empty() {
            members.to_vec()
        } else {
            requested
        }
    }
}

/// A request with the key of a known developer.
pub(crate) struct DeveloperRequest {
    pub(crate) fields: Fields,
    /// The operator's name for the key.
    label: String,
}

impl DeveloperRequest {
    /// Parses the query and checks the developer's key in it. `Err` if the key is missing or unknown, if a parameter is
    /// malformed, or if the directory is unreachable.
    pub(crate) async fn authenticate(auth: &Auth, request: &HttpRequest) -> Result<Self, Error> {
        suppress_response_codes(request)?;
        let key = first_value(request.query_string(), "apikey").ok_or(Error::ApiKey)?;
        let source = request.extensions().get::<ClientIp>().copied();
        let key = auth
            .authenticate_key(&key, &LoginOrigin::new(REALM, source))
            .await?;
        let label = key.ok_or(Error::ApiKey)?.label;
        Ok(Self {
            fields: Fields::parse(request),
            label,
        })
    }

    /// Returns the terms of a session token for the developer's application.
    pub(crate) fn session_terms(&self, settings: &Settings) -> Terms {
        Terms {
            registered_application: Some(self.label.clone()),
            ..settings.session()
        }
    }
}

/// Returns the session of the token in the parameter `APIToken`. `Err` if the token is missing or not valid, or if a
/// store is unreachable.
pub(crate) async fn session(auth: &Auth, request: &HttpRequest) -> Result<Session, Error> {
    session_of(auth, Some(bearer_token(request)?)).await
}

/// Returns the session of a token. `Err` if there is no token, if it is not valid, or if a store is unreachable.
pub(crate) async fn session_of(auth: &Auth, token: Option<BearerToken>) -> Result<Session, Error> {
    let token = token.ok_or(Error::Session)?;
    auth.validate_bearer(&token).await.map_err(session_error)
}

/// Returns the session of the token in the parameter `APIToken`, for a request that ends the token. The token may have
/// ended already, so that a logout that failed as unavailable can be repeated. `Err` if there is no such token, or if a
/// store is unreachable.
pub(crate) async fn session_for_logout(
    auth: &Auth,
    request: &HttpRequest,
) -> Result<Session, Error> {
    let opened = auth.validate_bearer_to_end(&bearer_token(request)?).await;
    opened.map_err(session_error)
}

/// Returns the token in the parameter `APIToken`. `Err` if it is missing or malformed.
fn bearer_token(request: &HttpRequest) -> Result<BearerToken, Error> {
    let presented =
        api_token(request.query_string()).and_then(|text| TokenLogin::parse_token(&text));
    presented.ok_or(Error::Session)
}

/// Returns the dialect's error for a session token that core refuses.
fn session_error(error: AuthError) -> Error {
    if matches!(error, AuthError::InvalidToken(_)) {
        Error::Session
    } else {
        Error::Auth(error)
    }
}

/// Returns the value of the parameter `APIToken` of a query. `None` if it is absent.
pub(crate) fn api_token(query: &str) -> Option<String> {
    first_value(query, "apitoken")
}

/// Returns true if the caller requests status 200 for every outcome. `Err` if the value of `suppressResponseCodes` is
/// not a boolean.
pub(crate) fn suppress_response_codes(request: &HttpRequest) -> Result<bool, Error> {
    let value = first_value(request.query_string(), "suppressresponsecodes").unwrap_or_default();
    match normalize(&value).as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        _ => Err(Error::SuppressResponseCodes),
    }
}

/// Returns the first value of a parameter, by its lower-case name. `None` if it is absent.
fn first_value(query: &str, name: &str) -> Option<String> {
    query_pairs(query)
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// Returns the names in lower case and the values of all parameters of a query, in their order.
fn query_pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (normalize(&name), value.into_owned()))
}

/// Returns a text without blanks around it, in lower case.
fn normalize(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn request(query: &str) -> HttpRequest {
        TestRequest::with_uri(&format!("/?{query}")).to_http_request()
    }

    #[test]
    fn fields_come_in_many_forms() {
        for query in [
            "fields=b&fields=A",
            "Fields=a,B",
            "fields[]=a&fields[]=b",
            "fields[0]=a&fields%5B1%5D=%20b%20",
            "fields=b&fields=nope&FIELDS=a",
        ] {
            let fields = Fields::parse(&request(query));
            assert_eq!(fields.select(&["A", "B", "C"]), ["A", "B"], "{query}");
        }
        for query in ["", "fields=", "fields=nope", "field=a"] {
            let fields = Fields::parse(&request(query));
            assert_eq!(fields.select(&["A", "B"]), ["A", "B"], "{query}");
        }
    }

    #[test]
    fn suppression_is_a_lenient_boolean() {
        let suppressed = |query: &str| suppress_response_codes(&request(query)).ok();
        for query in [
            "suppressResponseCodes=true",
            "SUPPRESSRESPONSECODES=True",
            "suppressResponseCodes=1",
            "suppressResponseCodes=true&suppressResponseCodes=false",
        ] {
            assert_eq!(suppressed(query), Some(true), "{query}");
        }
        for query in [
            "",
            "suppressResponseCodes=",
            "suppressResponseCodes=FALSE",
            "suppressResponseCodes=0",
        ] {
            assert_eq!(suppressed(query), Some(false), "{query}");
        }
        assert_eq!(suppressed("suppressResponseCodes=maybe"), None);
    }
}
