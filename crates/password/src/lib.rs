#![doc = include_str!("../README.md")]

mod bcrypt_lane;
mod cost_limits;
mod equal_delay;
mod error;
mod formats;
#[cfg(fuzzing)]
pub mod fuzzing;
mod new_hash;
mod passwords;
mod settings;
mod shares;
mod verified;
mod verify;
mod worker_pool;

pub use self::error::{HashingError, InvalidPassword, NewPasswordError, StartError};
pub use self::formats::HashError;
pub use self::new_hash::check_new_password;
pub use self::passwords::Passwords;
pub use self::settings::PasswordSettings;
pub use self::shares::{Claimant, HashingPermit};
pub use self::verified::Verified;
