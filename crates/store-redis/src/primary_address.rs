//! The address of the primary: fixed, or reported by sentinels.

use isogloss_core::StoreError;
use redis::ConnectionInfo;

use super::sentinel::Sentinels;
use super::server_name::name_of;

/// The address of the primary: fixed, or reported by sentinels.
pub(super) enum Place {
    Fixed(Box<ConnectionInfo>),
    Sentinels(Box<Sentinels>),
}

impl Place {
    pub(super) async fn find(&self) -> Result<ConnectionInfo, StoreError> {
        match self {
            Self::Fixed(server) => Ok(ConnectionInfo::clone(server)),
            Self::Sentinels(sentinels) => sentinels.primary().await,
        }
    }

    /// Returns the name of the server, as far as it is known without a request.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Fixed(server) => name_of(server),
            Self::Sentinels(sentinels) => sentinels.name(),
        }
    }

    /// Returns whether the primary is reported at another address now.
    pub(super) async fn is_other_than(&self, place: &str) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Sentinels(sentinels) => sentinels.name_another_than(place).await,
        }
    }

    pub(super) async fn forget(&self) {
        if let Self::Sentinels(sentinels) = self {
            sentinels.forget().await;
        }
    }
}
