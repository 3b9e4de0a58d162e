//! Queries and views of counted attempts, for the command line and the management listener.

use std::cmp::Reverse;
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

/// Which counts are listed: those to which all of it applies.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThrottleListQuery {
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
    /// Counts of this kind, as the list shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// Only running locks (`true`), or only other counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) locked: Option<bool>,
    /// Maximum number of entries; default: all.
    #[serde(
        default,
        deserialize_with = "crate::management::limit",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) limit: Option<usize>,
    /// Only later entries: `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
}

/// The order of a list: running locks first, the latest end first. In milliseconds since 1970, with the handle.
type Place = (Reverse<(Option<i128>, i128)>, TokenDigest);

impl ThrottleListQuery {
    /// Converts the query to core's filter. Fails with a message if the handle cannot be parsed.
    pub(crate) fn filter(&self) -> Result<ThrottleFilter, &'static str> {
        let choice = ThrottleQuery {
            user: self.user.clone(),
            source: self.source,
            handle: self.handle.clone(),
            all: self.all,
        };
        choice.filter()
    }

    /// Returns the entries of the page, and the start of the next one. Fails with a message if `after` is none.
    pub(crate) fn page(
        &self,
        mut listed: Vec<ThrottledBucket>,
    ) -> Result<(Vec<ThrottledBucket>, Option<String>), &'static str> {
        let after = self
            .after
            .as_deref()
            .map(|text| parse_place(text).ok_or("after: expected `next` of the previous page"));
        let after = after.transpose()?;
        listed.retain(|one| {
            let kind = one.bucket.kind.to_string();
            self.kind.as_ref().is_none_or(|wanted| *wanted == kind)
                && self
                    .locked
                    .is_none_or(|locked| one.locked_until.is_some() == locked)
                && after.is_none_or(|after| place(one) > after)
        });
        listed.sort_by_key(place);
        let limit = self.limit.unwrap_or(usize::MAX);
        let has_more = listed.len() > limit;
        listed.truncate(limit);
        let next = listed.last().filter(|_| has_more).map(format_place);
        Ok((listed, next))
    }
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

fn place(one: &ThrottledBucket) -> Place {
    let moment =
        |moment: OffsetDateTime| (moment - OffsetDateTime::UNIX_EPOCH).whole_milliseconds();
    let order = (one.locked_until.map(moment), moment(one.full_at));
    (Reverse(order), one.bucket.key)
}

fn format_place(one: &ThrottledBucket) -> String {
    let (Reverse((locked, full)), handle) = place(one);
    let locked = locked.map(|locked| locked.to_string()).unwrap_or_default();
    format!("{locked},{full},{handle}")
}

/// Parses the place of an entry, as [`format_place`] returns it. Returns `None` for any other text.
fn parse_place(text: &str) -> Option<Place> {
    let mut parts = text.splitn(3, ',');
    let locked = parts.next()?;
    let locked = match locked {
        "" => None,
        locked => Some(locked.parse().ok()?),
    };
    let full = parts.next()?.parse().ok()?;
    let handle = TokenDigest::from_handle(parts.next()?)?;
    Some((Reverse((locked, full)), handle))
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
