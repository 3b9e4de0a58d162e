#![doc = include_str!("../README.md")]

mod auth;
mod clock;
pub mod directory;
mod error;
mod password;
mod private_file;
mod session;
pub mod store;
mod token;
mod totp;
mod user;

pub use auth::{AccessCard, Auth, Credentials, Parts};
pub use clock::{Clock, MockClock, SystemClock};
pub use error::{AuthError, StoreError};
pub use password::{PasswordError, PasswordSettings, Passwords};
pub use private_file::create_private_file;
pub use session::{Concurrency, IssuedToken, Purpose, Session, Terms};
pub use token::{Pepper, Realm, Token, TokenDigest};
pub use totp::TotpSecret;
pub use user::{Key, Organisation, Role, User, UserState};
