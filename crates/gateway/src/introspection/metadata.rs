//! The metadata by which services find the routes: RFC 8414, and `OpenID` Connect Discovery.

use actix_web::http::header::{CACHE_CONTROL, HOST, HeaderValue};
use actix_web::http::uri::Authority;
use actix_web::web::{Data, ServiceConfig, get, head, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::IntrospectionApi;
use super::jwks;
use super::oauth_error::{OAuthError, OAuthErrorBody};
use super::token_exchange::GRANT_TYPE;
use crate::config::{BaseUrl, JwtAlgorithm, MetadataPaths, Sections};
use crate::jwt::JwtSigner;

/// Path of the endpoint that every `OpenID` provider has to name.
const AUTHORIZE: &str = "/authorize";
const KEYS: &str = "/.well-known/jwks.json";
/// As long as the key set may be cached.
const CACHED: &str = "public, max-age=300";

/// Where services find the routes.
pub(crate) struct MetadataSettings {
    /// The address of the management listener, without a slash at its end. Empty if it is the one that a request names.
    management: String,
    /// Whether the public listener has the metadata and the keys, too.
    is_public: bool,
}

impl MetadataSettings {
    /// Returns the settings of a configuration.
    pub(crate) fn new(sections: &Sections) -> Self {
        let management = sections.management.url.parse::<BaseUrl>();
        Self {
            management: management.map_or_else(|_| String::new(), |url| url.as_str().to_owned()),
            is_public: sections.introspection.public_metadata,
        }
    }

    /// Returns whether the public listener has the metadata and the keys, too.
    pub(super) fn is_public(&self) -> bool {
        self.is_public
    }
}

/// Adds the routes of the metadata to `cfg`: at the paths of the issuer, and without its path. If there is no issuer that
/// can have metadata, they refuse every request.
pub(super) fn configure(api: &IntrospectionApi, cfg: &mut ServiceConfig) {
    let root = MetadataPaths::at_root();
    add_documents(&root, cfg);
    let jwts = api.jwts.as_ref();
    let paths = jwts.and_then(|jwts| MetadataPaths::below(jwts.issuer()));
    if let Some(paths) = paths.filter(|paths| *paths != root) {
        add_documents(&paths, cfg);
        add_keys(&paths, cfg);
    }
    let authorize_routes = resource(AUTHORIZE).route(get().to(authorize));
    cfg.service(authorize_routes);
}

/// Adds the routes of the metadata at these paths to `cfg`.
pub(super) fn add_documents(paths: &MetadataPaths, cfg: &mut ServiceConfig) {
    let of_server = resource(paths.authorization_server.as_str())
        .route(get().to(authorization_server))
        .route(head().to(authorization_server));
    cfg.service(of_server);
    for path in &paths.openid {
        let openid = resource(path.as_str())
            .route(get().to(openid_provider))
            .route(head().to(openid_provider));
        cfg.service(openid);
    }
}

/// Adds the route of the key set at these paths to `cfg`.
pub(super) fn add_keys(paths: &MetadataPaths, cfg: &mut ServiceConfig) {
    let keys = resource(paths.keys.as_str())
        .route(get().to(jwks::keys))
        .route(head().to(jwks::keys));
    cfg.service(keys);
}

/// The metadata of RFC 8414, section 2.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written member by member")]
struct Metadata {
    issuer: String,
    jwks_uri: String,
    token_endpoint: String,
    token_endpoint_auth_methods_supported: Vec<String>,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<String>,
    grant_types_supported: Vec<String>,
    /// `none`: no user authorises a client here.
    response_types_supported: Vec<String>,
    #[schema(nullable = false)]
    scopes_supported: Option<Vec<String>>,
}

/// The metadata of an `OpenID` provider, with the members that readers require.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written member by member")]
struct OpenidMetadata {
    issuer: String,
    jwks_uri: String,
    token_endpoint: String,
    token_endpoint_auth_methods_supported: Vec<String>,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<String>,
    grant_types_supported: Vec<String>,
    response_types_supported: Vec<String>,
    #[schema(nullable = false)]
    scopes_supported: Option<Vec<String>>,
    /// Refuses every request.
    authorization_endpoint: String,
    subject_types_supported: Vec<String>,
    /// The algorithms of the published keys, that of new JWTs first. No ID token is issued.
    id_token_signing_alg_values_supported: Vec<String>,
}

/// Returns the metadata of the authorization server, as in RFC 8414. Fails if the `Host` is invalid and the setting
/// `management.url` is missing.
#[utoipa::path(get, summary = "The metadata of the authorization server, as in RFC 8414.", path = "/.well-known/oauth-authorization-server", operation_id = "authorizationServer", tag = "services",
    responses((status = 200, body = Metadata), (status = 400, description = "the Host is invalid", body = OAuthErrorBody), (status = 404, description = "no JWTs are issued, or jwt.issuer is not an address", body = OAuthErrorBody)))]
