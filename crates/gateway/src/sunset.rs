//! Retirement of a dialect: announcement in headers, brownouts, blocked clients, and the final shutdown.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, HttpDate, LINK, RETRY_AFTER};
use isogloss_core::{AuthError, ClientIdentity, ClientIp, RefusalCause, StoreError};
use metrics::counter;
use parking_lot::Mutex;
use time::{Duration, OffsetDateTime};
use tracing::info;

use crate::config::{self, AfterSunset, BlockedClient};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The reasons for refused calls, as labels in `/metrics`.
pub(crate) const REASONS: [&str; 3] = ["brownout", "sunset", "cut_off"];

/// Interval at which a blocked client is logged, and number of clients that are remembered for that.
const LOG_INTERVAL: Duration = Duration::HOUR;
const MAX_LOGGED: usize = 1_000;

/// The dialects that are being retired. Cheap to clone; the default has none.
#[derive(Clone, Default)]
pub struct Sunsets(Arc<BTreeMap<String, Arc<DialectSunset>>>);

/// How one dialect is retired.
pub(crate) struct DialectSunset {
    dialect: String,
    settings: config::Sunset,
    headers: Vec<(HeaderName, HeaderValue)>,
    logged: Mutex<HashMap<String, OffsetDateTime>>,
}

/// The origin of a call, as described by the head of its request.
#[derive(Debug, Clone)]
pub(crate) struct RequestSummary {
    pub(crate) user_agent: String,
    pub(crate) source: Option<ClientIp>,
}

/// The reason why a retirement refuses a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// The dialect is in a brownout.
    Brownout { until: OffsetDateTime },
    /// The dialect has been shut down for good.
    ShutDown,
    /// The client is blocked.
    Blocked,
}

impl Sunsets {
    /// Returns the retirements of the configuration, by dialect.
    pub(crate) fn new(settings: &BTreeMap<String, config::Sunset>) -> Self {
        let each = settings.iter().map(|(dialect, settings)| {
            let sunset = DialectSunset::new(dialect, settings.clone());
            (dialect.clone(), Arc::new(sunset))
        });
        Self(Arc::new(each.collect()))
    }

    /// Returns the retirement of a dialect, or `None` if it is not being retired.
    pub(crate) fn get(&self, dialect: &str) -> Option<Arc<DialectSunset>> {
        self.0.get(dialect).cloned()
    }

    /// Logs the planned retirements.
    pub(crate) fn log(&self) {
        for (dialect, sunset) in self.0.iter() {
            let settings = &sunset.settings;
            let timestamp = |timestamp: Option<config::Timestamp>| timestamp.map(String::from);
            info!(
                dialect,
                deprecated_at = timestamp(settings.deprecated_at),
                sunset_at = timestamp(settings.sunset_at),
                then = ?settings.then,
                brownouts = serde_json::to_string(&settings.brownouts).unwrap_or_default(),
                cut_off = settings.cut_off.len(),
                "the dialect is being retired"
            );
        }
    }
}

