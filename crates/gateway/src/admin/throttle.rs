//! Queries and views of counted attempts, for the command line and the management listener.

use std::net::IpAddr;

use anyhow::{Context as _, Result};
use isogloss_core::throttle::ThrottledBucket;
use isogloss_core::{ClientIp, ThrottleFilter, TokenDigest};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::{IntoParams, ToSchema};

/// Which counts are meant: those to which all of it applies.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThrottleQuery {
    /// For this login name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// For this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub(crate) source: Option<IpAddr>,
    /// Only the entry with this handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handle: Option<String>,
    /// All entries, without a filter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) all: bool,
}

impl ThrottleQuery {
    /// Returns whether the query has a filter, or says `all`. A query without either must not clear all counts
    /// by accident.
    pub(crate) fn is_explicit(&self) -> bool {
        self.all || self.user.is_some() || self.source.is_some() || self.handle.is_some()
    }

    /// Converts the query to core's filter. Fails with a message if the handle cannot be parsed.
    pub(crate) fn filter(&self) -> Result<ThrottleFilter, &'static str> {
        let handle = self.handle.as_deref().map(|text| {
            TokenDigest::from_handle(text).ok_or("expected a handle of 26 letters and digits")
        });
        Ok(ThrottleFilter {
            handle: handle.transpose()?,
            name: self.user.clone(),
            source: self.source.map(ClientIp::from),
        })
    }
}

/// Counted attempts. Names are not stored, so there is none.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Strained)]
pub(crate) struct ThrottleView {
    pub(crate) handle: String,
    pub(crate) kind: String,
    pub(crate) network: Option<String>,
    pub(crate) locks: u32,
    pub(crate) locked_until: Option<String>,
    pub(crate) forgotten_at: String,
}

impl ThrottleView {
    /// Converts a bucket of core for display. Fails if a timestamp is out of the range of RFC 3339.
    pub(crate) fn new(strained: ThrottledBucket) -> Result<Self> {
        let moment = |moment: OffsetDateTime| {
            let seconds = moment.replace_nanosecond(0).unwrap_or(moment);
            seconds.format(&Rfc3339).context("a time is out of range")
        };
        Ok(Self {
            handle: strained.bucket.key.to_string(),
            kind: strained.bucket.kind.to_string(),
            network: strained.bucket.network,
            locks: strained.locks,
            locked_until: strained.locked_until.map(moment).transpose()?,
            forgotten_at: moment(strained.full_at)?,
        })
    }
}
