#![doc = include_str!("../README.md")]

mod answer;
mod check;
mod hook;
mod settings;
mod signature;

pub use self::hook::HookAuthority;
pub use self::settings::{HookSettings, HookSettingsError};
