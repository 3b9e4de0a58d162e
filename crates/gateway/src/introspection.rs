//! Token checks for services and proxies: token introspection, forward-auth and token exchange for JWTs.

mod active_session;
mod forward_auth;
pub(crate) mod identity_headers;
mod introspect;
mod jwks;
mod oauth_error;
mod openapi;
mod original_request;
mod service_key;
mod token_exchange;
mod token_extraction;

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};

pub(crate) use self::openapi::document;
use crate::dialects::Mount;
use crate::jwt::JwtSigner;
use crate::usage::ServiceUsage;

/// State of the routes, next to [`Auth`](isogloss_core::Auth).
#[derive(Clone)]
pub(crate) struct IntrospectionApi {
    /// The enabled dialects. Tokens of other dialects are not valid.
    pub(crate) mounts: Arc<[Mount]>,
    /// Signs JWTs. `None` if JWTs are disabled.
    pub(crate) jwts: Option<Arc<JwtSigner>>,
    /// Counts checks of a dialect's tokens as use of the dialect.
    pub(crate) usage: ServiceUsage,
}

impl IntrospectionApi {
    /// Returns a copy for other dialects and usage counts, which signs JWTs with the same keys.
    pub(crate) fn with_dialects(&self, mounts: Vec<Mount>, usage: ServiceUsage) -> Self {
        Self {
            mounts: mounts.into(),
            jwts: self.jwts.clone(),
            usage,
        }
    }

    /// Returns the dialect named `dialect`, or all of them for `None`.
    ///
    /// # Errors
    /// No enabled dialect has that name.
    fn mounts_named(
        &self,
        dialect: Option<&str>,
    ) -> Result<impl Iterator<Item = &Mount> + Clone, oauth_error::OAuthError> {
        let is_meant = move |mount: &&Mount| dialect.is_none_or(|dialect| dialect == mount.name);
        let mut mounts = self.mounts.iter().filter(is_meant).peekable();
        if dialect.is_some() && mounts.peek().is_none() {
            return Err(oauth_error::OAuthError::unknown_dialect());
        }
        Ok(mounts)
    }

    /// Adds the routes of token introspection, token exchange, the public keys of JWTs, and forward-auth to `cfg`.
    pub(crate) fn configure(&self, cfg: &mut ServiceConfig) {
        cfg.app_data(Data::new(self.clone()))
            .configure(introspect::configure)
            .configure(token_exchange::configure)
            .configure(jwks::configure)
            .configure(|cfg| forward_auth::configure(self, cfg));
    }
}
