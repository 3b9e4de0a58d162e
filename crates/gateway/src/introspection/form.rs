//! The parameters of a form, as in RFC 6749.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::future::LocalBoxFuture;
use isogloss_dialect::read_body;

use super::oauth_error::OAuthError;

/// The parameters of a form.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Removes a required parameter from the form and returns it.
    ///
    /// # Errors
    /// The parameter is missing, empty or given more than once.
    pub(super) fn mandatory(&mut self, name: &'static str) -> Result<String, OAuthError> {
        let value = self.optional(name)?;
        value.ok_or_else(|| OAuthError::InvalidRequest(format!("the parameter {name} is missing")))
    }

    /// Removes an optional parameter from the form and returns it, or `None` if it is absent or empty (RFC
    /// 6749, section 3.1).
    ///
    /// # Errors
    /// The parameter is given more than once.
    pub(super) fn optional(&mut self, name: &'static str) -> Result<Option<String>, OAuthError> {
        let mut values = self.all(name).into_iter();
        let value = values.next();
        if values.next().is_some() {
            let text = format!("the parameter {name} is given more than once");
            return Err(OAuthError::InvalidRequest(text));
        }
        Ok(value)
    }

    /// Removes all values of a parameter from the form and returns them.
    pub(super) fn all(&mut self, name: &'static str) -> Vec<String> {
        let values = self.0.extract_if(.., |(known, _)| known == name);
        values.map(|(_, value)| value).collect()
    }

    /// Returns whether a parameter authenticates the client, or is a bearer token (RFC 6750, section 2.2).
    pub(super) fn has_client_credentials(&self) -> bool {
        let names = ["client_secret", "client_assertion", "access_token"];
        self.0
            .iter()
            .any(|(known, _)| names.contains(&known.as_str()))
    }
}

impl FromRequest for Form {
    type Error = OAuthError;
    type Future = LocalBoxFuture<'static, Result<Self, OAuthError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = request.content_type().to_ascii_lowercase();
        let body = read_body(request, payload);
        Box::pin(async move {
            if media != "application/x-www-form-urlencoded" {
                let text = "expected a form: Content-Type: application/x-www-form-urlencoded";
                return Err(OAuthError::InvalidRequest(text.to_owned()));
            }
            let body = body.await?;
            let given = form_urlencoded::parse(&body).filter(|(_, value)| !value.is_empty());
            let given = given.map(|(name, value)| (name.into_owned(), value.into_owned()));
            Ok(Self(given.collect()))
        })
    }
}
