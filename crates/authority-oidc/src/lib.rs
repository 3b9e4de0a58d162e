#![doc = include_str!("../README.md")]

mod authority;
mod check;
mod claims;
mod client_authentication;
mod id_token;
mod identity;
mod keys;
mod metadata;
mod provider;
mod refusal;
mod settings;
mod token;
mod userinfo;

pub use self::authority::OidcAuthority;
pub use self::settings::{ClaimMap, OidcSettings, OidcSettingsError};
pub use isogloss_authority::GroupRule;
