//! The visitor of a page: a session whose key is still valid.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::future::LocalBoxFuture;
use isogloss_core::directory::Directory;
use isogloss_core::{Auth, ClientIp, Key, Realm, Scope};
use maud::{Markup, html};

use super::error::ConsoleError;
use super::layout::Bar;
use super::navigation::ConsolePage;
use super::session::ConsoleSession;
use super::{Console, cookie};
use crate::admin::AdminService;
use crate::http::api_key::{ApiKey, KeyRealm};

/// The realm of the keys that sign in.
pub(super) struct ConsoleRealm;

impl KeyRealm for ConsoleRealm {
    const REALM: Realm = Realm::new("admin");
}

/// The visitor of a page. Its scopes are not checked yet.
pub(super) struct Visitor {
    pub(super) auth: Data<Auth>,
    pub(super) service: Data<AdminService>,
    pub(super) console: Data<Console>,
    session: ConsoleSession,
    key: ApiKey<ConsoleRealm>,
}

impl Visitor {
    /// Returns the visitor who sent a request. The key is looked up again.
    ///
    /// # Errors
    /// `SignedOut` if there is no session or its key is no longer valid, `Unavailable` if the directory is unreachable.
    pub(super) async fn of_request(request: &HttpRequest) -> Result<Self, ConsoleError> {
        let by_htmx = request.headers().contains_key("HX-Request");
        let signed_out = || ConsoleError::SignedOut { by_htmx };
        let (Some(auth), Some(service), Some(console), Some(id)) = (
            request.app_data::<Data<Auth>>().cloned(),
            request.app_data::<Data<AdminService>>().cloned(),
            request.app_data::<Data<Console>>().cloned(),
            cookie::session_id(request),
        ) else {
            return Err(signed_out());
        };
        let now = auth.now();
        let session = console.sessions.find(&id, now).ok_or_else(signed_out)?;
        let realm = ConsoleRealm::REALM.name();
        let key = service.directory.key(realm, session.key).await?;
        let is_valid = |key: &Key| key.expires_at.is_none_or(|expires_at| now < expires_at);
        let Some(key) = key.filter(is_valid) else {
            console.sessions.end(&id);
            return Err(signed_out());
        };
        let key = ApiKey::of_session(auth.clone(), key, source(request));
        let visitor = Self {
            auth,
            service,
            console,
            session,
            key,
        };
        let bar = Bar::new(visitor.key(), &visitor.form_token(), None);
        request.extensions_mut().insert(bar);
        Ok(visitor)
    }

    /// Returns the key.
    pub(super) fn key(&self) -> &Key {
        self.key.key()
    }

    /// Returns the directory.
    pub(super) fn directory(&self) -> &Arc<dyn Directory> {
        &self.service.directory
    }

    /// Returns whether the key has the scope.
    pub(super) fn may(&self, scope: Scope) -> bool {
        self.key().scopes.allow(scope)
    }

    /// Succeeds if the key has the scope. Otherwise records a refused event in the audit log.
    ///
    /// # Errors
    /// The key lacks the scope.
    pub(super) async fn require(&self, scope: Scope) -> Result<(), ConsoleError> {
        Ok(self.key.require(scope).await?)
    }

    /// Succeeds if the key has the scope of the page, like [`require`](Self::require).
    ///
    /// # Errors
    /// The key lacks the scope.
    pub(super) async fn require_page(&self, page: ConsolePage) -> Result<(), ConsoleError> {
        self.require(page.scope()).await
    }

    /// Runs `work` with the key as the actor of its audit events, and returns its output.
    pub(super) async fn run<F: Future>(&self, work: F) -> F::Output {
        self.key.run(work).await
    }

    /// Returns whether a form has the token of the session.
    pub(super) fn has_form_token(&self, sent: &str) -> bool {
        self.session.has_form_token(sent)
    }

    /// Returns the field with the token of the session, which each form must have.
    pub(super) fn form_token(&self) -> Markup {
        html! { input type="hidden" name="form_token" value=(self.session.form_token); }
    }
}

impl FromRequest for Visitor {
    type Error = ConsoleError;
    type Future = LocalBoxFuture<'static, Result<Self, ConsoleError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of_request(&request).await })
    }
}

/// Returns the address of the caller, as the admin API records it.
pub(super) fn source(request: &HttpRequest) -> Option<ClientIp> {
    request.peer_addr().map(|peer| peer.ip().into())
}
