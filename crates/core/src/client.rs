//! The identity of the client of a request, as far as it becomes known while the request is handled.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use uuid::{Builder, Uuid};

use crate::error::AuthError;
use crate::user::User;

tokio::task_local! {
    static MEETING: RefCell<Meeting>;
}

/// A function that returns whether a client is blocked. Called each time more becomes known about the client.
pub type CutOff = Arc<dyn Fn(&Client) -> bool + Send + Sync>;

/// The identity of a client, as far as a request has revealed it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// The application, if the dialect names it.
    pub application: Option<String>,
    /// The device or program, if the dialect names it.
    pub client: Option<String>,
    /// The label of the key that the request presented.
    pub key: Option<String>,
    /// The id of the user of the request.
    pub user: Option<Uuid>,
    /// The expired token that the request presented.
    pub expired: Option<Expired>,
}

/// An expired token that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// How long ago it was issued.
    pub age: Duration,
    /// Whether this gateway sees the token for the first time since its end.
    pub first: bool,
}

struct Meeting {
    client: Client,
    cut_off: Option<CutOff>,
}

impl Client {
    /// Runs `work` for a request and returns its output with the client identity observed during it. For a
    /// client that is blocked, calls into core fail with [`AuthError::Forbidden`].
    pub async fn meet<F: Future>(cut_off: Option<CutOff>, work: F) -> (F::Output, Self) {
        let meeting = RefCell::new(Meeting {
            client: Self::default(),
            cut_off,
        });
        let work = async {
            let output = work.await;
            let met = MEETING.with(|meeting| std::mem::take(&mut meeting.borrow_mut().client));
            (output, met)
        };
        MEETING.scope(meeting, work).await
    }

    /// Returns an identifier for a client that names none but must be given one. It does not identify the
    /// client: each login would have another. Its GUID version 8 (RFC 9562) distinguishes it from those that
    /// clients generate.
    pub fn unnamed() -> Uuid {
        Builder::from_custom_bytes(*Uuid::new_v4().as_bytes()).into_uuid()
    }

    /// Returns the name that the client gave itself. `None` if it gave none, or only a GUID of version 8, as
    /// [`Client::unnamed`] returns.
    pub fn given_name(&self) -> Option<&str> {
        const CUSTOM: usize = 8;

        let is_given = |name: &&str| {
            let guid = Uuid::try_parse(name);
            !guid.is_ok_and(|guid| guid.get_version_num() == CUSTOM)
        };
        self.client.as_deref().filter(is_given)
    }

    /// Records that the request presented an expired token, and the client and application to which it was
    /// issued.
    pub(crate) fn note_expired(
        client: Option<&String>,
        application: Option<&String>,
        expired: Expired,
    ) -> Result<(), AuthError> {
        Self::note(|met| {
            met.client = client.or(met.client.as_ref()).cloned();
            met.application = application.or(met.application.as_ref()).cloned();
            met.expired = Some(expired);
        })
    }

    /// Records the key that the request presented.
    pub(crate) fn note_key(label: &str) -> Result<(), AuthError> {
        Self::note(|client| client.key = Some(label.to_owned()))
    }

    /// Records the user of the request, and the client and application of a token that was or will be issued.
    pub(crate) fn note_user(
        user: &User,
        client: Option<&String>,
        application: Option<&String>,
    ) -> Result<(), AuthError> {
        Self::note(|met| {
            met.user = Some(user.id);
            met.client = client.or(met.client.as_ref()).cloned();
            met.application = application.or(met.application.as_ref()).cloned();
        })
    }

    fn note(change: impl FnOnce(&mut Self)) -> Result<(), AuthError> {
        let is_cut_off = MEETING.try_with(|meeting| {
            let mut meeting = meeting.borrow_mut();
            change(&mut meeting.client);
            let Meeting { client, cut_off } = &*meeting;
            cut_off
                .as_ref()
                .is_some_and(|is_cut_off| is_cut_off(client))
        });
        // Outside of a request there is no client to block.
        if is_cut_off.unwrap_or(false) {
            return Err(AuthError::Forbidden);
        }
        Ok(())
    }
}
