//! Tokens as a client holds them, one of each kind.

use std::net::SocketAddr;

use serde::Deserialize;
use serde_json::Value;

use super::request_template::{RequestTemplate, filled};
use super::{Dialect, TestUser, dialect, dialects};
use crate::{Error, Request, Response, Result};

/// What a token is for, and in which dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenKind {
    /// The name of the dialect.
    pub dialect: &'static str,
    /// The name of the kind in the dialect's description.
    pub name: &'static str,
}

/// A token in the spelling of its dialect.
#[derive(Debug, Clone)]
pub struct HeldToken {
    /// What it is for.
    pub kind: TokenKind,
    /// As the client holds it.
    pub text: String,
    /// The device that it was issued to.
    pub client: String,
}

/// A kind of token, and how a client gets one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenDescription {
    name: String,
    /// Requests that lead to the token, after the login from a device. None if the response to that login has it.
    #[serde(default)]
    steps: Vec<RequestTemplate>,
    /// The JSON pointer of the token in the last response, or `cookie`.
    pub(super) at: String,
    /// A request that succeeds while `{token}` lives, and may spend it. `None` if no documented request takes it.
    #[serde(rename = "use")]
    usage: Option<RequestTemplate>,
    /// Where requests to the services that use the gateway carry `{token}`, or `{TOKEN}` in upper case. Nowhere if
    /// services may not accept it.
    #[serde(default)]
    carried: Vec<Carried>,
}

/// A header or a query that carries a token to a service that uses the gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carried {
    /// The name of a header, and its value.
    Header(String, String),
    /// A query.
    Query(String),
}

impl Carried {
    /// Returns the value of the header, or the query.
    pub fn text(&self) -> &str {
        match self {
            Self::Header(_, text) | Self::Query(text) => text,
        }
    }
}

/// A request that is granted to some kinds of tokens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectedRequest {
    /// The names of the kinds that are accepted.
    accepts: Vec<String>,
    /// A request that presents `{token}`.
    request: RequestTemplate,
}

impl TokenKind {
    /// Returns the kind of tokens that the dialect `dialect` calls `name`.
    pub const fn of(dialect: &'static str, name: &'static str) -> Self {
        Self { dialect, name }
    }

    /// Returns whether services that use the gateway may accept such a token.
    pub fn is_for_services(self) -> bool {
        let token = self.description();
        token.is_some_and(|token| !token.carried.is_empty())
    }

    fn description(self) -> Option<&'static TokenDescription> {
        let mut tokens = dialect(self.dialect).description.tokens.iter();
        tokens.find(|token| token.name == self.name)
    }
}

impl HeldToken {
    /// Returns a request that presents the token, which succeeds while it lives. It spends a one-time token.
    /// `None` for the kinds that no documented request takes.
    pub fn presented(&self) -> Option<Request> {
        let dialect = dialect(self.kind.dialect);
        let request = self.kind.description()?.usage.as_ref()?;
        let value = |name: &str| match name {
            "token" => Some(self.text.clone()),
            "device" => Some(self.client.clone()),
            _ => None,
        };
        Some(request.fill(dialect.mount, &value))
    }

    /// Returns the token in every place in which clients of the dialect put a token, in a request to a service that
    /// uses the gateway. Of a kind that services must not accept, these are the places of the first kind that they
    /// accept.
    pub fn carried(&self) -> Vec<Carried> {
        let filled = |text: &str| {
            filled(text, &|name| match name {
                "token" => Some(self.text.clone()),
                "TOKEN" => Some(self.text.to_uppercase()),
                _ => None,
            })
        };
        let all = &dialect(self.kind.dialect).description.tokens;
        let own = self.kind.description().into_iter();
        let kind = own.chain(all).find(|kind| !kind.carried.is_empty());
        let places = kind.into_iter().flat_map(|kind| &kind.carried);
        let places = places.map(|place| match place {
            Carried::Header(name, value) => Carried::Header(name.clone(), filled(value)),
            Carried::Query(query) => Carried::Query(filled(query)),
        });
        places.collect()
    }

    /// Returns the 32 hexadecimal digits of the token, in lower case.
    pub fn digits(&self) -> String {
        let digits = self.text.rsplit('-').next();
        digits.unwrap_or_default().to_lowercase()
    }
}

