//! The state of users' second factors in a directory.

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::KeyDigest;
use crate::error::StoreError;
use crate::totp::{TotpSecret, TotpStep};

/// The second factors of users. Each code can be used once.
#[async_trait]
pub trait Enrolments: Send + Sync + 'static {
    /// Returns the state of the user's second factor; `None` if it is off. Fails if the directory is unavailable.
    async fn enrolment(&self, user: Uuid) -> Result<Option<Enrolment>, StoreError>;

    /// Switches the user's second factor on, or replaces it and its recovery codes. Ends the user's tokens,
    /// because they were created without it. Fails if the directory is unavailable.
    async fn enrol(&self, user: Uuid, enrolment: &NewEnrolment) -> Result<(), StoreError>;

    /// Switches the user's second factor off, and returns whether it was on. Removes its recovery codes. The
    /// user's tokens stay valid: their logins proved more than is now required. Fails if the directory is
    /// unavailable.
    async fn disenrol(&self, user: Uuid) -> Result<bool, StoreError>;

    /// Replaces the user's recovery codes. Returns false, and changes nothing, if the second factor is off. Fails
    /// if the directory is unavailable.
    async fn set_recovery_codes(&self, user: Uuid, codes: &[KeyDigest])
    -> Result<bool, StoreError>;

    /// Marks the codes of this time step and of all earlier ones as used. Returns whether the code of this time
    /// step was unused; of several concurrent calls, only one returns true. The user's tokens stay valid. Fails if
    /// the directory is unavailable.
    async fn use_step(&self, user: Uuid, step: TotpStep) -> Result<bool, StoreError>;

    /// Marks a recovery code as used, and returns how many unused ones are left. `None` if the code is used
    /// already or unknown; of several concurrent calls, only one returns a number. Fails if the directory is
    /// unavailable.
    async fn use_recovery_code(
        &self,
        user: Uuid,
        code: KeyDigest,
    ) -> Result<Option<u64>, StoreError>;
}

/// A second factor that is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// When it was switched on; `None` if it was imported from a file.
    pub since: Option<OffsetDateTime>,
    /// The last time step of which a code was used; `None` if none was.
    pub last_step: Option<TotpStep>,
    /// The number of unused recovery codes.
    pub recovery_codes_left: u64,
}

/// A second factor to switch on.
#[derive(Debug, Clone)]
pub struct NewEnrolment {
    /// The secret from which the codes are computed.
    pub secret: TotpSecret,
    /// The time step of the code that confirmed it. This code counts as used.
    pub confirmed: Option<TotpStep>,
    /// The digests of the recovery codes.
    pub recovery_codes: Vec<KeyDigest>,
    /// When it is switched on.
    pub since: OffsetDateTime,
}
