//! What is recorded of a request.

use std::time::Duration;

use actix_web::dev::RequestHead;
use actix_web::http::header::{HeaderName, REFERER, USER_AGENT};
use actix_web::http::{Method, Version};
use isogloss_core::ClientIp;
use time::OffsetDateTime;
use uuid::Uuid;

use super::shown_text::{beginning, method, path, referrer};
use crate::back_end;

/// What is recorded of a request. It contains no query, token, body or user name.
#[derive(Debug, Clone)]
pub(crate) struct AccessRecord {
    /// When the request arrived.
    pub(super) time: OffsetDateTime,
    /// The time from then until the response was sent.
    pub(super) duration: Duration,
    pub(super) source: Option<ClientIp>,
    pub(super) method: String,
    /// The path, up to the first parameter.
    pub(super) path: String,
    pub(super) version: Version,
    pub(super) user_agent: Option<String>,
    pub(super) referrer: Option<String>,
    /// The status of the response, `None` if the connection ended before the response.
    pub(super) status: Option<u16>,
    /// The number of bytes of the response's body that were sent.
    pub(super) bytes: u64,
    /// Whether the response was sent as a whole.
    pub(super) is_complete: bool,
    /// The identifier of the request in the log and in the response.
    pub(crate) request_id: Option<Uuid>,
    pub(crate) dialect: Option<&'static str>,
    /// The route, `None` if no route matches.
    pub(crate) route: Option<String>,
    /// What became of the request at the back end of its dialect, as in metrics. `None` if it did not go there.
    pub(crate) back_end: Option<&'static str>,
    /// The outcome, as in metrics.
    pub(crate) outcome: Option<&'static str>,
    /// The user of the session.
    pub(crate) user: Option<Uuid>,
}

impl AccessRecord {
    /// Returns the record of a request that has just arrived.
    pub(super) fn begin(
        head: &RequestHead,
        source: Option<ClientIp>,
        time: OffsetDateTime,
    ) -> Self {
        let text = |name: HeaderName| {
            let value = head.headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()))
        };
        Self {
            time,
            duration: Duration::ZERO,
            source,
            method: method(&head.method).to_owned(),
            path: path(head.uri.path()),
            version: head.version,
            user_agent: text(USER_AGENT).map(|name| beginning(&name)),
            referrer: text(REFERER).and_then(|referrer_text| referrer(&referrer_text)),
            status: None,
            bytes: 0,
            is_complete: false,
            request_id: None,
            dialect: None,
            route: None,
            back_end: None,
            outcome: None,
            user: None,
        }
    }

    /// Returns the path if it says more than the route: for a relayed call, and for a path without a route.
    pub(super) fn path(&self) -> Option<&str> {
        let route = self.route.as_deref();
        let is_unknown = route.is_none_or(|route| route == back_end::ROUTE);
        is_unknown.then_some(self.path.as_str())
    }

    /// Returns the path or, for a route of the gateway, its pattern.
    pub(super) fn target(&self) -> &str {
        let route = self.route.as_deref();
        self.path().or(route).unwrap_or_default()
    }

    /// Returns the status of the response, or 499, as nginx does, if the client was gone before.
    pub(super) fn status_or_499(&self) -> u16 {
        const CLIENT_CLOSED_REQUEST: u16 = 499;
        self.status.unwrap_or(CLIENT_CLOSED_REQUEST)
    }

    /// Adds to the number of bytes that were sent. The body of a response to `HEAD` is never sent.
    pub(super) fn add_bytes(&mut self, count: usize) {
        if self.method != Method::HEAD.as_str() {
            self.bytes += count as u64;
        }
    }
}
