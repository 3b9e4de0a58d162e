//! The address of the primary: fixed, or reported by sentinels.

use isogloss_core::StoreError;
use redis::ConnectionInfo;

use super::sentinel::Sentinels;
use super::server_name::server_name;

/// The address of the primary: fixed, or reported by sentinels.
pub(super) enum PrimaryAddress {
    Fixed(Box<ConnectionInfo>),
    Sentinels(Box<Sentinels>),
}

impl PrimaryAddress {
    pub(super) async fn look_up(&self) -> Result<ConnectionInfo, StoreError> {
        match self {
            Self::Fixed(server) => Ok(ConnectionInfo::clone(server)),
            Self::Sentinels(sentinels) => sentinels.primary().await,
        }
    }

    /// Returns `host:port` of the primary, or the names of the sentinels. Sends nothing.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Fixed(server) => server_name(server),
            Self::Sentinels(sentinels) => sentinels.name(),
        }
    }

    /// Returns whether sentinels name another primary than `server` now. Always `false` for a fixed address.
    pub(super) async fn has_moved_from(&self, server: &str) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Sentinels(sentinels) => sentinels.name_other_than(server).await,
        }
    }

    pub(super) async fn forget(&self) {
        if let Self::Sentinels(sentinels) = self {
            sentinels.forget().await;
        }
    }
}
