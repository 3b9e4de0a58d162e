//! The one door that every dialect goes through.

mod address;
mod app_passwords;
mod audited;
mod derived;
mod ended;
mod erase;
mod factor;
mod issue;
mod keys;
mod login;
mod once;
mod proof;
mod sessions;
mod throttled;
mod tokens;
mod unrecorded;
mod upgrade;

use std::sync::Arc;

use secrecy::SecretString;
use time::OffsetDateTime;

use self::ended::Ended;
#[cfg(fuzzing)]
pub(crate) use self::tokens::used;
use self::unrecorded::UnrecordedUses;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::directory::{DigestKeyId, Directory};
use crate::error::StoreError;
use crate::password::Passwords;
use crate::pepper::Peppers;
use crate::store::TokenStore;
use crate::throttle::{Guard, Origin};

pub use self::erase::Erasure;
pub use self::factor::{SecondFactor, SecondFactorPolicy, SecondFactorRule};
pub use self::once::SecondUse;
pub use self::sessions::{Filter, Listed, Reach};
pub use self::throttled::StrainedFilter;

/// What [`Auth`] is made of.
pub struct Parts {
    /// Who may log in.
    pub directory: Arc<dyn Directory>,
    /// Where tokens live.
    pub tokens: Arc<dyn TokenStore>,
    /// Where passwords are checked.
    pub passwords: Passwords,
    /// What keys the tokens' digests.
    pub peppers: Peppers,
    /// What a second use of a one-time token does.
    pub second_use: SecondUse,
    /// Who may try, and how often; without it everybody, always.
    pub guard: Option<Guard>,
    /// Where all that happens is recorded.
    pub audit: Audit,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Authentication against the one user base. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Parts>, Arc<Ended>, Arc<UnrecordedUses>);

/// A name and a password, with what else a dialect asks for.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// User name or e-mail address, in any case.
    pub name: String,
    /// What stands in the field for the password.
    pub password: SecretString,
    /// The second factor, or what the operator says where the dialect has no field for it.
    pub factor: SecondFactor,
    /// The organisation the user must belong to, if the dialect asks for one.
    pub organisation: Option<OrganisationName>,
    /// Where the login comes from.
    pub origin: Origin,
}

/// The organisation that a login names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganisationName {
    /// Spelt exactly.
    Exact(String),
    /// In upper or lower case.
    AnyCase(String),
}

/// A credential other than the password.
#[derive(Debug, Clone)]
pub enum AccessCard {
    /// A code, which is all that is needed.
    Code(SecretString),
    /// An identifier with its pass code.
    Identifier {
        /// The identifier, spelt exactly.
        identifier: String,
        /// The pass code.
        pass_code: SecretString,
    },
}

impl Auth {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts), Arc::default(), Arc::default())
    }

    /// The present moment, by the clock that judges all tokens.
    pub fn now(&self) -> OffsetDateTime {
        self.0.clock.now()
    }

    /// Where all that happens is recorded, for what others do with the same user base.
    pub fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// The digest keys of the directory that no pepper opens: cards and keys that are stored under them
    /// are "unavailable".
    pub fn unreadable_digest_keys(&self) -> Vec<DigestKeyId> {
        self.0.directory.unreadable_digest_keys()
    }

    /// Whether directory and token store can be asked.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.0.directory.ping().await?;
        self.0.tokens.ping().await
    }
}
