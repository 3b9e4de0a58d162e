//! One process at a time synchronises the users of an authority.

use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;
use uuid::Uuid;

use super::{SyncError, Synchronisation};
use crate::directory::{Directory, SyncTurn};

/// How long a turn lasts unless it is renewed: after a crash, the next synchronisation can begin then.
const LEASE: Duration = Duration::from_mins(3);
/// How often a turn is renewed. The longest step between two renewals must be much shorter than the rest of the lease.
const RENEWAL: Duration = Duration::from_secs(20);

/// The turn that this process has.
pub(super) struct Turn<'a> {
    directory: &'a dyn Directory,
    claim: SyncTurn,
    renewed: Instant,
}

impl<'a> Turn<'a> {
    /// Takes the turn. Fails if another process has it, or if the last one began less than `interval` ago.
    pub(super) async fn take(
        synchronisation: &'a Synchronisation,
        interval: Duration,
    ) -> Result<Self, SyncError> {
        let directory = synchronisation.directory.as_ref();
        let turn = SyncTurn {
            authority: synchronisation.settings.name.clone(),
            holder: Uuid::new_v4(),
            lease: LEASE,
            interval,
        };
        if !directory.begin_synchronisation(&turn).await? {
            let record = directory.synchronisation(&turn.authority).await?;
            return Err(match record {
                Some(record) if !record.is_running => SyncError::NotDue,
                Some(_) | None => SyncError::Running,
            });
        }
        Ok(Self {
            directory,
            claim: turn,
            renewed: Instant::now(),
        })
    }

    /// Renews the turn if that is due. Fails if another process may have it now.
    pub(super) async fn renew(&mut self) -> Result<(), SyncError> {
        if self.renewed.elapsed() < RENEWAL {
            return Ok(());
        }
        if !self.directory.renew_synchronisation(&self.claim).await? {
            return Err(SyncError::LostTurn);
        }
        self.renewed = Instant::now();
        Ok(())
    }

    /// Ends the turn, and stores how it ended. If that fails, the turn ends with its lease.
    pub(super) async fn end(self, outcome: &str) {
        let ended = self.directory.end_synchronisation(&self.claim, outcome);
        if let Err(error) = ended.await {
            let authority = self.claim.authority.as_str();
            warn!(authority, %error, "cannot store how a synchronisation ended");
        }
    }
}
