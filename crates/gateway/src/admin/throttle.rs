//! Queries and views of counted attempts, for the command line and the management listener.

use std::net::IpAddr;

use anyhow::{Context as _, Result};
use isogloss_core::throttle::{BucketCursor, BucketKind, ListPart, ThrottledBucket};
use isogloss_core::{ClientIp, ThrottleFilter, ThrottlePageQuery, TokenDigest};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::{IntoParams, ToSchema};

/// Default and maximum number of listed counts.
pub(crate) const LIMIT: usize = 1000;

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
    /// Counts of this kind, as the list shows it. Only for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// Only running locks (`true`), or only other counts. Only for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) locked: Option<bool>,
    /// Maximum number of entries, at most and by default 1000. Only for lists. A page may have fewer entries, even none, and
    /// still have a next one.
    #[serde(
        default,
        deserialize_with = "crate::management::limit",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) limit: Option<usize>,
    /// Only later entries: `next` of the previous page. Only for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
}

impl ThrottleQuery {
    /// Returns whether the query has a filter, or says `all`. A query without either must not clear all counts
    /// by accident.
    pub(crate) fn is_explicit(&self) -> bool {
        self.all || self.user.is_some() || self.source.is_some() || self.handle.is_some()
    }

    /// Converts the query to core's filter. Fails with a message if the handle cannot be parsed.
    fn filter(&self) -> Result<ThrottleFilter, &'static str> {
        let handle = self.handle.as_deref().map(|text| {
            TokenDigest::from_handle(text).ok_or("expected a handle of 26 letters and digits")
        });
        Ok(ThrottleFilter {
            handle: handle.transpose()?,
            name: self.user.clone(),
            source: self.source.map(ClientIp::from),
        })
    }

    /// Converts the query of what is cleared to core's filter. Fails with a message if the handle cannot be parsed, or if
    /// the query has a condition for lists, which must not be ignored.
    pub(crate) fn to_clear(&self) -> Result<ThrottleFilter, &'static str> {
        let is_of_list = self.kind.is_some()
            || self.locked.is_some()
            || self.limit.is_some()
            || self.after.is_some();
        if is_of_list {
            return Err("kind, locked, limit and after are for lists");
        }
        self.filter()
    }

    /// Converts the query of a list to core's. Fails with a message if the handle, the kind or the place cannot be parsed.
    pub(crate) fn to_list(&self) -> Result<ThrottlePageQuery, &'static str> {
        let kind = self.kind.as_deref().map(|name| {
            BucketKind::from_name(name).ok_or("kind: expected one that the list shows")
        });
        let after = self
            .after
            .as_deref()
            .map(|text| parse_place(text).ok_or("after: expected `next` of the previous page"));
        Ok(ThrottlePageQuery {
            filter: self.filter()?,
            kind: kind.transpose()?,
            part: self.locked.map(|locked| {
                if locked {
                    ListPart::Locked
                } else {
                    ListPart::Unlocked
                }
            }),
            after: after.transpose()?,
            limit: self.limit.unwrap_or(LIMIT).min(LIMIT),
        })
    }
}

/// Names of the parts of a list in places.
const PARTS: [(ListPart, &str); 2] = [
    (ListPart::Locked, "locked"),
    (ListPart::Unlocked, "counted"),
];

/// Formats the place of an entry for the next query: the part of the list, the moment in milliseconds since 1970, and the
/// handle.
pub(crate) fn format_place(place: BucketCursor) -> String {
    let mut parts = PARTS.into_iter();
    let name = parts.find(|(part, _)| *part == place.part);
    let name = name.map(|(_, name)| name).unwrap_or_default();
    format!("{name},{},{}", place.moment, place.key)
}

/// Parses the place of an entry, as [`format_place`] returns it. Returns `None` for any other text.
fn parse_place(text: &str) -> Option<BucketCursor> {
    let mut fields = text.splitn(3, ',');
    let name = fields.next()?;
    let (part, _) = PARTS.into_iter().find(|(_, known)| *known == name)?;
    Some(BucketCursor {
        part,
        moment: fields.next()?.parse().ok()?,
        key: TokenDigest::from_handle(fields.next()?)?,
    })
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
