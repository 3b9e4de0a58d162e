//! Queries and views of refused requests, for the command line and the management listener.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use isogloss_core::StoreError;
use isogloss_core::audit::{Subject, moment};
use isogloss_core::directory::Directory;
use isogloss_core::refusals::{RefusalFilter, RefusedRequest};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::explanation::{Explanation, explain};
use super::user_names::UserNames;
use super::{timestamp, token_end};

/// Default maximum of listed requests.
pub(crate) const LIMIT: u32 = 20;

/// Which refused requests are meant: those to which all of it applies.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RefusalQuery {
    /// The request with this `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<Uuid>,
    /// Requests of this user (name, e-mail address or identifier), or with this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// Requests from this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub(crate) source: Option<std::net::IpAddr>,
    /// Requests of this dialect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dialect: Option<String>,
    /// Requests since then: a time such as `2026-11-22T09:00:00Z`, or an age such as `1h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    /// Requests before then: a time or an age.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
    /// Maximum number of entries.
    #[serde(
        default,
        deserialize_with = "crate::management::limit",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) limit: Option<u32>,
}

/// Reason why a query selects nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefusalQueryError {
    /// A time cannot be parsed.
    #[error("{0}: {expected}", expected = timestamp::EXPECTED)]
    Malformed(&'static str),
    /// The directory is unreachable.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl RefusalQuery {
    /// Returns the refused requests that match, the latest first, with their explanations. `who` is the user of the query.
    /// Fails if a time cannot be parsed or the directory is unreachable.
    pub(crate) async fn find(
        &self,
        directory: &dyn Directory,
        who: Option<Subject>,
        now: OffsetDateTime,
    ) -> Result<Vec<RefusalView>, RefusalQueryError> {
        let parse = |name: &'static str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => timestamp::parse_timestamp_or_age(text, now)
                .map(Some)
                .ok_or(RefusalQueryError::Malformed(name)),
        };
        let filter = RefusalFilter {
            request_id: self.request_id,
            who,
            source: self.source.map(|source| source.to_canonical().to_string()),
            dialect: self.dialect.clone(),
            since: parse("since", &self.since)?,
            until: parse("until", &self.until)?,
            limit: self.limit.unwrap_or(LIMIT),
        };
        let mut names = UserNames::new(directory);
        // A client may repeat its dead token many times.
        let mut ends = HashMap::new();
        let mut views = Vec::new();
        for mut request in directory.find_refusals(&filter).await? {
            let mut end = None;
            if let (Some(handle), "unknown_token") = (&request.handle, request.cause.as_str()) {
                let (text, owner) = match ends.entry(handle.clone()) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(place) => {
                        place.insert(token_end::of_handle(handle, directory).await?)
                    }
                };
                end.clone_from(text);
                request.user = request.user.or(*owner);
            }
            let user_name = match request.user {
                None => None,
                Some(id) => names.name(id).await?,
            };
            let view = RefusalView::new(request, user_name);
            views.push(RefusalView {
                explanation: end.unwrap_or(view.explanation),
                ..view
            });
        }
        Ok(views)
    }
}

/// A refused request, and what its cause means.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = RefusedRequest)]
pub(crate) struct RefusalView {
    pub(crate) time: String,
    /// The `X-Request-Id` of the response; none for token checks at the management listener.
    pub(crate) request_id: Option<Uuid>,
    pub(crate) dialect: Option<String>,
    pub(crate) method: String,
    /// The pattern of the route, or the path if there is no such route.
    pub(crate) route: String,
    /// The status of the response.
    pub(crate) status: u16,
    /// The cause, such as `unknown_name`.
    pub(crate) cause: String,
    /// What belongs to the cause, such as the organisation that would fit.
    pub(crate) detail: Option<String>,
    /// What the cause means.
    pub(crate) explanation: String,
    /// What to do.
    pub(crate) advice: Option<String>,
    /// The credentials of a login: `password`, `card` or `key`.
    pub(crate) by: Option<String>,
    /// The authority that judged the password.
    pub(crate) judged_by: Option<String>,
    /// The name of the user whose name, card or token the request has.
    pub(crate) user: Option<String>,
    pub(crate) user_id: Option<Uuid>,
    /// The name as it was typed, for as long as `refusals.keep_names` says.
    pub(crate) typed_name: Option<String>,
    /// A keyed hash of that name.
    pub(crate) name_hash: Option<String>,
    /// The handle of the token.
    pub(crate) handle: Option<String>,
    /// The device or program, as it names itself.
    pub(crate) client: Option<String>,
    pub(crate) application: Option<String>,
    /// The label of the application's key.
    pub(crate) key: Option<String>,
    /// The family of the `User-Agent`, such as `okhttp/4`.
    pub(crate) user_agent: Option<String>,
    /// The client IP.
    pub(crate) source: Option<String>,
}

impl RefusalView {
    fn new(request: RefusedRequest, user: Option<String>) -> Self {
        let Explanation { text, advice } = explain(&request);
        let typed = request.name.as_ref();
        Self {
            time: moment(request.time),
            typed_name: typed.map(|name| name.expose_secret().to_owned()),
            explanation: text,
            advice: advice.map(str::to_owned),
            user,
            request_id: request.request_id,
            dialect: request.dialect,
            method: request.method,
            route: request.route,
            status: request.status,
            cause: request.cause,
            detail: request.detail,
            by: request.by,
            judged_by: request.judged_by,
            user_id: request.user,
            name_hash: request.name_hash,
            handle: request.handle,
            client: request.client,
            application: request.application,
            key: request.key,
            user_agent: request.user_agent,
            source: request.source,
        }
    }
}
