//! Refused requests with their true causes, which operators see and clients do not.
//!
//! A request that was refused is recorded once, after its response is made. Recording never waits: entries go into a
//! queue, and a thread writes them to the directory's database.

mod fault;
mod prune;
mod source_limit;

use std::sync::Arc;

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use anyhow::{Context as _, Result};
use isogloss_core::directory::Directory;
use isogloss_core::log::{LogNames, LogQueue};
use isogloss_core::refusals::{RefusalSink, RefusedRequest};
use isogloss_core::{ClientIp, ObservedRequest};
use metrics::counter;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::fault::{Fault, fault_of};
pub(crate) use self::prune::prune_periodically;
use self::source_limit::SourceLimit;
use crate::access_log::shown_text;
use crate::config;
use crate::usage::user_agent;

static NAMES: LogNames = LogNames {
    log: "log of refused requests",
    entries: "refused requests",
    file: "log of refused requests",
    thread: "refuse",
    lost: "isogloss_refused_requests_lost_total",
};

/// The counter of refused requests that are not recorded because too many came from one client IP.
const SKIPPED: &str = "isogloss_refused_requests_skipped_total";

/// The log of refused requests. Cheap to clone; the default records nothing.
#[derive(Clone, Default)]
pub struct RefusalLog(Option<Arc<Inner>>);

struct Inner {
    queue: LogQueue<Arc<RefusedRequest>>,
    limit: SourceLimit,
    keeps_names: bool,
}

/// A refused request, as far as its head and the gateway's routes describe it.
pub(crate) struct RefusedCall<'a> {
    pub(crate) head: &'a RequestHead,
    pub(crate) source: Option<ClientIp>,
    pub(crate) request_id: Option<Uuid>,
    pub(crate) dialect: Option<&'static str>,
    /// The pattern of the route. `None` if no route matches.
    pub(crate) route: Option<String>,
    pub(crate) status: StatusCode,
}

/// Why a request was refused.
#[derive(Default)]
pub(crate) struct Cause {
    /// What core has found.
    pub(crate) observed: ObservedRequest,
    /// What the gateway itself has found.
    pub(crate) fault: Option<Fault>,
}

impl RefusalLog {
    /// Opens the log of refused requests as configured. Fails if its thread cannot be started.
    pub(crate) fn open(
        settings: &config::Refusals,
        directory: &Arc<dyn Directory>,
    ) -> Result<Self> {
        if !settings.enabled {
            return Ok(Self::default());
        }
        counter!(SKIPPED).increment(0);
        let sink = RefusalSink::new(directory.clone());
        let queue = LogQueue::start(&NAMES, Box::new(sink), settings.queue);
        Ok(Self(Some(Arc::new(Inner {
            queue: queue.context("cannot start the log of refused requests")?,
            limit: SourceLimit::new(settings.per_source),
            keeps_names: !settings.keep_names.is_zero(),
        }))))
    }

    /// Returns whether refused requests are recorded.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Records a refused request, unless too many came from its client IP.
    pub(crate) fn record(&self, call: &RefusedCall<'_>, cause: Cause, now: OffsetDateTime) {
        let Some(inner) = &self.0 else { return };
        if !inner.limit.admits(call.source, now) {
            counter!(SKIPPED).increment(1);
            return;
        }
        let mut entry = entry(call, cause, now);
        if !inner.keeps_names {
            entry.name = None;
        }
        inner.queue.offer(Arc::new(entry));
    }

    /// Waits until all requests are recorded, for 5 seconds at most. Later ones are not recorded.
    pub(crate) async fn close(&self) {
        if let Some(inner) = &self.0 {
            // The number of lost entries is in the log and in a metric.
            inner.queue.close().await;
        }
    }
}

/// Returns the entry of a refused request. What the gateway has found decides, then what core has found, then the status
/// of the response.
fn entry(call: &RefusedCall<'_>, cause: Cause, now: OffsetDateTime) -> RefusedRequest {
    let Cause { observed, fault } = cause;
    let ObservedRequest { client, refusal } = observed;
    let named = fault.filter(|fault| fault.is_certain || refusal.is_none());
    let (cause, detail) = match (named, &refusal) {
        (Some(fault), _) => (fault.cause.to_owned(), fault.detail),
        (None, Some(refusal)) => (refusal.cause.clone(), refusal.detail.clone()),
        (None, None) => (fault::by_status(call.status).to_owned(), None),
    };
    let head = call.head;
    let route = call.route.clone();
    let refusal = refusal.as_ref();
    RefusedRequest {
        time: now,
        request_id: call.request_id,
        dialect: call
            .dialect
            .map(str::to_owned)
            .or_else(|| refusal.and_then(|refusal| refusal.dialect.clone())),
        method: shown_text::method(&head.method).to_owned(),
        route: route.unwrap_or_else(|| unknown_path(head.uri.path())),
        status: call.status.as_u16(),
        cause,
        detail,
        by: refusal
            .and_then(|refusal| refusal.by)
            .map(|by| by.name().to_owned()),
        judged_by: refusal.and_then(|refusal| refusal.judged_by.clone()),
        user: client.user.or(refusal.and_then(|refusal| refusal.user)),
        name_hash: refusal
            .and_then(|refusal| refusal.name_hash)
            .map(|hash| hash.to_string()),
        handle: refusal
            .and_then(|refusal| refusal.handle)
            .map(|handle| handle.to_string()),
        client: client.client.as_deref().map(shown_text::beginning),
        application: client.application.as_deref().map(shown_text::beginning),
        key: client.key,
        user_agent: Some(user_agent(head)),
        source: call.source.map(|source| source.to_string()),
        name: refusal.and_then(|refusal| refusal.name.clone()),
    }
}

/// Returns the path of a request without a route, up to its first parameter. What is no plain word may be a token or a
/// password, and is replaced by an ellipsis.
fn unknown_path(path: &str) -> String {
    const LONGEST_WORD: usize = 24;
    const MOST_DIGITS: usize = 5;
    let shown = shown_text::path(path);
    let words = shown.split('/').map(|word| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let is_word = word.len() <= LONGEST_WORD && digits <= MOST_DIGITS;
        if is_word && word.chars().all(is_plain) {
            word
        } else {
            "…"
        }
    });
    words.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::unknown_path;

    #[test]
    fn a_path_without_a_route_shows_words_only() {
        for (path, shown) in [
            ("/v2/authorise", "/v2/authorise"),
            ("/web/api2/v1/projects", "/web/api2/v1/projects"),
            ("/v2/c682629b818eeccb5f5da18ffc162579/user", "/v2/…/user"),
            ("/v2/pass%20word", "/v2/…"),
            ("/", "/"),
        ] {
            assert_eq!(unknown_path(path), shown);
        }
    }
}
