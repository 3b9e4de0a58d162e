//! Parameters in any place: the query, a form of either type, or (an extension) flat JSON.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use isogloss_dialect::{media_type, read_body};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::multipart;

/// The parameters of a call, by their exact names.
#[derive(Debug, Default)]
pub(crate) struct Parameters(HashMap<String, String>);

impl Parameters {
    /// Parses the parameters of the query. `Err` if one is there twice with different values.
    pub(crate) fn from_query(request: &HttpRequest) -> Result<Self, Error> {
        let mut parameters = Self::default();
        parameters.add_form(request.query_string().as_bytes())?;
        Ok(parameters)
    }

    /// Removes a parameter and returns its value. `Err` if it is absent or empty.
    pub(crate) fn mandatory(&mut self, name: &'static str) -> Result<String, Error> {
        self.optional(name).ok_or(Error::Missing(name))
    }

    /// Removes a parameter and returns its value. `None` if it is absent or empty.
    pub(crate) fn optional(&mut self, name: &'static str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    /// Renames the parameter `alias` to `name`. `Err` if both are there with different values.
    pub(crate) fn alias(&mut self, alias: &'static str, name: &'static str) -> Result<(), Error> {
        let Some(value) = self.optional(alias) else {
            return Ok(());
        };
        let present = self.optional(name).unwrap_or_else(|| value.clone());
        self.add(name.to_owned(), present)?;
        self.add(name.to_owned(), value)
    }

    /// Adds a parameter. `Err` if it is already there with another value.
    fn add(&mut self, name: String, value: String) -> Result<(), Error> {
        match self.0.get(&name) {
            Some(present) if *present != value => Err(Error::ConflictingParameters),
            _ => {
                self.0.insert(name, value);
                Ok(())
            }
        }
    }

    /// Adds the parameters of a URL-encoded form. `Err` if one is there twice with different values.
    fn add_form(&mut self, form: &[u8]) -> Result<(), Error> {
        for (name, value) in form_urlencoded::parse(form) {
            self.add(name.into_owned(), value.into_owned())?;
        }
        Ok(())
    }

    /// Adds the members of a flat JSON object; `null` counts as absent. `Err` if the body is not an object, has nested
    /// values, or contradicts other parameters.
    fn add_json(&mut self, body: &[u8]) -> Result<(), Error> {
        let members: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| Error::Malformed)?;
        for (name, value) in members {
            match value {
                Value::String(value) => self.add(name, value)?,
                Value::Number(value) => self.add(name, value.to_string())?,
                Value::Bool(value) => self.add(name, value.to_string())?,
                Value::Null => {}
                Value::Array(_) | Value::Object(_) => return Err(Error::Malformed),
            }
        }
        Ok(())
    }
}

impl FromRequest for Parameters {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let body = read_body(&request, payload);
        Box::pin(async move {
            let mut parameters = Self::from_query(&request)?;
            if request.method() == Method::GET {
                return Ok(parameters);
            }
            let body = body.await?;
            let content_type = content_type(&request);
            match media_type(content_type).as_str() {
                "application/x-www-form-urlencoded" => parameters.add_form(&body)?,
                "application/json" => parameters.add_json(&body)?,
                _ if body.is_empty() => {}
                "multipart/form-data" => {
                    for (name, value) in multipart::parse_parts(content_type, body).await? {
                        parameters.add(name, value)?;
                    }
                }
                _ => return Err(Error::MediaType),
            }
            Ok(parameters)
        })
    }
}

/// Returns the header `Content-Type`. Empty if it is absent or not visible ASCII.
pub(crate) fn content_type(request: &HttpRequest) -> &str {
    let value = request.headers().get(CONTENT_TYPE);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
