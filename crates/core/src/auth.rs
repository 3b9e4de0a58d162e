//! `Auth`, the only entry point of dialect crates.

mod account_link;
mod address;
mod app_passwords;
mod authority_login;
mod authority_users;
mod derived;
mod end;
mod erase;
mod issue;
mod keys;
mod known_device;
mod login;
mod lookup;
mod one_time_tokens;
mod operations;
mod password_check;
mod password_reset;
mod recent_tokens;
mod second_factor;
mod session_pages;
mod sessions;
mod synchronisations;
mod throttle_lists;
mod throttling;
mod token_finding;
mod trial;
mod unrecorded;
mod users;
mod validate;

use std::sync::Arc;

use isogloss_password::Passwords;
use secrecy::SecretString;
use time::OffsetDateTime;

use self::recent_tokens::RecentTokens;
use self::unrecorded::UnrecordedUses;
#[cfg(fuzzing)]
pub(crate) use self::validate::used;
use crate::audit::Audit;
use crate::authority::Authorities;
use crate::clock::Clock;
use crate::directory::{DigestKeyId, Directory};
use crate::error::StoreError;
use crate::pepper::Peppers;
use crate::store::TokenStore;
use crate::throttle::{LoginOrigin, LoginThrottle};

pub use self::account_link::{
    ACCOUNT_REALM, AccountLink, ENROLMENT_REALM, LinkError, PasswordChange, PendingEnrolment,
};
pub use self::erase::Erasure;
pub use self::keys::KeyLogin;
pub use self::one_time_tokens::SecondUse;
pub use self::second_factor::{SecondFactor, SecondFactorPolicy, SecondFactorRule};
pub use self::session_pages::{SessionCursor, SessionPage};
pub use self::sessions::{Reach, SessionFilter, SessionInfo};
pub use self::throttle_lists::{ThrottleFilter, ThrottlePage, ThrottlePageQuery};
pub use self::token_finding::TokenFinding;
pub use self::trial::{TrialStep, TrialVerdict};

/// The components of [`Auth`].
#[derive(Clone)]
pub struct AuthComponents {
    /// The directory of users.
    pub directory: Arc<dyn Directory>,
    /// The token store.
    pub tokens: Arc<dyn TokenStore>,
    /// The threads that hash and check passwords.
    pub passwords: Passwords,
    /// The peppers, which key the digests of tokens.
    pub peppers: Peppers,
    /// What a second use of a one-time token does.
    pub second_use: SecondUse,
    /// The login throttle. With `None`, login attempts are not limited.
    pub throttle: Option<LoginThrottle>,
    /// The authorities, which judge the passwords of their users.
    pub authorities: Authorities,
    /// The audit log.
    pub audit: Audit,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
}

/// Authentication against the one user base: logins, tokens and sessions. Cheap to clone.
#[derive(Clone)]
pub struct Auth {
    components: Arc<AuthComponents>,
    recent_tokens: Arc<RecentTokens>,
    unrecorded_uses: Arc<UnrecordedUses>,
}

/// A name and a password, with the other fields that a dialect requires.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// User name or e-mail address, in any case.
    pub name: String,
    /// The content of the password field.
    pub password: SecretString,
    /// The second factor, or the operator's rule for a dialect that has no field for it.
    pub factor: SecondFactor,
    /// The organisation the user must belong to, if the dialect requires one.
    pub organisation: Option<OrganisationName>,
    /// Where the login comes from.
    pub origin: LoginOrigin,
}

/// The organisation that a login names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganisationName {
    /// The exact spelling.
    Exact(String),
    /// The spelling in upper or lower case.
    AnyCase(String),
}

/// A credential other than the password.
#[derive(Debug, Clone)]
pub enum AccessCard {
    /// A code that suffices alone.
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
    /// Creates the service from its components.
    pub fn new(parts: AuthComponents) -> Self {
        Self {
            components: Arc::new(parts),
            recent_tokens: Arc::default(),
            unrecorded_uses: Arc::default(),
        }
    }

    /// Returns the current time of the clock that decides when tokens expire.
    pub fn now(&self) -> OffsetDateTime {
        self.components.clock.now()
    }

    /// Returns the authorities.
    pub fn authorities(&self) -> &Authorities {
        &self.components.authorities
    }

    /// Returns the service with other authorities. All else is shared with this one, which keeps its own authorities.
    #[must_use]
    pub fn with_authorities(&self, authorities: Authorities) -> Self {
        let parts = AuthComponents {
            authorities,
            ..(*self.components).clone()
        };
        Self {
            components: Arc::new(parts),
            recent_tokens: Arc::clone(&self.recent_tokens),
            unrecorded_uses: Arc::clone(&self.unrecorded_uses),
        }
    }

    /// Returns the audit log, for events of other code that changes the same user base.
    pub fn audit(&self) -> &Audit {
        &self.components.audit
    }

    /// Returns the ids of the directory's digest keys that no pepper decrypted when they were last read; empty
    /// if there are none. While there are any, a card or key that is not found is "unavailable": it may be
    /// stored under one of them.
    pub fn unreadable_digest_keys(&self) -> Vec<DigestKeyId> {
        self.components.directory.unreadable_digest_keys()
    }

    /// Checks that the directory and the token store are reachable.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if one of them is unreachable.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.components.directory.ping().await?;
        self.components.tokens.ping().await
    }
}
