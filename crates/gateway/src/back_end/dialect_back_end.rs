//! The back end of one dialect, as all workers share it.

use std::sync::Arc;

use actix_web::dev::RequestHead;
use isogloss_dialect::TokenPlaces;
use isogloss_dialect::back_end::TokenPolicy;
use isogloss_reverse_proxy::{Address, ReverseProxy};

use super::paths::PathPatterns;
use super::received_path::{is_unambiguous, routed_path};
use crate::config::{BackEndAuth, BackEndSettings, ConfigError, TokenForwarding};
use crate::dialects::Mount;
use crate::introspection::{IdentityHeaders, ScopeTable};
use crate::jwt::JwtSigner;

/// The back end of one dialect.
pub(super) struct DialectBackEnd {
    pub(super) dialect: &'static str,
    pub(super) settings: Arc<BackEndSettings>,
    pub(super) proxy: ReverseProxy,
    /// Where calls carry the token.
    pub(super) places: TokenPlaces,
    /// Signs the JWTs that the back end gets. `None` if JWTs are disabled.
    pub(super) jwts: Option<Arc<JwtSigner>>,
    /// The scopes in these JWTs.
    pub(super) scopes: Arc<ScopeTable>,
    /// The headers by which the back end learns the user.
    pub(super) headers: IdentityHeaders,
    /// Paths that go to the back end although the dialect may have such a route.
    claimed: PathPatterns,
    /// Paths outside of the dialect's own.
    pub(super) outside: PathPatterns,
    public: PathPatterns,
    /// The hosts that the back end may have in its responses: those of its addresses with their ports, and the one it is given.
    pub(super) hosts: Vec<String>,
}

impl DialectBackEnd {
    /// Sets up the back end of a dialect; returns `None` if it has none. Fails if a setting is invalid, or a file cannot be
    /// used.
    pub(super) fn open(
        mount: &Mount,
        jwts: Option<Arc<JwtSigner>>,
        scopes: &Arc<ScopeTable>,
        headers: &IdentityHeaders,
    ) -> Result<Option<Self>, ConfigError> {
        let settings = Arc::clone(mount.back_end());
        let Some(proxy) = settings.open(mount.name)? else {
            return Ok(None);
        };
        // A reload may want JWTs that this process does not sign.
        let audience = &settings.proxy.jwt_audience;
        let signs = jwts
            .as_ref()
            .map(|jwts| audience.is_empty() || jwts.allows_audience(audience));
        if signs == Some(false) || (signs.is_none() && settings.proxy.token == TokenForwarding::Jwt)
        {
            let key = format!("dialects.{}.proxy.token", mount.name);
            let reason = "needs the JWTs of changed settings in `jwt`, and with them a restart";
            return Err(ConfigError::new(key, reason));
        }
        let parse = |name: &str, entries: &[String]| {
            let patterns = PathPatterns::parse(entries, mount.ignores_case());
            let key = format!("dialects.{}.{name}", mount.name);
            patterns.map_err(|error| ConfigError::new(key, error))
        };
        let paths = parse("backend_paths", &settings.backend_paths)?;
        let addresses = proxy.addresses().into_iter();
        let addresses = addresses.filter(|status| !matches!(*status.address, Address::Unix(_)));
        let hosts = addresses.map(|status| status.address.authority());
        let named = Some(settings.proxy.host.clone());
        let named = named.filter(|host| !matches!(host.as_str(), "client" | "backend"));
        Ok(Some(Self {
            dialect: mount.name,
            places: mount.token_places(),
            jwts,
            scopes: Arc::clone(scopes),
            headers: headers.clone(),
            claimed: paths.inside(&mount.path),
            outside: paths.outside(&mount.path),
            public: parse("public_paths", &settings.public_paths)?,
            hosts: hosts.chain(named).collect(),
            proxy,
            settings,
        }))
    }

    /// Returns whether a call below the dialect's path goes to the back end even if the dialect has a route for it.
    pub(super) fn claims(&self, head: &RequestHead) -> bool {
        !self.claimed.is_empty()
            && self
                .claimed
                .match_any(&head.method, &routed_path(head.uri.path()))
    }

    /// Returns whether a call needs a token. Its path must be the one that the client sent.
    pub(super) fn token_policy(&self, head: &RequestHead) -> TokenPolicy {
        let path = head.uri.path();
        if self.public.match_any(&head.method, path) && is_unambiguous(path) {
            return TokenPolicy::Public;
        }
        match self.settings.backend_auth {
            BackEndAuth::Required => TokenPolicy::Required,
            BackEndAuth::Optional => TokenPolicy::Optional,
        }
    }
}
