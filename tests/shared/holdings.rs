//! Tokens as a client holds them, one of every kind.

use std::net::SocketAddr;

use isogloss_testkit::{Failure, Request, Response, Result};
use serde_json::{Value, json};

use crate::person::Person;

/// What a token is for, and in which dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    BimplusAccess,
    BimplusRemember,
    BimplusCross,
    Crmcom,
    TokenloginSession,
    TokenloginReauthentication,
    MemsourceAccess,
    MemsourceImpersonation,
    MemsourceBrowser,
}

/// A token in the spelling of its dialect.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// The device it was given to.
    pub(crate) client: String,
}

impl Person {
    /// Logs in everywhere and asks for every kind of token there is. The token that the browser's was
    /// exchanged for is not among them: it is spent.
    pub(crate) fn every_token(&self, server: SocketAddr) -> Result<Vec<Held>> {
        let mut all = Vec::new();
        for (dialect, request) in self.logins() {
            all.extend(self.tokens(dialect, &request.send(server)?)?);
        }
        let of = |kind: Kind| {
            let found = all.iter().find(|held: &&Held| held.kind == kind);
            found.map(|held| held.text.clone()).unwrap_or_default()
        };
        let (bimplus, memsource) = (of(Kind::BimplusAccess), of(Kind::MemsourceAccess));
        let cross = Request::post("/v2/cross-token")
            .header("Authorization", format!("BimPlus {bimplus}"))
            .send(server)?;
        all.push(self.held(Kind::BimplusCross, text(&cross, "/cross_token")?));

        let login_other = Request::post("/web/api/v3/auth/loginOther")
            .form(format!("token={memsource}&userName=linguist"));
        let other = text(&login_other.send(server)?, "/token")?;
        all.push(self.held(Kind::MemsourceImpersonation, other));
        let exchanged = text(&login_other.send(server)?, "/token")?;
        let browser =
            Request::get(format!("/web/login/authByToken?token={exchanged}")).send(server)?;
        all.push(self.held(Kind::MemsourceBrowser, cookie(&browser)?));
        Ok(all)
    }

    /// The tokens in the answer to a login.
    pub(crate) fn tokens(&self, dialect: &str, answer: &Response) -> Result<Vec<Held>> {
        let places: &[(Kind, &str)] = match dialect {
            "bimplus" => &[
                (Kind::BimplusAccess, "/access_token"),
                (Kind::BimplusRemember, "/remember_me_token"),
            ],
            "crmcom" => &[(Kind::Crmcom, "/data/token")],
            "tokenlogin" => &[
                (Kind::TokenloginSession, "/SessionToken"),
                (Kind::TokenloginReauthentication, "/ReAuthenticationToken"),
            ],
            _ => &[(Kind::MemsourceAccess, "/token")],
        };
        places
            .iter()
            .map(|(kind, place)| Ok(self.held(*kind, text(answer, place)?)))
            .collect()
    }

    fn held(&self, kind: Kind, text: String) -> Held {
        let client = self.client.clone();
        Held { kind, text, client }
    }
}

impl Held {
    /// A request that presents the token, which succeeds while it lives. It spends a cross token. `None`
    /// for the kinds that no documented request takes.
    pub(crate) fn presented(&self) -> Option<Request> {
        let Self { kind, text, client } = self;
        let authorize = Request::post("/v2/authorize");
        Some(match kind {
            Kind::Crmcom | Kind::TokenloginSession => return None,
            Kind::BimplusAccess => {
                Request::get("/v2/authorize").header("Authorization", format!("BimPlus {text}"))
            }
            Kind::BimplusRemember => {
                authorize.json(&json!({"remember_me_token": text, "client_id": client}))
            }
            Kind::BimplusCross => {
                Request::post("/v2/cross-authorize").json(&json!({"cross_token": text}))
            }
            Kind::TokenloginReauthentication => {
                Request::post("/api/v1/Authentication/TokenLogin?APIKey=demo-api-key")
                    .json(&json!({"reAuthenticationToken": text}))
            }
            Kind::MemsourceAccess | Kind::MemsourceImpersonation | Kind::MemsourceBrowser => {
                Request::get(format!("/web/api/v3/auth/whoAmI?token={text}"))
            }
        })
    }
}

fn text(answer: &Response, place: &str) -> Result<String> {
    let body = answer.json()?;
    let found = body.pointer(place).and_then(Value::as_str);
    let found = found.filter(|text| answer.status == 200 && !text.is_empty());
    found
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("no {place} in the answer {} {body}", answer.status)))
}

fn cookie(answer: &Response) -> Result<String> {
    let cookie = answer.header("Set-Cookie").unwrap_or_default();
    let value = cookie
        .split(';')
        .next()
        .and_then(|pair| pair.split_once('='))
        .map(|(_, value)| value.to_owned());
    value.ok_or_else(|| Failure::new(format!("no cookie in an answer {}", answer.status)))
}
