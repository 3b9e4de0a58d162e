//! What all dialects share: how pages of other origins may call them, and addresses of pages.

pub mod cors;
mod web_address;

pub use self::web_address::is_web_address;
