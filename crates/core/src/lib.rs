#![doc = include_str!("../README.md")]

mod auth;
mod clock;
pub mod directory;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod mail;
mod password;
mod pepper;
mod private_file;
mod session;
pub mod store;
pub mod throttle;
mod token;
mod totp;
mod user;

pub use auth::{
    AccessCard, Auth, Credentials, Filter, Listed, OrganisationName, Parts, SecondUse,
    StrainedFilter,
};
pub use clock::{Clock, MockClock, SystemClock};
pub use error::{AuthError, StoreError};
pub use mail::{Letter, Mailer};
pub use password::{PasswordError, PasswordSettings, Passwords};
pub use pepper::{Pepper, Peppers};
pub use private_file::create_private_file;
pub use session::{Actor, Concurrency, IssuedToken, Lifetime, Purpose, Session, Terms};
pub use throttle::{Origin, Source};
pub use token::{Realm, Seed, Token, TokenDigest};
pub use totp::TotpSecret;
pub use user::{Key, Organisation, Role, Unit, User, UserState};
