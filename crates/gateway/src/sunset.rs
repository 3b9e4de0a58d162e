//! Retirement of a dialect: announcement in headers, brownouts, blocked clients, and the final shutdown.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, HttpDate, LINK, RETRY_AFTER};
use isogloss_core::{AuthError, ClientIdentity, ClientIp, StoreError};
use metrics::counter;
use parking_lot::Mutex;
use time::{Duration, OffsetDateTime};
use tracing::info;

use crate::config::{self, CutOff, Then};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The reasons for refused calls, as labels in `/metrics`.
pub(crate) const WHY: [&str; 3] = ["brownout", "sunset", "cut_off"];

/// How often a blocked client is logged, and how many such clients are remembered for that.
const TELL_AGAIN: Duration = Duration::HOUR;
const TOLD: usize = 1_000;

/// The dialects that are being retired. Cheap to clone; the default has none.
#[derive(Clone, Default)]
pub struct Sunsets(Arc<BTreeMap<String, Arc<Sunset>>>);

/// How one dialect is retired.
pub(crate) struct Sunset {
    dialect: String,
    settings: config::Sunset,
    headers: Vec<(HeaderName, HeaderValue)>,
    told: Mutex<HashMap<String, OffsetDateTime>>,
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
    Over,
    /// The client is blocked.
    CutOff,
}

impl Sunsets {
    pub(crate) fn new(settings: &BTreeMap<String, config::Sunset>) -> Self {
        let each = settings.iter().map(|(dialect, settings)| {
            let sunset = Sunset::new(dialect, settings.clone());
            (dialect.clone(), Arc::new(sunset))
        });
        Self(Arc::new(each.collect()))
    }

    pub(crate) fn of(&self, dialect: &str) -> Option<Arc<Sunset>> {
        self.0.get(dialect).cloned()
    }

    /// Logs the planned retirements.
    pub(crate) fn announce(&self) {
        for (dialect, sunset) in self.0.iter() {
            let settings = &sunset.settings;
            let moment = |moment: Option<config::Moment>| moment.map(String::from);
            info!(
                dialect,
                deprecated_at = moment(settings.deprecated_at),
                sunset_at = moment(settings.sunset_at),
                then = ?settings.then,
                brownouts = serde_json::to_string(&settings.brownouts).unwrap_or_default(),
                cut_off = settings.cut_off.len(),
                "the dialect is being retired"
            );
        }
    }
}

