#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod blowfish;
mod cost;
mod eks;
mod malformed;
mod outputs;
mod pi;
mod radix64;
mod stored;
mod verify;

pub use self::cost::Cost;
pub use self::eks::Output;
pub use self::malformed::Malformed;
pub use self::outputs::{Key, LANES, outputs};
pub use self::stored::hash_text;
pub use self::verify::{Check, verify, verify_all};
