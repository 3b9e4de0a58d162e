//! The head of a call as the back end gets it: the client's headers, without what only the gateway may say, and what the
//! gateway says.

use std::fmt::Write as _;
use std::net::IpAddr;

use actix_web::http::header::{
    AUTHORIZATION, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, X_FORWARDED_FOR,
    X_FORWARDED_HOST, X_FORWARDED_PROTO,
};
use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpRequest};
use isogloss_core::{Auth, Session};
use isogloss_dialect::back_end::TokenPolicy;
use isogloss_reverse_proxy::remove_from_request;
use tracing_actix_web::RequestId;

use super::dialect_back_end::DialectBackEnd;
use super::token_removal::remove_tokens;
use crate::client_ip::TrustedProxies;
use crate::config::TokenForwarding;
use crate::introspection::{Identity, IdentityHeaders};
use crate::jwt::{KeysUnavailable, TokenClaims};
use crate::telemetry::{self, otlp};

const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Prefixes of names that only the gateway and trusted proxies write.
const RESERVED_PREFIXES: [&str; 2] = ["x-isogloss-", "x-forwarded-"];

/// Names that only the gateway writes, and names by which some servers replace the path that was authorized.
const RESERVED: [&str; 7] = [
    "forwarded",
    "x-real-ip",
    "x-request-id",
    "x-original-uri",
    "x-original-url",
    "x-original-method",
    "x-rewrite-url",
];

/// Names of which some servers read another spelling, too.
const SPELLED_ONE_WAY: [&str; 8] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "traceparent",
    "transfer-encoding",
];

/// Names by which some servers replace the method: a path may be public for one method only.
const METHODS: [&str; 3] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// Returns the headers for the back end. `session` is `None` for a call without an identity. Fails if JWTs are enabled, and
/// none can be signed.
pub(super) fn headers(
    back_end: &DialectBackEnd,
    request: &HttpRequest,
    policy: TokenPolicy,
    session: Option<&Session>,
) -> Result<HeaderMap, KeysUnavailable> {
    let mut headers = request.headers().clone();
    // First of all: `Connection` may name any header.
    remove_from_request(&mut headers);
    remove_reserved(&mut headers, policy, &back_end.headers);
    let token = back_end.settings.proxy.token;
    if token != TokenForwarding::Keep {
        remove_tokens(&back_end.places, &mut headers);
    }
    add_host(&mut headers, request);
    add_forwarded(&mut headers, request);
    let id = request.extensions().get::<RequestId>().map(|id| **id);
    telemetry::add_request_id(id, &mut headers);
    otlp::add_trace(&mut headers);
    let claims = session.map(|session| {
        let claims = TokenClaims::new(session, back_end.dialect, &back_end.scopes);
        (claims, session)
    });
    let claims = claims.as_ref();
    let jwt = claims.and_then(|(claims, session)| jwt(back_end, request, claims, session));
    let jwt = jwt.transpose()?;
    if token == TokenForwarding::Jwt
        && let Some(jwt) = &jwt
        && let Ok(value) = HeaderValue::try_from(format!("Bearer {jwt}"))
    {
        headers.insert(AUTHORIZATION, value);
    }
    let identity = claims.map(|(claims, session)| Identity {
        claims,
        expires_at: session.expires_at(),
        jwt: jwt.as_deref(),
    });
    back_end.headers.write(&mut headers, identity.as_ref());
    Ok(headers)
}

/// Returns the JWT of a session, or `None` if no JWTs are issued; an error if none can be signed.
fn jwt(
    back_end: &DialectBackEnd,
    request: &HttpRequest,
    claims: &TokenClaims<'_>,
    session: &Session,
) -> Option<Result<String, KeysUnavailable>> {
    let jwts = back_end.jwts.as_ref()?;
    let now = request.app_data::<Data<Auth>>()?.now();
    let audience = match back_end.settings.proxy.jwt_audience.as_str() {
        "" => jwts.audience(),
        audience => audience,
    };
    let audience = [audience.to_owned()];
    let jwt = jwts.sign_cached(claims, &audience, session.expires_at(), now);
    Some(jwt.map(|jwt| jwt.text))
}

