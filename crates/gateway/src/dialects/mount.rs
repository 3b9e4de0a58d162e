//! A dialect with its settings, mounted at a path.

use std::sync::Arc;

use actix_web::dev::RequestHead;
use actix_web::web::ServiceConfig;
use isogloss_core::BearerToken;
use isogloss_dialect::back_end::SharedBackEnd;
use isogloss_dialect::route::case_insensitive;
use isogloss_dialect::{Dialect, TokenPlaces};
use utoipa::openapi::{OpenApi, Server};

use crate::config::BackEndSettings;

/// A dialect that the configuration has enabled.
#[derive(Clone)]
pub struct Mount {
    /// The dialect's name.
    pub name: &'static str,
    /// The path below which its routes are.
    pub path: String,
    /// Its settings with every default, for people to read.
    pub settings: serde_json::Value,
    pub(super) back_end: Arc<BackEndSettings>,
    pub(super) ignores_case: bool,
    pub(super) has_long_lived_tokens: bool,
    pub(super) dialect: Arc<dyn AnyDialect>,
}

impl Mount {
    /// Returns the path as a pattern of the router, which ignores case if the dialect does.
    pub(crate) fn pattern(&self) -> String {
        if self.ignores_case {
            case_insensitive(&self.path, "mount")
        } else {
            self.path.clone()
        }
    }

    /// Returns the mount with these settings of its back end.
    pub(crate) fn with_back_end(self, settings: BackEndSettings) -> Self {
        let back_end = Arc::new(settings);
        Self { back_end, ..self }
    }

    /// Returns the settings of its back end.
    pub(crate) fn back_end(&self) -> &Arc<BackEndSettings> {
        &self.back_end
    }

    /// Returns whether letter case does not matter in paths of the dialect.
    pub(crate) fn ignores_case(&self) -> bool {
        self.ignores_case
    }

    /// Returns whether a path is that of the dialect, or below it.
    pub(crate) fn contains(&self, path: &str) -> bool {
        path.split_at_checked(self.path.len())
            .is_some_and(|(start, rest)| {
                let is_same = if self.ignores_case {
                    start.eq_ignore_ascii_case(&self.path)
                } else {
                    start == self.path
                };
                is_same && (rest.is_empty() || rest.starts_with('/'))
            })
    }

    /// Returns the places in which calls to the back end carry a token.
    pub(crate) fn token_places(&self) -> TokenPlaces {
        self.dialect.token_places()
    }

    /// Returns whether clients use some of the dialect's tokens for weeks, so that they must survive a restart
    /// of the token store.
    pub(crate) fn has_long_lived_tokens(&self) -> bool {
        self.has_long_lived_tokens
    }

    /// Adds the dialect's routes to `cfg`. Calls that `back_end` claims, and those for which there is no route, go to it.
    pub(crate) fn configure(&self, back_end: Option<SharedBackEnd>, cfg: &mut ServiceConfig) {
        self.dialect.configure(back_end, cfg);
    }

    /// Adds a scope in which every call goes to the back end.
    pub(crate) fn configure_back_end(&self, back_end: SharedBackEnd, cfg: &mut ServiceConfig) {
        self.dialect.configure_back_end(back_end, cfg);
    }

    /// Adds a scope that responds to forward-auth requests of any path: with a
    /// [`Session`](isogloss_core::Session) in the response's extensions, or with the dialect's error.
    pub(crate) fn forward_auth(&self, cfg: &mut ServiceConfig) {
        self.dialect.configure_forward_auth(cfg);
    }

    /// Returns the OpenAPI document of the dialect, at its path.
    pub(crate) fn openapi(&self) -> OpenApi {
        below(self.dialect.openapi(), &self.path)
    }

    /// Returns the token of a request from where this dialect's clients put it, or `None` if there is none.
    pub(crate) fn find_token(&self, head: &RequestHead) -> Option<BearerToken> {
        self.dialect.find_token(head)
    }

    /// Parses a token that stands alone. Returns `None` if it is not spelled like a token of this dialect.
    pub(crate) fn parse_token(&self, text: &str) -> Option<BearerToken> {
        self.dialect.parse_token(text)
    }

    /// Returns the name that the dialect's documentation uses for its token.
    pub(crate) fn token_type(&self) -> &'static str {
        self.dialect.token_type()
    }
}

/// Returns the document with `path` as the server of its routes.
pub(super) fn below(mut document: OpenApi, path: &str) -> OpenApi {
    document.servers = Some(vec![Server::new(path)]);
    document
}

/// Any [`Dialect`] with its settings: its functions without the types that differ.
pub(super) trait AnyDialect: Send + Sync {
    fn configure(&self, back_end: Option<SharedBackEnd>, cfg: &mut ServiceConfig);
    fn configure_back_end(&self, back_end: SharedBackEnd, cfg: &mut ServiceConfig);
    fn configure_forward_auth(&self, cfg: &mut ServiceConfig);
    fn find_token(&self, head: &RequestHead) -> Option<BearerToken>;
    fn parse_token(&self, text: &str) -> Option<BearerToken>;
    fn token_places(&self) -> TokenPlaces;
    fn openapi(&self) -> OpenApi;
    fn token_type(&self) -> &'static str;
}

/// A dialect with its settings.
pub(super) struct Configured<D: Dialect>(pub(super) D::Settings);

impl<D: Dialect> AnyDialect for Configured<D> {
    fn configure(&self, back_end: Option<SharedBackEnd>, cfg: &mut ServiceConfig) {
        D::configure(&self.0, back_end, cfg);
    }

    fn configure_back_end(&self, back_end: SharedBackEnd, cfg: &mut ServiceConfig) {
        D::configure_back_end(&self.0, back_end, cfg);
    }

    fn configure_forward_auth(&self, cfg: &mut ServiceConfig) {
        D::configure_forward_auth(&self.0, cfg);
    }

    fn find_token(&self, head: &RequestHead) -> Option<BearerToken> {
        D::find_token(&self.0, head)
    }

    fn parse_token(&self, text: &str) -> Option<BearerToken> {
        D::parse_token(text)
    }

    fn token_places(&self) -> TokenPlaces {
        D::token_places(&self.0)
    }

    fn openapi(&self) -> OpenApi {
        D::openapi()
    }

    fn token_type(&self) -> &'static str {
        D::TOKEN_TYPE
    }
}
