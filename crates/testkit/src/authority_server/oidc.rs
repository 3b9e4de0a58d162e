//! The OpenID provider.

use std::collections::HashMap;
use std::io::Result;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::AuthorityServer;
use super::http::{Request, Response};
use super::signing_key::{self, SigningKey};
use super::users::{AuthorityUser, UserState};

/// Which ID tokens the provider issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdTokens {
    /// With all claims.
    Full,
    /// Only with `sub` and what is required. The others are in userinfo.
    Short,
    /// None.
    None,
    /// With all claims, and one fault for which it must not be believed.
    Wrong(TokenFault),
}

/// What is wrong with an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// It is of another issuer.
    Issuer,
    /// It is for another client.
    Audience,
    /// It is for us and another client, and was issued for that one.
    Party,
    /// It expired an hour ago.
    Expired,
    /// It is valid in an hour.
    Early,
    /// It has no time of expiry.
    Endless,
    /// It names the published key, and was signed with another one.
    ForeignKey,
    /// It has the algorithm `none`, and no signature.
    Unsigned,
    /// It is signed with the secret of the client, as HS256 is.
    SharedSecret,
    /// Its `sub` is empty.
    Subject,
}

impl TokenFault {
    /// Every fault.
    pub const ALL: [Self; 10] = [
        Self::Issuer,
        Self::Audience,
        Self::Party,
        Self::Expired,
        Self::Early,
        Self::Endless,
        Self::ForeignKey,
        Self::Unsigned,
        Self::SharedSecret,
        Self::Subject,
    ];

    fn spoil(self, claims: &mut Value) {
        let now = now();
        match self {
            Self::Issuer => claims["iss"] = "https://127.0.0.1/realms/test".into(),
            Self::Audience => claims["aud"] = "another".into(),
            Self::Party => {
                claims["aud"] = json!([AuthorityServer::CLIENT_ID, "another"]);
                claims["azp"] = "another".into();
            }
            Self::Expired => claims["exp"] = (now - 3600).into(),
            Self::Early => {
                claims["nbf"] = (now + 3600).into();
                claims["exp"] = (now + 7200).into();
            }
            Self::Endless => claims["exp"] = Value::Null,
            Self::Subject => claims["sub"] = "".into(),
            Self::ForeignKey | Self::Unsigned | Self::SharedSecret => {}
        }
    }
}

/// The state of the provider.
pub(super) struct Provider {
    pub(super) id_tokens: IdTokens,
    key: SigningKey,
}

impl Provider {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            id_tokens: IdTokens::Full,
            key: SigningKey::new(1)?,
        })
    }

    pub(super) fn rotate_key(&mut self) -> Result<()> {
        self.key = self.key.next()?;
        Ok(())
    }

    /// Returns the answer of an endpoint. The issuer is the part of the address before the endpoint.
    pub(super) fn answer(&self, users: &[AuthorityUser], request: &Request) -> Response {
        let host = request.header("host").unwrap_or_default();
        let path = request.path.split('?').next().unwrap_or_default();
        let issuer = format!("https://{host}/realms/test");
        let (status, json) = match path.strip_prefix("/realms/test") {
            Some("/.well-known/openid-configuration") => (200, metadata(&issuer)),
            Some("/keys") => (200, json!({"keys": [self.key.jwk()]})),
            Some("/token") => self.token(&issuer, users, request),
            Some("/userinfo") => userinfo(users, request),
            _ => (404, json!({})),
        };
        Response {
            status,
            json: json.to_string(),
        }
    }

    fn token(&self, issuer: &str, users: &[AuthorityUser], request: &Request) -> (u16, Value) {
        if !is_client(request) {
            return (401, json!({"error": "invalid_client"}));
        }
        let Some((login, password)) = credentials(request) else {
            return (400, json!({"error": "invalid_request"}));
        };
        let user = users.iter().find(|user| user.login == login);
        let refused = |text: &str| {
            let refusal = json!({"error": "invalid_grant", "error_description": text});
            (400, refusal)
        };
        // Like Keycloak, which says so before it checks the password.
        if user.is_some_and(|user| user.state == UserState::Disabled) {
            return refused("Account disabled");
        }
        let Some(user) = user.filter(|user| user.password == password) else {
            return refused("Invalid user credentials");
        };
        match user.state {
            UserState::Active | UserState::Disabled => (200, self.tokens(issuer, user)),
            UserState::PasswordExpired => refused("Account is not fully set up"),
            UserState::SecondFactor => refused("AADSTS50076: use multi-factor authentication"),
            UserState::Locked => refused("AADSTS50053: the account is locked"),
        }
    }

    fn tokens(&self, issuer: &str, user: &AuthorityUser) -> Value {
        let mut tokens = json!({"access_token": user.external_id, "token_type": "Bearer"});
        let now = now();
        let mut claims = match self.id_tokens {
            IdTokens::Full | IdTokens::Wrong(_) => claims(user),
            IdTokens::Short => json!({"sub": user.external_id}),
            IdTokens::None => return tokens,
        };
        claims["iss"] = issuer.into();
        claims["aud"] = AuthorityServer::CLIENT_ID.into();
        claims["iat"] = now.into();
        claims["exp"] = (now + 300).into();
        let fault = match self.id_tokens {
            IdTokens::Wrong(fault) => Some(fault),
            IdTokens::Full | IdTokens::Short | IdTokens::None => None,
        };
        if let Some(fault) = fault {
            fault.spoil(&mut claims);
        }
        let signed = match fault {
            Some(TokenFault::ForeignKey) => self.key.forge(&claims),
            Some(TokenFault::Unsigned) => signing_key::without_signature(&claims),
            Some(TokenFault::SharedSecret) => {
                signing_key::with_secret(&claims, AuthorityServer::CLIENT_SECRET)
            }
            None
            | Some(
                TokenFault::Issuer
                | TokenFault::Audience
                | TokenFault::Party
                | TokenFault::Expired
                | TokenFault::Early
                | TokenFault::Endless
                | TokenFault::Subject,
            ) => self.key.sign(&claims),
        };
        tokens["id_token"] = signed.into();
        tokens
    }
}

fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/keys"),
        "grant_types_supported": ["password"],
    })
}

fn claims(user: &AuthorityUser) -> Value {
    json!({
        "sub": user.external_id,
        "preferred_username": user.login,
        "email": user.email,
        "roles": [user.role],
        "organisation": user.organisation,
    })
}

/// Returns the login name and the password of a request for tokens.
pub(super) fn credentials(request: &Request) -> Option<(String, String)> {
    let mut form: HashMap<_, _> = form_urlencoded::parse(&request.body).into_owned().collect();
    if form.get("grant_type")? != "password" {
        return None;
    }
    Some((form.remove("username")?, form.remove("password")?))
}

fn is_client(request: &Request) -> bool {
    let encoded: String =
        form_urlencoded::byte_serialize(AuthorityServer::CLIENT_SECRET.as_bytes()).collect();
    let pair = format!("{}:{encoded}", AuthorityServer::CLIENT_ID);
    let expected = format!("Basic {}", BASE64.encode(pair.as_bytes()));
    request.header("authorization") == Some(&expected)
}

fn userinfo(users: &[AuthorityUser], request: &Request) -> (u16, Value) {
    let token = request.header("authorization").unwrap_or_default();
    let token = token.trim_start_matches("Bearer ");
    let user = users.iter().find(|user| user.external_id == token);
    user.map_or((401, json!({})), |user| (200, claims(user)))
}

/// Returns the current time, in seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "clients compare it with the machine's clock"
)]
fn now() -> u64 {
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}