/// Removes the headers that a client may not send to the back end.
fn remove_reserved(headers: &mut HeaderMap, policy: TokenPolicy, identity: &IdentityHeaders) {
    let is_reserved = |name: &&HeaderName| is_reserved(name, policy, identity);
    let names = headers.keys().filter(is_reserved);
    let names: Vec<_> = names.cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// Returns whether a client may not send a header of that name, in any spelling: CGI and its descendants read `x_isogloss_user`
/// as `X-Isogloss-User`.
fn is_reserved(name: &HeaderName, policy: TokenPolicy, identity: &IdentityHeaders) -> bool {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let spelled: String = name.as_str().chars().map(plain).collect();
    let is_other_spelling = spelled != name.as_str();
    let spelled = spelled.as_str();
    RESERVED_PREFIXES
        .iter()
        .any(|prefix| spelled.starts_with(prefix))
        || RESERVED.contains(&spelled)
        || identity.is_chosen(spelled)
        || (is_other_spelling && SPELLED_ONE_WAY.contains(&spelled))
        || (policy == TokenPolicy::Public && METHODS.contains(&spelled))
}

/// Replaces the host by that of an absolute target, and several hosts by one.
fn add_host(headers: &mut HeaderMap, request: &HttpRequest) {
    let authority = request.uri().authority();
    let value = match authority {
        Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
        None => headers.get(HOST).cloned(),
    };
    headers.remove(HOST);
    if let Some(value) = value {
        headers.insert(HOST, value);
    }
}

/// Adds the headers by which proxies report client, host and scheme.
fn add_forwarded(headers: &mut HeaderMap, request: &HttpRequest) {
    let connection = request.connection_info();
    let (scheme, host) = (connection.scheme(), connection.host());
    let chain = request
        .app_data::<TrustedProxies>()
        .map(|proxies| proxies.chain(request))
        .unwrap_or_default();
    let addresses: Vec<_> = chain.iter().map(ToString::to_string).collect();
    let client = addresses.first().cloned().unwrap_or_default();
    for (name, text) in [
        (X_FORWARDED_FOR, addresses.join(", ")),
        (X_FORWARDED_PROTO, scheme.to_owned()),
        (X_FORWARDED_HOST, host.to_owned()),
        (X_REAL_IP, client),
        (FORWARDED, forwarded(&chain, host, scheme)),
    ] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
}

/// Returns the value of `Forwarded` (RFC 7239).
fn forwarded(chain: &[IpAddr], host: &str, scheme: &str) -> String {
    let mut text = String::new();
    for (index, address) in chain.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        // Writing to a `String` cannot fail.
        let _ = match address {
            IpAddr::V4(address) => write!(text, "{separator}for={address}"),
            IpAddr::V6(address) => write!(text, "{separator}for=\"[{address}]\""),
        };
        if index == 0 {
            let host = host.replace(['"', '\\'], "");
            let _ = write!(text, ";host=\"{host}\";proto={scheme}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ForwardAuth, HeaderClaim};

    #[test]
    fn names_that_only_the_gateway_writes_are_reserved_in_every_spelling() {
        let chosen = IdentityHeaders::new(&ForwardAuth {
            headers: [("Remote-User".to_owned(), HeaderClaim::UserName)].into(),
            ..ForwardAuth::default()
        });
        for name in [
            "x-isogloss-user",
            "x_isogloss_user",
            "x.isogloss.user",
            "x-isogloss_role",
            "x-isogloss-new",
            "x-forwarded-for",
            "x_forwarded_proto",
            "forwarded",
            "x_real_ip",
            "x-request_id",
            "x-original-url",
            "content_length",
            "transfer_encoding",
            "remote-user",
            "remote_user",
            "remote.user",
        ] {
            let name = HeaderName::from_static(name);
            assert!(is_reserved(&name, TokenPolicy::Required, &chosen), "{name}");
        }
        for name in [
            "accept",
            "authorization",
            "cookie",
            "host",
            "x-custom_name",
            "x-http-method-override",
            "remote-users",
            "remoteuser",
        ] {
            let name = HeaderName::from_static(name);
            assert!(
                !is_reserved(&name, TokenPolicy::Required, &chosen),
                "{name}"
            );
        }
        let name = HeaderName::from_static("x-http-method-override");
        assert!(is_reserved(&name, TokenPolicy::Public, &chosen));
    }

    #[test]
    fn forwarded_has_the_client_first() {
        let chain = ["2001:db8::1".parse().unwrap(), "10.0.0.1".parse().unwrap()];
        assert_eq!(
            forwarded(&chain, "login.example.com:8443", "https"),
            "for=\"[2001:db8::1]\";host=\"login.example.com:8443\";proto=https, for=10.0.0.1"
        );
    }
}