impl DialectSunset {
    fn new(dialect: &str, settings: config::Sunset) -> Self {
        let mut headers = Vec::new();
        let mut add = |name: HeaderName, text: String| {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.push((name, value));
            }
        };
        let link = |rel: &str| format!("<{}>; rel=\"{rel}\"; type=\"text/html\"", settings.link);
        if let Some(at) = settings.deprecated_at {
            add(DEPRECATION, format!("@{}", at.0.unix_timestamp()));
            if !settings.link.is_empty() {
                add(LINK, link("deprecation"));
            }
        }
        if let Some(at) = settings.sunset_at {
            add(SUNSET, HttpDate::from(SystemTime::from(at.0)).to_string());
            if !settings.link.is_empty() {
                add(LINK, link("sunset"));
            }
        }
        Self {
            dialect: dialect.to_owned(),
            settings,
            headers,
            logged: Mutex::default(),
        }
    }

    /// Returns whether this retirement ever rejects a call.
    pub(crate) fn may_reject(&self) -> bool {
        let Self { settings, .. } = self;
        settings.then == AfterSunset::Refuse
            || !settings.brownouts.is_empty()
            || !settings.cut_off.is_empty()
    }

    /// Returns whether there are rules that block clients.
    pub(crate) fn blocks_clients(&self) -> bool {
        !self.settings.cut_off.is_empty()
    }

    /// Returns why a call is rejected, as far as its head shows, or `None` if it is not rejected.
    pub(crate) fn rejection(
        &self,
        summary: &RequestSummary,
        now: OffsetDateTime,
    ) -> Option<Rejection> {
        let Self { settings, .. } = self;
        let is_over = settings.sunset_at.is_some_and(|at| at.0 <= now);
        if is_over && settings.then == AfterSunset::Refuse {
            return Some(Rejection::ShutDown);
        }
        if self.is_blocked(&ClientIdentity::default(), summary) {
            return Some(Rejection::Blocked);
        }
        let ends = settings
            .brownouts
            .iter()
            .filter_map(|window| window.end(now));
        ends.max().map(|until| Rejection::Brownout { until })
    }

    /// Returns whether a rule blocks this client.
    pub(crate) fn is_blocked(&self, client: &ClientIdentity, summary: &RequestSummary) -> bool {
        self.settings
            .cut_off
            .iter()
            .any(|rule| matches_rule(rule, client, summary))
    }

    /// Adds the headers that announce the retirement to a response.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.append(name.clone(), value.clone());
        }
    }

    /// Counts a rejection, and logs a blocked client at most once an hour.
    pub(crate) fn record(
        &self,
        rejection: Rejection,
        client: &ClientIdentity,
        summary: &RequestSummary,
        now: OffsetDateTime,
    ) {
        let [brownout, over, cut_off] = REASONS;
        let why = match rejection {
            Rejection::Brownout { .. } => brownout,
            Rejection::ShutDown => over,
            Rejection::Blocked => cut_off,
        };
        let dialect = self.dialect.clone();
        counter!("isogloss_sunset_refusals_total", "dialect" => dialect, "why" => why).increment(1);
        if rejection == Rejection::Blocked && self.must_be_logged(client, summary, now) {
            info!(
                dialect = self.dialect,
                application = client.application,
                key = client.key,
                client = client.client,
                user_agent = summary.user_agent,
                network = summary.source.map(ClientIp::network),
                "refused a blocked client"
            );
        }
    }

    /// Returns whether a blocked client was not logged within the last hour, and remembers it. Returns `false`
    /// for new clients while too many are remembered.
    fn must_be_logged(
        &self,
        client: &ClientIdentity,
        summary: &RequestSummary,
        now: OffsetDateTime,
    ) -> bool {
        let ClientIdentity {
            application,
            key,
            client,
            ..
        } = client;
        let network = summary.source.map(ClientIp::network);
        let client_key = format!(
            "{:?}",
            (application, key, client, &summary.user_agent, network)
        );
        let mut logged = self.logged.lock();
        let is_fresh = |at: &OffsetDateTime| now - *at < LOG_INTERVAL;
        if logged.get(&client_key).is_some_and(is_fresh) {
            return false;
        }
        if logged.len() >= MAX_LOGGED {
            logged.retain(|_, at| is_fresh(at));
        }
        // A client that invents new names must not fill the log with a line for each.
        if logged.len() >= MAX_LOGGED {
            return false;
        }
        logged.insert(client_key, now);
        true
    }
}

impl Rejection {
    /// Returns the error that dialects report for this rejection: unavailable in a brownout, otherwise
    /// forbidden.
    pub(crate) fn error(self) -> AuthError {
        match self {
            Self::Brownout { .. } => {
                StoreError::new("sunset", "a planned brownout of the dialect").into()
            }
            Self::ShutDown | Self::Blocked => AuthError::Forbidden(RefusalCause::ClientBlocked),
        }
    }

    /// Returns the number of seconds after which a retry makes sense, or `None` if it never does.
    pub(crate) fn retry_after(self, now: OffsetDateTime) -> Option<i64> {
        match self {
            Self::Brownout { until } => Some((until - now).whole_seconds().max(0) + 1),
            Self::ShutDown | Self::Blocked => None,
        }
    }

    /// Sets `Retry-After` if a retry makes sense.
    pub(crate) fn add_headers(self, headers: &mut HeaderMap, now: OffsetDateTime) {
        if let Some(seconds) = self.retry_after(now) {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

/// Returns whether the client matches all fields of the rule.
fn matches_rule(rule: &BlockedClient, client: &ClientIdentity, summary: &RequestSummary) -> bool {
    let same = |wanted: &Option<String>, found: &Option<String>| match (wanted, found) {
        (None, _) => true,
        (Some(wanted), Some(found)) => wanted == found || is_same_guid(wanted, found),
        (Some(_), None) => false,
    };
    let is_family = |wanted: &String| {
        let (name, _) = summary
            .user_agent
            .split_once('/')
            .unwrap_or((&summary.user_agent, ""));
        *wanted == summary.user_agent || wanted == name
    };
    let is_there = |network| summary.source.is_some_and(|source| source.is_in(network));
    same(&rule.application, &client.application)
        && same(&rule.key, &client.key)
        && same(&rule.client, &client.client)
        && rule.user_agent.as_ref().is_none_or(is_family)
        && rule.network.as_ref().is_none_or(is_there)
}

/// Returns whether two texts are the same GUID in any spelling: a vendor's documents and the usage report spell
/// them differently.
fn is_same_guid(one: &str, other: &str) -> bool {
    let guid = |text| uuid::Uuid::try_parse(text).ok();
    guid(one).is_some_and(|one| guid(other) == Some(one))
}
