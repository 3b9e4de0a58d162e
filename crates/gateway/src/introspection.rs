//! Token checks for services and proxies: token introspection, forward-auth, token exchange for JWTs, and the metadata by
//! which services find these.

mod active_session;
mod form;
mod forward_auth;
mod identity;
mod identity_headers;
mod introspect;
mod jwks;
mod metadata;
mod oauth_error;
mod openapi;
mod original_request;
mod public_metadata;
mod scope_table;
mod service_key;
mod token_exchange;
mod token_extraction;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use time::OffsetDateTime;

pub(crate) use self::identity::Identity;
pub(crate) use self::identity_headers::IdentityHeaders;
use self::metadata::MetadataSettings;
pub(crate) use self::openapi::document;
pub(crate) use self::public_metadata::PublicMetadata;
pub(crate) use self::scope_table::ScopeTable;
use crate::back_end::BackEnds;
use crate::config::{ConfigError, Sections};
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
    /// The scopes of tokens.
    pub(crate) scopes: Arc<ScopeTable>,
    /// How long services may use a result; zero for as long as the token is valid.
    max_age: Duration,
    /// Where services find the routes.
    metadata: Arc<MetadataSettings>,
    /// The headers by which services learn the user.
    pub(crate) headers: IdentityHeaders,
    /// Counts checks of a dialect's tokens as use of the dialect.
    pub(crate) usage: ServiceUsage,
}

impl IntrospectionApi {
    /// Returns the state for a configuration. `jwts` signs JWTs; `None` if they are disabled.
    pub(crate) fn new(
        sections: &Sections,
        mounts: &[Mount],
        jwts: Option<Arc<JwtSigner>>,
        usage: ServiceUsage,
    ) -> Self {
        Self {
            mounts: mounts.into(),
            jwts,
            scopes: Arc::new(ScopeTable::new(&sections.introspection)),
            headers: IdentityHeaders::new(&sections.forward_auth),
            max_age: sections.introspection.max_age,
            metadata: Arc::new(MetadataSettings::new(sections)),
            usage,
        }
    }

    /// Returns a copy for other dialects and usage counts, which signs JWTs with the same keys and sets the same headers.
    pub(crate) fn with_dialects(&self, mounts: Vec<Mount>, usage: ServiceUsage) -> Self {
        Self {
            mounts: mounts.into(),
            usage,
            ..self.clone()
        }
    }

    /// Sets up the back ends of dialects, which get the same JWTs as services.
    ///
    /// # Errors
    /// A setting is invalid, or a file cannot be used.
    pub(crate) fn open_back_ends(&self, mounts: &[Mount]) -> Result<BackEnds, ConfigError> {
        BackEnds::open(mounts, self.jwts.as_ref(), &self.scopes, &self.headers)
    }

    /// Returns until when services may use a result of `now` for a token that ends at `ends_at`.
    fn usable_until(&self, ends_at: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
        if self.max_age.is_zero() {
            return ends_at;
        }
        let max_age = time::Duration::try_from(self.max_age).unwrap_or(time::Duration::MAX);
        now.saturating_add(max_age).min(ends_at)
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

    /// Adds the routes of token introspection, token exchange, the public keys of JWTs, the metadata, and forward-auth
    /// to `cfg`.
    pub(crate) fn configure(&self, cfg: &mut ServiceConfig) {
        cfg.app_data(Data::new(self.clone()))
            .configure(|cfg| introspect::configure(self, cfg))
            .configure(token_exchange::configure)
            .configure(jwks::configure)
            .configure(|cfg| metadata::configure(self, cfg))
            .configure(|cfg| forward_auth::configure(self, cfg));
    }
}
