#![doc = include_str!("../README.md")]

mod access;
mod app_password;
pub mod audit;
mod auth;
pub mod authority;
pub mod backend;
mod bearer_token;
mod client_identity;
mod clock;
pub mod directory;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod host_port;
mod key_limits;
mod language;
mod lifetime;
mod lineage;
pub mod log;
mod mail;
mod names;
mod near_cache;
mod network;
mod observed_request;
mod outbox;
mod password_policy;
mod pepper;
mod pool_status;
mod printable;
mod private_file;
mod purpose;
mod recovery_code;
mod refusal_cause;
pub mod refusals;
mod scope;
mod session;
pub mod store;
mod strength;
pub mod throttle;
mod token;
mod token_digest;
mod totp;
pub mod usage;
mod user;

// Logging in and out.
pub use access::AccessChange;
pub use auth::{
    ACCOUNT_REALM, AccessCard, AccountLink, Auth, AuthComponents, Credentials, ENROLMENT_REALM,
    Erasure, KeyLogin, LinkError, OrganisationName, PasswordChange, PendingEnrolment, Reach,
    SecondFactor, SecondFactorPolicy, SecondFactorRule, SecondUse, SessionCursor, SessionFilter,
    SessionInfo, SessionPage, ThrottleFilter, ThrottlePage, ThrottlePageQuery, TokenFinding,
    TrialStep, TrialVerdict,
};
pub use error::{AuthError, PasswordError, StoreError};
pub use throttle::{ClientIp, LoginOrigin, RequestedAccess};

// Tokens and their sessions.
pub use bearer_token::BearerToken;
pub use lifetime::Lifetime;
pub use lineage::Lineage;
pub use pepper::{Pepper, Peppers};
pub use purpose::Purpose;
pub use session::{Actor, Concurrency, IssuedToken, Session, Terms};
pub use token::{Realm, Seed, Token};
pub use token_digest::TokenDigest;

// Users, and what they log in with.
pub use app_password::AppPassword;
pub use isogloss_password::{InvalidPassword, PasswordSettings, Passwords};
pub use key_limits::{InvalidLimit, KeyLimits};
pub use language::{InvalidLanguage, Language};
pub use password_policy::{PasswordPolicy, PolicyViolation};
pub use recovery_code::RecoveryCode;
pub use refusal_cause::RefusalCause;
pub use scope::{Scope, Scopes, UnknownScope};
pub use strength::is_guessable;
pub use totp::{TotpSecret, TotpStep};
pub use user::{Key, Organisation, Role, Unit, User, UserState};

// Clients of a request.
pub use client_identity::{ClientFilter, ClientIdentity, Expired};
pub use network::Network;
pub use observed_request::{ObservedRefusal, ObservedRequest};

// E-mail.
pub use mail::{Email, Mailer};
pub use outbox::Outbox;

// Operation: time, status, output and files.
pub use clock::{Clock, MockClock, SystemClock};
pub use near_cache::NearCacheStatus;
pub use pool_status::PoolStatus;
pub use printable::{is_unprintable, printable, printable_json, printable_lines};
pub use private_file::{Existing, create_private_file, create_private_folder, write_private_file};
