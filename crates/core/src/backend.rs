//! For authors of backends: what token stores, throttles and directories need in addition to their traits.
//!
//! Records encode themselves ([`Record::encode`], [`Record::decode`]), [`SessionLimits::excess`] decides which tokens of
//! a user are too many, and the suites of `isogloss-store-contract` test a store or a throttle.
//!
//! [`Record::encode`]: crate::store::Record::encode
//! [`Record::decode`]: crate::store::Record::decode
//! [`SessionLimits::excess`]: crate::store::SessionLimits::excess

pub mod directory;

pub use crate::clock::{from_milliseconds, milliseconds};
pub use crate::host_port::host_port;
pub use crate::near_cache::{LoadTicket, NearCache, get_or_load};
pub use crate::store::unreadable::decode_or_log;
pub use crate::throttle::CLIENTS_PER_ACCOUNT;
pub use crate::throttle::bucket::{future, whole_milliseconds};
