//! A dialect as the gateway has it: where it is mounted, and what it is asked.

use std::sync::Arc;

use actix_web::dev::RequestHead;
use actix_web::web::ServiceConfig;
use isogloss_core::Presented;
use utoipa::openapi::{OpenApi, Server};

/// A dialect that the configuration has switched on.
#[derive(Clone)]
pub struct Mount {
    /// The dialect's name.
    pub name: &'static str,
    /// The path below which its routes are.
    pub path: String,
    /// Its settings with every default, for people to read.
    pub settings: serde_json::Value,
    pub(super) case: Case,
    pub(super) life: Life,
    pub(super) joined: Joined,
}

impl Mount {
    /// The path as a pattern of the router.
    pub(crate) fn pattern(&self) -> String {
        match self.case {
            Case::Sensitive => self.path.clone(),
            Case::Blind => {
                let segments = self.path.split('/').skip(1).enumerate();
                segments.fold(String::new(), |pattern, (index, segment)| {
                    format!("{pattern}/{{_mount{index}:(?i:{segment})}}")
                })
            }
        }
    }

    /// Whether some of its tokens are to outlive sessions.
    pub(crate) fn remembers(&self) -> bool {
        self.life == Life::Remembered
    }

    /// Adds the dialect's routes.
    pub(crate) fn configure(&self, cfg: &mut ServiceConfig) {
        (self.joined.configure)(cfg);
    }

    /// Adds a service that answers any call for the services behind: with a
    /// [`Session`](isogloss_core::Session) in the answer's extensions, or with a refusal.
    pub(crate) fn forward_auth(&self, cfg: &mut ServiceConfig) {
        (self.joined.forward_auth)(cfg);
    }

    /// What it serves, in the words of OpenAPI.
    pub(crate) fn openapi(&self) -> OpenApi {
        below((self.joined.openapi)(), &self.path)
    }

    /// The token that a call carries where this dialect has it.
    pub(crate) fn presented(&self, head: &RequestHead) -> Option<Presented> {
        (self.joined.presented)(head)
    }

    /// A token by itself, if it is spelt as in this dialect.
    pub(crate) fn read(&self, token: &str) -> Option<Presented> {
        (self.joined.read)(token)
    }

    /// What clients of the dialect call their token.
    pub(crate) fn token_type(&self) -> &'static str {
        self.joined.token_type
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Blind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// Users log in again now and then.
    Session,
    /// Devices hold tokens for weeks instead.
    Remembered,
}

/// The document of routes that are below that path.
pub(super) fn below(mut document: OpenApi, path: &str) -> OpenApi {
    document.servers = Some(vec![Server::new(path)]);
    document
}

type Adding = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;
type Finding = Arc<dyn Fn(&RequestHead) -> Option<Presented> + Send + Sync>;

/// All that the gateway knows of a dialect with those settings.
pub(super) struct Seam<S> {
    pub(super) configure: fn(&S, &mut ServiceConfig),
    pub(super) forward_auth: fn(&S, &mut ServiceConfig),
    pub(super) openapi: fn() -> OpenApi,
    pub(super) presented: fn(&S, &RequestHead) -> Option<Presented>,
    pub(super) read: fn(&str) -> Option<Presented>,
    pub(super) token_type: &'static str,
}

/// The same with its settings filled in.
#[derive(Clone)]
pub(super) struct Joined {
    configure: Adding,
    forward_auth: Adding,
    openapi: fn() -> OpenApi,
    presented: Finding,
    read: fn(&str) -> Option<Presented>,
    token_type: &'static str,
}

impl<S: Send + Sync + 'static> Seam<S> {
    pub(super) fn join(&self, settings: S) -> Joined {
        let settings = Arc::new(settings);
        let adding = |add: fn(&S, &mut ServiceConfig)| -> Adding {
            let settings = Arc::clone(&settings);
            Arc::new(move |cfg| add(&settings, cfg))
        };
        let (configure, forward_auth) = (adding(self.configure), adding(self.forward_auth));
        let presented = self.presented;
        Joined {
            configure,
            forward_auth,
            openapi: self.openapi,
            presented: Arc::new(move |head| presented(&settings, head)),
            read: self.read,
            token_type: self.token_type,
        }
    }
}