impl TestUser {
    /// Logs in through every dialect, requests every kind of token that there is, and returns the tokens. A token
    /// that was exchanged for another one is not among them: it is spent.
    ///
    /// # Errors
    /// If a connection fails, or a response does not have the token that it must have.
    pub fn every_token(&self, server: SocketAddr) -> Result<Vec<HeldToken>> {
        let mut all = Vec::new();
        for dialect in dialects() {
            all.extend(self.tokens_of(dialect, server)?);
        }
        Ok(all)
    }

    /// Logs in through one dialect, requests every kind of token of that dialect, and returns the tokens.
    ///
    /// # Errors
    /// If a connection fails, or a response does not have the token that it must have.
    pub fn tokens_of(&self, dialect: &Dialect, server: SocketAddr) -> Result<Vec<HeldToken>> {
        let login = self.device_login(dialect).send(server)?;
        let mut all = self.tokens(dialect.name, &login)?;
        for token in &dialect.description.tokens {
            let mut previous = None;
            for step in &token.steps {
                let value = |name: &str| match name {
                    "previous" => previous.clone(),
                    _ => value_of(&all, name).or_else(|| self.value(name)),
                };
                let response = step.fill(dialect.mount, &value).send(server)?;
                previous = Some(found(&response, step.at.as_ref().unwrap_or(&token.at))?);
            }
            all.extend(previous.map(|text| self.held(dialect, &token.name, text)));
        }
        Ok(all)
    }

    /// Returns the tokens in the response to a login from a device.
    ///
    /// # Errors
    /// A response without a token that it must have.
    pub fn tokens(&self, dialect: &str, login: &Response) -> Result<Vec<HeldToken>> {
        let dialect = super::dialect(dialect);
        let tokens = dialect.description.tokens.iter();
        tokens
            .filter(|token| token.steps.is_empty())
            .map(|token| Ok(self.held(&dialect, &token.name, found(login, &token.at)?)))
            .collect()
    }

    fn held(&self, dialect: &Dialect, name: &'static str, text: String) -> HeldToken {
        HeldToken {
            kind: TokenKind::of(dialect.name, name),
            text,
            client: self.client.clone(),
        }
    }
}

impl Dialect {
    /// Returns every kind of token.
    pub fn kinds(&self) -> impl Iterator<Item = TokenKind> + use<> {
        let (dialect, tokens) = (self.name, self.description.tokens.iter());
        tokens.map(move |token| TokenKind::of(dialect, &token.name))
    }

    /// Returns the requests that are granted to some kinds of tokens.
    pub fn protected_requests(&self) -> &'static [ProtectedRequest] {
        &self.description.protected_requests
    }

    /// Returns whether the request is granted to a token of that kind.
    pub fn accepts(&self, protected: &ProtectedRequest, kind: TokenKind) -> bool {
        self.name == kind.dialect && protected.accepts.iter().any(|name| name == kind.name)
    }

    /// Returns the protected request with a token. A token of another dialect has its own digits, in the spelling
    /// of this one.
    pub fn present(&self, protected: &ProtectedRequest, held: &HeldToken) -> Request {
        let value = |name: &str| match name {
            "token" if held.kind.dialect == self.name => Some(held.text.clone()),
            "token" => Some(self.spell(&held.digits())),
            "device" => Some(held.client.clone()),
            _ => None,
        };
        protected.request.fill(self.mount, &value)
    }

    fn spell(&self, digits: &str) -> String {
        filled(&self.description.spelling, &|name| match name {
            "digits" => Some(digits.to_owned()),
            "DIGITS" => Some(digits.to_uppercase()),
            _ => None,
        })
    }
}

/// Returns the text of the token whose kind has the name `name`. `None` if there is no such token.
pub(super) fn value_of(tokens: &[HeldToken], name: &str) -> Option<String> {
    let mut tokens = tokens.iter();
    let held = tokens.find(|held| held.kind.name == name)?;
    Some(held.text.clone())
}

fn found(response: &Response, at: &str) -> Result<String> {
    if at == "cookie" {
        return cookie(response);
    }
    let body = response.json()?;
    let text = body.pointer(at).and_then(Value::as_str);
    let text = text.filter(|text| response.status == 200 && !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| {
        Error::new(format!(
            "no {at} in the response {} {body}",
            response.status
        ))
    })
}

fn cookie(response: &Response) -> Result<String> {
    let cookie = response.header("Set-Cookie").unwrap_or_default();
    let value = cookie
        .split(';')
        .next()
        .and_then(|pair| pair.split_once('='))
        .map(|(_, value)| value.to_owned());
    value.ok_or_else(|| Error::new(format!("no cookie in a response {}", response.status)))
}
