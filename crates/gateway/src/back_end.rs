//! The back ends of dialects: which calls go to them, what they get, and what of their responses is changed.

mod body_removal;
mod dialect_back_end;
mod json_members;
mod metrics;
mod multipart_removal;
mod paths;
mod received_path;
mod relay;
mod request_head;
mod response_head;
mod token_removal;

use std::sync::Arc;

use actix_web::dev::RequestHead;
use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use isogloss_dialect::back_end::SharedBackEnd;
use isogloss_reverse_proxy::Diagnosis;
use isogloss_reverse_proxy::check_health;

use self::dialect_back_end::DialectBackEnd;
pub(crate) use self::paths::{PathPattern, PathPatterns};
use self::received_path::routed_path;
use crate::config::ConfigError;
use crate::dialects::Mount;
use crate::introspection::{IdentityHeaders, ScopeTable};
use crate::jwt::JwtSigner;

/// Label of calls that go to a back end, in metrics, traces and usage counts.
pub(crate) const ROUTE: &str = "{backend}";

/// The back ends of all dialects. Cheap to clone; the default has none. Their health checks run until the last clone is
/// dropped.
#[derive(Clone, Default)]
pub struct BackEnds(Arc<OpenBackEnds>);

#[derive(Default)]
struct OpenBackEnds {
    dialects: Vec<Arc<DialectBackEnd>>,
    health_checks: Vec<JoinHandle<()>>,
}

impl Drop for OpenBackEnds {
    fn drop(&mut self) {
        for task in &self.health_checks {
            task.abort();
        }
    }
}

impl BackEnds {
    /// Sets up the back ends of the dialects that have one, and starts their health checks. `jwts` signs the JWTs that they
    /// get, with the scopes of `scopes`, and `headers` tell them the user.
    ///
    /// # Errors
    /// A setting is invalid, or a file cannot be used.
    pub(crate) fn open(
        mounts: &[Mount],
        jwts: Option<&Arc<JwtSigner>>,
        scopes: &Arc<ScopeTable>,
        headers: &IdentityHeaders,
    ) -> Result<Self, ConfigError> {
        let opened = mounts
            .iter()
            .map(|mount| DialectBackEnd::open(mount, jwts.cloned(), scopes, headers));
        let opened: Result<Vec<_>, _> = opened.collect();
        let dialects: Vec<_> = opened?.into_iter().flatten().map(Arc::new).collect();
        let checked = dialects
            .iter()
            .filter(|back_end| !back_end.settings.proxy.health_path.is_empty());
        let health_checks = checked.map(|back_end| spawn(check_health(back_end.proxy.clone())));
        Ok(Self(Arc::new(OpenBackEnds {
            health_checks: health_checks.collect(),
            dialects,
        })))
    }

    /// Returns whether no dialect has a back end.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.dialects.is_empty()
    }

    /// Returns the back end of a dialect for the current thread, or `None` if it has none.
    pub(crate) fn for_worker(&self, dialect: &str) -> Option<SharedBackEnd> {
        Some(relay::for_worker(Arc::clone(self.get(dialect)?)))
    }

    /// Returns whether the back end of a dialect has paths outside of the dialect's own.
    pub(crate) fn has_paths_outside(&self, dialect: &str) -> bool {
        let back_end = self.get(dialect);
        back_end.is_some_and(|back_end| !back_end.outside.is_empty())
    }

    /// Returns the dialect whose back end gets a call to a path outside of all dialects, or `None` if none does.
    pub(crate) fn owner_outside(&self, head: &RequestHead) -> Option<&'static str> {
        let path = routed_path(head.uri.path());
        let owners = self.0.dialects.iter().filter_map(|back_end| {
            let length = back_end.outside.longest_match(&head.method, &path)?;
            Some((length, back_end.dialect))
        });
        Some(owners.max()?.1)
    }

    /// Asks each address of the back end of a dialect for a response, with that `Host` where the settings take it from the
    /// client. Returns `None` if the dialect has no back end.
    pub(crate) async fn diagnose(&self, dialect: &str, host: &str) -> Option<Vec<Diagnosis>> {
        let back_end = self.get(dialect)?;
        let path = back_end.settings.proxy.health_path.as_str();
        let path = if path.is_empty() { "/" } else { path };
        Some(back_end.proxy.diagnose(path, host).await)
    }

    /// Returns the state of all back ends in the text format of Prometheus.
    pub(crate) fn render_metrics(&self) -> String {
        metrics::render(&self.0.dialects)
    }

    fn get(&self, dialect: &str) -> Option<&Arc<DialectBackEnd>> {
        let mut all = self.0.dialects.iter();
        all.find(|back_end| back_end.dialect == dialect)
    }
}

#[cfg(test)]
mod tests;
