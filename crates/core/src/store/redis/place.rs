//! Where the primary is said to be.

use ::redis::{ConnectionInfo, RedisResult};

use super::sentinel::Sentinels;

/// Where the primary is said to be.
pub(super) enum Place {
    Fixed(Box<ConnectionInfo>),
    Sentinels(Box<Sentinels>),
}

impl Place {
    pub(super) async fn find(&self) -> RedisResult<ConnectionInfo> {
        match self {
            Self::Fixed(server) => Ok(ConnectionInfo::clone(server)),
            Self::Sentinels(sentinels) => sentinels.primary().await,
        }
    }

    /// Whether it is said to be elsewhere now.
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
