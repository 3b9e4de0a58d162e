#![doc = include_str!("../README.md")]

mod all_members;
mod check;
mod connection;
mod directory;
mod entries;
mod error;
mod filter;
mod groups;
mod identity;
mod judge;
mod message;
mod paged;
mod pool;
mod presets;
mod request;
mod result_codes;
mod server;
mod servers;
mod settings;
mod tls;
mod wire;

pub use self::error::LdapSettingsError;
pub use self::judge::LdapAuthority;
pub use self::presets::Preset;
pub use self::settings::{AttributeMap, LdapSettings, Scope};
pub use isogloss_authority::GroupRule;
