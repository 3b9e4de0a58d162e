#![doc = include_str!("../README.md")]

mod access;
mod app_password;
pub mod audit;
mod auth;
pub mod backend;
mod client;
mod clock;
mod connections;
pub mod directory;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod host_port;
mod lifetime;
mod lineage;
mod mail;
mod names;
mod near;
mod network;
mod outbox;
mod pepper;
mod presented;
mod printable;
mod private_file;
mod purpose;
mod recovery;
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

pub use access::AccessChange;
pub use app_password::AppPassword;
pub use auth::{
    AccessCard, Auth, AuthComponents, Credentials, Erasure, OrganisationName, Reach, SecondFactor,
    SecondFactorPolicy, SecondFactorRule, SecondUse, SessionFilter, SessionInfo, ThrottleFilter,
};
pub use client::{ClientFilter, ClientIdentity, Expired};
pub use clock::{Clock, MockClock, SystemClock};
pub use connections::PoolStatus;
pub use error::{AuthError, PasswordError, StoreError};
pub use isogloss_password::{InvalidPassword, PasswordSettings, Passwords};
pub use lifetime::Lifetime;
pub use lineage::Lineage;
pub use mail::{Email, Mailer};
pub use near::NearCacheStatus;
pub use network::Network;
pub use outbox::Outbox;
pub use pepper::{Pepper, Peppers};
pub use presented::BearerToken;
pub use printable::{is_unprintable, printable, printable_json, printable_lines};
pub use private_file::{Existing, create_private_file, create_private_folder, write_private_file};
pub use purpose::Purpose;
pub use recovery::RecoveryCode;
pub use scope::{Scope, Scopes, UnknownScope};
pub use session::{Actor, Concurrency, IssuedToken, Session, Terms};
pub use strength::is_guessable;
pub use throttle::{ClientIp, LoginOrigin, RequestedAccess};
pub use token::{Realm, Seed, Token};
pub use token_digest::TokenDigest;
pub use totp::{TotpSecret, TotpStep};
pub use user::{Key, Organisation, Role, Unit, User, UserState};
