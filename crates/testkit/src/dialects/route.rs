//! The public routes of a dialect, and a request of each that is granted.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::request_template::{filled, filled_value};
use super::shape::Success;
use super::tokens::value_of;
use super::{Dialect, HeldToken};

/// Whether a route reads the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// The body is read.
    Read,
    /// The body is read, with JSON as its only type, and refused for its type, its text or its caller.
    JsonOnly,
    /// The body is not read.
    #[default]
    Ignored,
}

/// A route, as a description has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteDescription {
    /// Method and path.
    call: String,
    /// What each request has in its query.
    #[serde(default)]
    query: String,
    #[serde(default)]
    body: Body,
    /// Whether the documented body is a form.
    #[serde(default)]
    form: bool,
    /// The status of the error for a request that brings nothing. If absent, the route refuses no caller.
    bare: Option<u16>,
    /// Whether it grants any user name, to tell no caller whether there is such a user.
    #[serde(default)]
    takes_any_name: bool,
    /// Parameters of a request that is granted: in the body, or in the query if the body is not read.
    /// `{reset_key}` is the key of an e-mail to the user `sample`.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// The header `Authorization` of that request.
    authorization: Option<String>,
    success: Success,
}

/// A method at a path.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The name of its dialect.
    pub dialect: &'static str,
    /// The method.
    pub method: &'static str,
    /// The whole path.
    pub path: &'static str,
    /// What each request has in its query.
    pub query: &'static str,
    /// Whether it reads the body.
    pub body: Body,
    /// The status of the response to a request that brings nothing.
    pub bare: u16,
    of: Dialect,
    description: &'static RouteDescription,
}

/// The parts of a request that a route grants.
#[derive(Debug)]
pub struct Documented {
    /// The parameters of the query.
    pub query: Map<String, Value>,
    /// The members of the body; none if it is not read.
    pub members: Map<String, Value>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
}

impl RouteDescription {
    fn method_and_path(&self) -> (&str, &str) {
        self.call.split_once(' ').unwrap()
    }
}

impl Dialect {
    /// Returns every route of the dialect.
    pub fn routes(&self) -> impl Iterator<Item = Route> + use<> {
        let of = *self;
        self.description.routes.iter().map(move |description| {
            let (method, path) = description.method_and_path();
            let path = format!("{}{path}", of.mount);
            Route {
                dialect: of.name,
                method,
                path: Box::leak(path.into_boxed_str()),
                query: &description.query,
                body: description.body,
                bare: description.bare.unwrap_or(200),
                of,
                description,
            }
        })
    }

    /// Returns the path of every route, relative to the mount path, once each.
    pub fn paths(&self) -> Vec<&'static str> {
        let routes = self.description.routes.iter();
        let mut paths: Vec<_> = routes.map(|route| route.method_and_path().1).collect();
        paths.dedup();
        paths
    }
}

impl Route {
    /// Returns the dialect of the route.
    pub fn dialect(&self) -> Dialect {
        self.of
    }

    /// Returns a route with the same path and another method.
    #[must_use]
    pub fn by(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// Returns whether the route refuses some requests that the gateway lets through.
    pub fn can_refuse(&self) -> bool {
        self.description.bare.is_some()
    }

    pub(super) fn success(&self) -> &'static Success {
        &self.description.success
    }

    /// Returns whether the documented body is a form.
    pub fn has_form(&self) -> bool {
        self.description.form
    }

    /// Returns whether the route grants requests with any user name, so that no caller learns whether there is such a
    /// user.
    pub fn takes_any_name(&self) -> bool {
        self.description.takes_any_name
    }

    /// Returns whether the documented request needs the key of an e-mail to the user `sample`.
    pub fn needs_reset_key(&self) -> bool {
        let mut parameters = self.description.parameters.values();
        parameters.any(|value| value == "{reset_key}")
    }

    /// Returns a request that is granted, with live tokens of the dialect.
    ///
    /// # Panics
    /// If the request needs a token, or a reset key, that is not given.
    pub fn documented(&self, tokens: &[HeldToken], reset_key: Option<&str>) -> Documented {
        let own: Vec<_> = tokens
            .iter()
            .filter(|held| held.kind.dialect == self.dialect)
            .cloned()
            .collect();
        let value = |name: &str| match name {
            "reset_key" => reset_key.map(str::to_owned),
            "device" => own.first().map(|held| held.client.clone()),
            _ => value_of(&own, name),
        };
        let parameters = &self.description.parameters;
        let parameters = parameters.iter().map(|(name, parameter)| {
            let parameter = filled_value(parameter, &value);
            (name.clone(), parameter)
        });
        let parameters: Map<_, _> = parameters.collect();
        let (mut query, mut members) = (Map::new(), Map::new());
        if let Some((name, value)) = self.query.split_once('=') {
            query.insert(name.to_owned(), value.into());
        }
        match self.body {
            Body::Read | Body::JsonOnly => members = parameters,
            Body::Ignored => query.extend(parameters),
        }
        let authorization = self.description.authorization.as_ref();
        Documented {
            query,
            members,
            authorization: authorization.map(|text| filled(text, &value)),
        }
    }
}
