//! Use of dialects at the management listener: token checks for services and proxies.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use isogloss_core::{Auth, ClientIdentity, ClientIp};
use parking_lot::Mutex;
use time::OffsetDateTime;

use super::{Endpoint, Endpoints, UsageCall, UsageCounter, UsageRecorder, user_agent};
use crate::client_ip::TrustedProxies;
use crate::dialects::Mount;
use crate::refusals::{Cause, RefusalLog, RefusedCall};
use crate::sunset::{DialectSunset, Rejection, RequestSummary, Sunsets};

/// The usage counts of the management listener: token checks for services and proxies.
#[derive(Clone)]
pub(crate) struct ServiceUsage {
    counter: UsageCounter,
    refusals: RefusalLog,
    proxies: TrustedProxies,
    sunsets: Sunsets,
    /// By dialect and route of the management listener.
    endpoints: Arc<Mutex<ByRoute>>,
}

type ByRoute = HashMap<(&'static str, &'static str), Arc<Endpoint>>;

impl ServiceUsage {
    /// Returns the usage counts of the management listener.
    pub(crate) fn new(
        usage: &UsageRecorder,
        refusals: &RefusalLog,
        proxies: TrustedProxies,
        sunsets: Sunsets,
    ) -> Self {
        Self {
            counter: usage.counter(),
            refusals: refusals.clone(),
            proxies,
            sunsets,
            endpoints: Arc::default(),
        }
    }

    /// Returns the retirement of a dialect, or `None` if it is not being retired.
    pub(crate) fn sunset(&self, mount: &Mount) -> Option<Arc<DialectSunset>> {
        self.sunsets.get(mount.name)
    }

    /// Returns why the client's tokens are refused, or `None` if they are not, and records that. Rules for a
    /// `User-Agent` or a network do not match here: the request comes from a service, not from the client.
    pub(crate) fn rejection(
        &self,
        mount: &Mount,
        client: &ClientIdentity,
        now: OffsetDateTime,
    ) -> Option<Rejection> {
        let sunset = self.sunset(mount)?;
        let summary = RequestSummary {
            user_agent: String::new(),
            source: None,
        };
        let is_blocked = sunset
            .is_blocked(client, &summary)
            .then_some(Rejection::Blocked);
        let rejection = is_blocked.or_else(|| sunset.rejection(&summary, now))?;
        sunset.record(rejection, client, &summary, now);
        Some(rejection)
    }

    /// Records that a check of a token was refused, with the status that the client of the dialect sees.
    pub(crate) fn record_refusal(
        &self,
        (dialect, route): (Option<&'static str>, &str),
        request: &HttpRequest,
        (status, cause): (StatusCode, Cause),
    ) {
        let Some(auth) = request.app_data::<Data<Auth>>() else {
            return;
        };
        let call = RefusedCall {
            head: request.head(),
            source: self.client_ip(request),
            request_id: None,
            dialect,
            route: Some(route.to_owned()),
            status,
        };
        self.refusals.record(&call, cause, auth.now());
    }

    /// Counts a check of a token of that dialect. `route` is a route of the management listener.
    pub(crate) fn record(
        &self,
        (mount, route): (&Mount, &'static str),
        request: &HttpRequest,
        (client, refused): (&ClientIdentity, bool),
    ) {
        let Some(auth) = request.app_data::<Data<Auth>>() else {
            return;
        };
        if !self.counter.is_on() {
            return;
        }
        let call = UsageCall {
            dialect: mount.name,
            endpoint: self.endpoint(mount, route),
            user_agent: user_agent(request.head()),
            source: self.client_ip(request),
        };
        self.counter.record(&call, client, refused, auth.now());
    }

    /// Returns the endpoint of a route of the management listener.
    fn endpoint(&self, mount: &Mount, route: &'static str) -> Arc<Endpoint> {
        let mut endpoints = self.endpoints.lock();
        let known = endpoints.entry((mount.name, route));
        let made = || Arc::new(Endpoints::for_mount(mount).unrouted(route));
        Arc::clone(known.or_insert_with(made))
    }

    /// Returns the client IP of a request, or `None` if it has no peer address.
    pub(crate) fn client_ip(&self, request: &HttpRequest) -> Option<ClientIp> {
        let peer = request.peer_addr()?.ip();
        Some(self.proxies.source(peer, request.headers()))
    }
}