pub(super) async fn authorization_server(
    request: HttpRequest,
    api: Data<IntrospectionApi>,
) -> Result<HttpResponse, OAuthError> {
    respond(&request, &api, |_, _, metadata| metadata)
}

/// Returns the metadata as an `OpenID` provider has them: many readers of JWTs know no others. Fails if the `Host` is
/// invalid and the setting `management.url` is missing.
#[utoipa::path(get, summary = "The same metadata, as OpenID Connect Discovery has them.", path = "/.well-known/openid-configuration", operation_id = "openidConfiguration", tag = "services",
    responses((status = 200, body = OpenidMetadata), (status = 400, description = "the Host is invalid", body = OAuthErrorBody), (status = 404, description = "no JWTs are issued, or jwt.issuer is not an address", body = OAuthErrorBody)))]
pub(super) async fn openid_provider(
    request: HttpRequest,
    api: Data<IntrospectionApi>,
) -> Result<HttpResponse, OAuthError> {
    respond(&request, &api, |jwts, endpoints, mut metadata| {
        metadata["authorization_endpoint"] = format!("{endpoints}{AUTHORIZE}").into();
        metadata["subject_types_supported"] = json!(["public"]);
        // Readers of the metadata refuse other algorithms: while the algorithm changes, they need both.
        let algorithms = jwts.algorithms().into_iter().map(JwtAlgorithm::name);
        let algorithms: Vec<_> = algorithms.collect();
        metadata["id_token_signing_alg_values_supported"] = json!(algorithms);
        metadata
    })
}

/// Refuses to authorise a client: the metadata of an `OpenID` provider must name such an endpoint, and users log in with
/// their dialect.
#[utoipa::path(get, summary = "Refuses every request: users log in with their dialect.", path = "/authorize", operation_id = "authorize", tag = "services",
    responses((status = 400, description = "always, if there are metadata", body = OAuthErrorBody), (status = 404, description = "no JWTs are issued, or jwt.issuer is not an address", body = OAuthErrorBody)))]
pub(super) async fn authorize(api: Data<IntrospectionApi>) -> Result<HttpResponse, OAuthError> {
    signer(&api)?;
    Err(OAuthError::UnsupportedResponseType)
}

/// Returns the signer of JWTs. Fails if there is none, or if its issuer can have no metadata.
fn signer(api: &IntrospectionApi) -> Result<&JwtSigner, OAuthError> {
    let jwts = api.jwts.as_deref();
    let jwts = jwts.filter(|jwts| MetadataPaths::below(jwts.issuer()).is_some());
    jwts.ok_or(OAuthError::NoMetadata)
}

/// Returns the metadata after `complete`, which gets the signer and the address of the endpoints. Fails if the address
/// is not known.
fn respond(
    request: &HttpRequest,
    api: &IntrospectionApi,
    complete: impl FnOnce(&JwtSigner, &str, Value) -> Value,
) -> Result<HttpResponse, OAuthError> {
    let jwts = signer(api)?;
    let settings = &api.metadata;
    let mut response = HttpResponse::Ok();
    let endpoints = if settings.management.is_empty() {
        requested_address(request)?
    } else {
        response.insert_header((CACHE_CONTROL, CACHED));
        settings.management.clone()
    };
    let keys = if settings.is_public {
        jwts.issuer().trim_end_matches('/')
    } else {
        endpoints.as_str()
    };
    let mut metadata = json!({
        "issuer": jwts.issuer(),
        "jwks_uri": format!("{keys}{KEYS}"),
        "token_endpoint": format!("{endpoints}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "introspection_endpoint": format!("{endpoints}/introspect"),
        "introspection_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "Bearer"],
        "grant_types_supported": [GRANT_TYPE],
        "response_types_supported": ["none"],
    });
    let scopes = api.scopes.all();
    if !scopes.is_empty() {
        metadata["scopes_supported"] = json!(scopes);
    }
    Ok(response.json(complete(jwts, &endpoints, metadata)))
}

/// Returns the address of the listener as the request names it. Fails if that is no host.
fn requested_address(request: &HttpRequest) -> Result<String, OAuthError> {
    let named = request.headers().get(HOST).map(HeaderValue::as_bytes);
    let named = match request.uri().authority() {
        Some(authority) => Some(authority.as_str().as_bytes()),
        None => named,
    };
    let authority = named.and_then(|host| Authority::try_from(host).ok());
    let authority = authority.filter(|authority| !authority.as_str().contains('@'));
    let Some(authority) = authority else {
        let text = "the Host of the request is missing or invalid, and management.url is not set";
        return Err(OAuthError::InvalidRequest(text.to_owned()));
    };
    let secure = request.app_config().secure();
    let scheme = if secure { "https" } else { "http" };
    Ok(format!("{scheme}://{authority}"))
}
