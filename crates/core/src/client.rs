//! Who a request turns out to come from, as far as clients tell: found out while it is worked on.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use uuid::{Builder, Uuid};

use crate::error::AuthError;
use crate::user::User;

tokio::task_local! {
    static MEETING: RefCell<Meeting>;
}

/// Whether a client may no longer come. Asked each time something more is known of it.
pub type CutOff = Arc<dyn Fn(&Client) -> bool + Send + Sync>;

/// What a request has told of where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// The application, if the dialect names it.
    pub application: Option<String>,
    /// The device or program, if the dialect names it.
    pub client: Option<String>,
    /// The label of the key that it showed.
    pub key: Option<String>,
    /// Whose request it is.
    pub user: Option<Uuid>,
    /// The expired token that it presented.
    pub expired: Option<Expired>,
}

/// An expired token that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// How long ago it was issued.
    pub age: Duration,
    /// Whether this gateway sees it for the first time since its end.
    pub first: bool,
}

struct Meeting {
    client: Client,
    cut_off: Option<CutOff>,
}

impl Client {
    /// Does something for a request, and answers what came to be known of its client meanwhile.
    /// Whoever is cut off is [`AuthError::Forbidden`] all that he asks of core.
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

    /// Returns an identifier for a client that names none but must be told one. It names no client:
    /// each login would have another. A GUID of version 8 (RFC 9562) is told apart from those that
    /// clients make themselves.
    pub fn unnamed() -> Uuid {
        Builder::from_custom_bytes(*Uuid::new_v4().as_bytes()).into_uuid()
    }

    /// Returns the name that the client gave itself, if it gave one.
    pub fn given_name(&self) -> Option<&str> {
        const CUSTOM: usize = 8;

        let is_given = |name: &&str| {
            let guid = Uuid::try_parse(name);
            !guid.is_ok_and(|guid| guid.get_version_num() == CUSTOM)
        };
        self.client.as_deref().filter(is_given)
    }

    /// Records that the request presented an expired token, and where that was issued to.
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

    /// Notes the key that was shown.
    pub(crate) fn note_key(label: &str) -> Result<(), AuthError> {
        Self::note(|client| client.key = Some(label.to_owned()))
    }

    /// Notes whose request it is, and the client that a token was or is to be issued to.
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
        // Outside of any request nobody is met.
        if is_cut_off.unwrap_or(false) {
            return Err(AuthError::Forbidden);
        }
        Ok(())
    }
}
