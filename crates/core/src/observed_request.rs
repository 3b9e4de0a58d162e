//! What becomes known of a request while it is handled: the client, and why the request was refused.

use std::cell::RefCell;

use secrecy::SecretString;
use uuid::Uuid;

use crate::audit::{Event, LoginMethod, Outcome};
use crate::client_identity::{ClientFilter, ClientIdentity};
use crate::refusal_cause::RefusalCause;
use crate::token_digest::TokenDigest;

tokio::task_local! {
    static OBSERVATION: RefCell<Observation>;
}

/// What became known of a request.
#[derive(Debug, Default)]
pub struct ObservedRequest {
    /// The client.
    pub client: ClientIdentity,
    /// The last refusal. `None` if core refused nothing: a dialect or the gateway may have refused the request
    /// nevertheless.
    pub refusal: Option<Box<ObservedRefusal>>,
}

/// A refusal, with the causes that clients do not learn.
#[derive(Debug, Clone)]
pub struct ObservedRefusal {
    /// The true cause, such as `unknown_name`, or the reason if that says everything.
    pub cause: String,
    /// What belongs to the cause, such as the organisation that would fit.
    pub detail: Option<String>,
    /// The dialect of the login or token.
    pub dialect: Option<String>,
    /// The credentials of a login.
    pub by: Option<LoginMethod>,
    /// The authority that judged the password.
    pub judged_by: Option<String>,
    /// The user whose name, card or token the request has.
    pub user: Option<Uuid>,
    /// The name of a login, as it was typed. It may be a password in the wrong field.
    pub name: Option<SecretString>,
    /// A keyed hash of the name.
    pub name_hash: Option<TokenDigest>,
    /// The handle of the token.
    pub handle: Option<TokenDigest>,
}

struct Observation {
    seen: ObservedRequest,
    /// The user whose name or card a login has, whether it is admitted or not.
    named: Option<Uuid>,
    filter: Option<ClientFilter>,
}

impl ObservedRequest {
    /// Runs `work` for a request and returns its output with what became known meanwhile. If `filter` blocks the
    /// client, calls into core fail with [`AuthError::Forbidden`](crate::AuthError::Forbidden).
    pub async fn observe<F: Future>(filter: Option<ClientFilter>, work: F) -> (F::Output, Self) {
        let observation = RefCell::new(Observation {
            seen: Self::default(),
            named: None,
            filter,
        });
        let work = async {
            let output = work.await;
            let seen =
                OBSERVATION.with(|observation| std::mem::take(&mut observation.borrow_mut().seen));
            (output, seen)
        };
        OBSERVATION.scope(observation, work).await
    }

    /// Changes what is known of the client of the current request. Returns `true` if the client is blocked; `false`
    /// outside of any request.
    pub(crate) fn record_client(change: impl FnOnce(&mut ClientIdentity)) -> bool {
        let is_blocked = OBSERVATION.try_with(|observation| {
            let mut observation = observation.borrow_mut();
            change(&mut observation.seen.client);
            let Observation { seen, filter, .. } = &*observation;
            filter
                .as_ref()
                .is_some_and(|is_blocked| is_blocked(&seen.client))
        });
        is_blocked.unwrap_or(false)
    }

    /// Records whose name or card the login of the current request has.
    pub(crate) fn record_named_user(user: Uuid) {
        // An error stands for "outside of any request".
        let _ = OBSERVATION.try_with(|observation| observation.borrow_mut().named = Some(user));
    }

    /// Records that the current request was refused. Does nothing outside of any request. That a token is unknown
    /// replaces no other cause: a text may be tried as the token of several dialects.
    pub(crate) fn record_refusal(refusal: impl FnOnce() -> Option<ObservedRefusal>) {
        // An error stands for "outside of any request".
        let _ = OBSERVATION.try_with(|observation| {
            let observation = &mut *observation.borrow_mut();
            let seen = &mut observation.seen.refusal;
            if let Some(refusal) = refusal()
                && !(refusal.is_of_unknown_token() && seen.is_some())
            {
                *seen = Some(Box::new(ObservedRefusal {
                    user: refusal.user.or(observation.named),
                    ..refusal
                }));
            }
        });
    }
}

impl ObservedRefusal {
    /// Returns the refusal that an event records. `None` if the event records none.
    pub(crate) fn of_event(event: &Event) -> Option<Self> {
        match event.outcome {
            Outcome::Done => None,
            Outcome::Refused => Some(Self {
                cause: event.cause_or_reason()?.to_owned(),
                detail: event.detail.clone(),
                dialect: event.dialect.clone(),
                by: event.by,
                judged_by: event.judged_by.clone(),
                user: event.user,
                name: None,
                name_hash: event.name_hash,
                handle: event.handle,
            }),
        }
    }

    fn is_of_unknown_token(&self) -> bool {
        self.cause == RefusalCause::UnknownToken.name()
    }

    /// Returns this refusal with the name as it was typed.
    pub(crate) fn with_name(self, name: Option<&str>) -> Self {
        let name = name.map(SecretString::from);
        Self { name, ..self }
    }
}