impl Sunset {
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
            told: Mutex::default(),
        }
    }

    /// Returns whether this retirement ever refuses a call.
    pub(crate) fn refuses(&self) -> bool {
        let Self { settings, .. } = self;
        settings.then == Then::Refuse
            || !settings.brownouts.is_empty()
            || !settings.cut_off.is_empty()
    }

    /// Returns whether there are blocked clients.
    pub(crate) fn cuts_off(&self) -> bool {
        !self.settings.cut_off.is_empty()
    }

    /// Returns why a call is refused, as far as its head shows. `None` if it is not refused.
    pub(crate) fn refusal(&self, head: &RequestSummary, now: OffsetDateTime) -> Option<Rejection> {
        let Self { settings, .. } = self;
        let is_over = settings.sunset_at.is_some_and(|at| at.0 <= now);
        if is_over && settings.then == Then::Refuse {
            return Some(Rejection::Over);
        }
        if self.is_cut_off(&ClientIdentity::default(), head) {
            return Some(Rejection::CutOff);
        }
        let ends = settings
            .brownouts
            .iter()
            .filter_map(|window| window.end(now));
        ends.max().map(|until| Rejection::Brownout { until })
    }

    /// Returns whether a rule blocks this client.
    pub(crate) fn is_cut_off(&self, client: &ClientIdentity, head: &RequestSummary) -> bool {
        self.settings
            .cut_off
            .iter()
            .any(|rule| fits(rule, client, head))
    }

    /// Adds the headers that announce the retirement to a response.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.append(name.clone(), value.clone());
        }
    }

    /// Counts a refusal, and logs a blocked client.
    pub(crate) fn note(
        &self,
        refusal: Rejection,
        client: &ClientIdentity,
        head: &RequestSummary,
        now: OffsetDateTime,
    ) {
        let [brownout, over, cut_off] = WHY;
        let why = match refusal {
            Rejection::Brownout { .. } => brownout,
            Rejection::Over => over,
            Rejection::CutOff => cut_off,
        };
        let dialect = self.dialect.clone();
        counter!("isogloss_sunset_refusals_total", "dialect" => dialect, "why" => why).increment(1);
        if refusal == Rejection::CutOff && self.is_news(client, head, now) {
            info!(
                dialect = self.dialect,
                application = client.application,
                key = client.key,
                client = client.client,
                user_agent = head.user_agent,
                network = head.source.map(ClientIp::network),
                "refused a blocked client"
            );
        }
    }

    fn is_news(&self, client: &ClientIdentity, head: &RequestSummary, now: OffsetDateTime) -> bool {
        let ClientIdentity {
            application,
            key,
            client,
            ..
        } = client;
        let network = head.source.map(ClientIp::network);
        let who = format!(
            "{:?}",
            (application, key, client, &head.user_agent, network)
        );
        let mut told = self.told.lock();
        let is_fresh = |at: &OffsetDateTime| now - *at < TELL_AGAIN;
        if told.get(&who).is_some_and(is_fresh) {
            return false;
        }
        if told.len() >= TOLD {
            told.retain(|_, at| is_fresh(at));
        }
        // A client that invents new names must not fill the log with a line for each.
        if told.len() >= TOLD {
            return false;
        }
        told.insert(who, now);
        true
    }
}

impl Rejection {
    /// Returns the error that dialects report for this refusal: unavailable in a brownout, otherwise forbidden.
    pub(crate) fn error(self) -> AuthError {
        match self {
            Self::Brownout { .. } => {
                StoreError::new("sunset", "a planned brownout of the dialect").into()
            }
            Self::Over | Self::CutOff => AuthError::Forbidden,
        }
    }

    /// Returns after how many seconds a retry makes sense. `None` if never.
    pub(crate) fn retry_after(self, now: OffsetDateTime) -> Option<i64> {
        match self {
            Self::Brownout { until } => Some((until - now).whole_seconds().max(0) + 1),
            Self::Over | Self::CutOff => None,
        }
    }

    /// Sets `Retry-After` if a retry makes sense.
    pub(crate) fn write(self, headers: &mut HeaderMap, now: OffsetDateTime) {
        if let Some(seconds) = self.retry_after(now) {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

fn fits(rule: &CutOff, client: &ClientIdentity, head: &RequestSummary) -> bool {
    let same = |wanted: &Option<String>, found: &Option<String>| match (wanted, found) {
        (None, _) => true,
        (Some(wanted), Some(found)) => wanted == found || is_same_guid(wanted, found),
        (Some(_), None) => false,
    };
    let is_family = |wanted: &String| {
        let (name, _) = head
            .user_agent
            .split_once('/')
            .unwrap_or((&head.user_agent, ""));
        *wanted == head.user_agent || wanted == name
    };
    let is_there = |network| head.source.is_some_and(|source| source.is_in(network));
    same(&rule.application, &client.application)
        && same(&rule.key, &client.key)
        && same(&rule.client, &client.client)
        && rule.user_agent.as_ref().is_none_or(is_family)
        && rule.network.as_ref().is_none_or(is_there)
}

/// Compares GUIDs in any spelling: a vendor's documents and the usage report spell them differently.
fn is_same_guid(one: &str, other: &str) -> bool {
    let guid = |text| uuid::Uuid::try_parse(text).ok();
    guid(one).is_some_and(|one| guid(other) == Some(one))
}
