//! What a directory keeps of a user's second factor, beside its secret.

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::KeyDigest;
use crate::error::StoreError;
use crate::totp::{TotpSecret, TotpStep};

/// Second factors: how they are switched on and off, and used, each code once.
#[async_trait]
pub trait Enrolments: Send + Sync + 'static {
    /// What there is to tell about the user's second factor; `None` if it is off.
    async fn enrolment(&self, user: Uuid) -> Result<Option<Enrolment>, StoreError>;

    /// Switches it on, or exchanges it for another one, recovery codes included. Ends the user's
    /// tokens: they were made without it.
    async fn enrol(&self, user: Uuid, enrolment: &NewEnrolment) -> Result<(), StoreError>;

    /// Switches it off, and answers whether it was on. Its recovery codes end. The user's tokens
    /// stay: whoever has them had more than is asked for now.
    async fn disenrol(&self, user: Uuid) -> Result<bool, StoreError>;

    /// Exchanges the recovery codes, if the second factor is on.
    async fn set_recovery_codes(&self, user: Uuid, codes: &[KeyDigest])
    -> Result<bool, StoreError>;

    /// Uses up the code of that step, and of all before it. Of all who use one at once, one is
    /// answered true. The user's tokens stay.
    async fn use_step(&self, user: Uuid, step: TotpStep) -> Result<bool, StoreError>;

    /// Uses up a recovery code, and answers how many are left. Of all who use one at once, one is
    /// answered; `None` for a code that is spent or no one's.
    async fn use_recovery_code(
        &self,
        user: Uuid,
        code: KeyDigest,
    ) -> Result<Option<u64>, StoreError>;
}

/// A second factor that is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// When it was switched on; not known of one that came out of a file.
    pub since: Option<OffsetDateTime>,
    /// The last step of which a code was used.
    pub last_step: Option<TotpStep>,
    /// Recovery codes that are not spent.
    pub recovery_codes_left: u64,
}

/// A second factor that is to be switched on.
#[derive(Debug, Clone)]
pub struct NewEnrolment {
    /// What the codes are made of.
    pub secret: TotpSecret,
    /// The step of the code that confirmed it, which is used up by that.
    pub confirmed: Option<TotpStep>,
    /// What the recovery codes are known by.
    pub recovery_codes: Vec<KeyDigest>,
    /// When that is.
    pub since: OffsetDateTime,
}
