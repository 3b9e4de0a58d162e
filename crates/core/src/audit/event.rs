//! One event, which is recorded as a line of JSON.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use uuid::Uuid;

use super::{EventActor, EventKind, LoginMethod, Outcome, Refusal, RefusalReason, RequestContext};
use crate::printable::printable_json;
use crate::purpose::Purpose;
use crate::refusal_cause::RefusalCause;
use crate::session::Session;
use crate::store::Record;
use crate::throttle::{ClientIp, LoginOrigin};
use crate::token_digest::TokenDigest;
use crate::user::User;

/// The maximum length in characters of texts that clients choose. The rest is cut off.
const LONGEST_TEXT: usize = 200;

/// An event. Holds no password, token, code or key, and no name that a caller typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When the event happened, in UTC and whole milliseconds.
    #[serde(serialize_with = "as_moment")]
    pub time: OffsetDateTime,
    /// What happened.
    pub event: EventKind,
    /// How the operation ended.
    pub outcome: Outcome,
    /// Why the operation was refused. `None` if it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<RefusalReason>,
    /// The dialect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// The credentials with which a login was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<LoginMethod>,
    /// The name of the authority that judged the password. `None` if our own hash did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<String>,
    /// The true cause of a refusal or of a judgement, such as `unknown_name`, `password_expired` or `timeout`, which clients
    /// do not learn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What belongs to the cause, such as the organisation that would fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The user that the event is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Uuid>,
    /// A keyed hash of the name that the caller sent.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub name_hash: Option<TokenDigest>,
    /// The user's organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The unit of a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The handle of the token that the event is about.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub handle: Option<TokenDigest>,
    /// The handle of the token from which the token of the event is derived.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub parent: Option<TokenDigest>,
    /// The purpose of the token.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub purpose: Option<Purpose>,
    /// The device or program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The timestamp before which a session must have been issued for the operation to apply to it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_moments")]
    pub issued_before: Option<OffsetDateTime>,
    /// What else the operation was for: the file that was applied, the address whose attempts were reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The number of items, for an operation on many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The client IP of the request.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub source: Option<ClientIp>,
    /// The id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Uuid>,
    /// The actor. `None` if the user acted.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub actor: Option<EventActor>,
}

impl Event {
    /// Creates the event of an operation that was done at `time`, with the dialect, client IP, request id and
    /// actor of the current [`RequestContext`].
    pub fn new(event: EventKind, time: OffsetDateTime) -> Self {
        let caller = RequestContext::current();
        Self {
            time,
            event,
            outcome: Outcome::Done,
            reason: None,
            dialect: caller.dialect.map(str::to_owned),
            by: None,
            judged_by: None,
            cause: None,
            detail: None,
            user: None,
            name_hash: None,
            organisation: None,
            unit: None,
            handle: None,
            parent: None,
            purpose: None,
            client: None,
            application: None,
            issued_before: None,
            target: None,
            count: None,
            source: caller.source,
            request_id: caller.request_id,
            actor: caller.actor,
        }
    }

    /// Returns this event with the outcome [`Outcome::Refused`], that reason, and its cause unless the event has one.
    #[must_use]
    pub fn refused(self, why: impl Into<Refusal>) -> Self {
        let Refusal {
            reason,
            cause,
            error,
        } = why.into();
        let detail = cause.as_ref().and_then(RefusalCause::detail).or(error);
        let cause = cause.map(|cause| cause.name().to_owned());
        Self {
            outcome: Outcome::Refused,
            reason: Some(reason),
            cause: self.cause.or(cause),
            detail: short(detail.as_deref()),
            ..self
        }
    }

    /// Returns the true cause of a refusal, or its reason if that says everything. `None` if nothing was refused.
    pub(crate) fn cause_or_reason(&self) -> Option<&str> {
        let reason = self.reason?.name();
        Some(self.cause.as_deref().unwrap_or(reason))
    }

    /// Returns this event with the user that it is about, and the organisation of the user.
    #[must_use]
    pub fn about(self, user: &User) -> Self {
        Self {
            user: Some(user.id),
            organisation: Some(user.organisation.name.clone()),
            ..self
        }
    }

    /// Returns this event with the dialect, the client and the client IP of a login. Without a client IP in
    /// `origin`, the one in the event stays.
    pub(crate) fn of_origin(self, origin: &LoginOrigin) -> Self {
        Self {
            dialect: Some(origin.realm.name().to_owned()),
            client: short(origin.client.as_deref()),
            source: origin.source.or(self.source),
            ..self
        }
    }

    /// Returns this event with the user, the token and the actor of a session. Without an actor in the session,
    /// the one in the event stays.
    pub(crate) fn of_session(self, session: &Session) -> Self {
        Self {
            handle: Some(session.digest),
            parent: session.parent(),
            purpose: Some(session.purpose()),
            client: short(session.client()),
            application: short(session.application()),
            unit: session.unit().map(str::to_owned),
            actor: session
                .actor()
                .map(|actor| EventActor::User(actor.id))
                .or(self.actor.clone()),
            ..self.about(&session.user)
        }
    }

    /// Returns this event with the user, the token, the dialect and the actor of a record. Without an actor in
    /// the record, the one in the event stays.
    pub(crate) fn of_record(self, digest: TokenDigest, record: &Record) -> Self {
        Self {
            dialect: Some(record.realm.clone()),
            user: Some(record.user),
            handle: Some(digest),
            parent: record.parent,
            purpose: Some(record.purpose),
            client: short(record.client.as_deref()),
            application: short(record.application.as_deref()),
            unit: record.unit.clone(),
            actor: record.actor.map(EventActor::User).or(self.actor),
            ..self
        }
    }

    /// Returns the event as one line of JSON, without a line feed at the end. The line contains no character
    /// that a terminal obeys.
    pub fn line(&self) -> String {
        // Texts and numbers under fixed names: serialization cannot fail.
        let line = serde_json::to_string(self).unwrap_or_default();
        match printable_json(&line) {
            Cow::Borrowed(_) => line,
            Cow::Owned(escaped) => escaped,
        }
    }
}

/// Returns a timestamp in the format of events: in UTC, with milliseconds, such as `2026-11-22T09:00:00.000Z`.
/// The order of such texts is their order in time.
pub fn moment(moment: OffsetDateTime) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let moment = moment.to_offset(time::UtcOffset::UTC);
    moment.format(FORMAT).unwrap_or_default()
}

/// Returns the first [`LONGEST_TEXT`] characters of a text. `None` if there is no text.
pub(crate) fn short(text: Option<&str>) -> Option<String> {
    text.map(|text| text.chars().take(LONGEST_TEXT).collect())
}

fn as_moment<S: Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment(*time))
}

#[expect(clippy::ref_option, reason = "serde calls it like this")]
fn as_moments<S: Serializer>(
    time: &Option<OffsetDateTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(&time.map(moment))
}

#[expect(clippy::ref_option, reason = "serde calls it like this")]
fn shown<S: Serializer>(
    value: &Option<impl fmt::Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
