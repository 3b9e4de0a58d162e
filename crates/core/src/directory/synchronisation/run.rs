//! Runs a synchronisation, or a preview of one.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::TryStreamExt as _;

use super::plan::Plan;
use super::turn::Turn;
use super::{SyncError, SyncProgress, SyncReport, Synchronisation};
use crate::authority::ListedUser;
use crate::directory::merge::Changes;
use crate::directory::wanted::{Wanted, WantedUser};
use crate::directory::{Applied, EntryFault, UserFilter, UserRecord};

/// How many users are read at a time.
const PAGE: u32 = 1000;
/// How many users are changed in one transaction, in which no other change can be made.
const BATCH: usize = 500;

impl Synchronisation {
    /// Brings the users of the authority up to date, and returns what was changed. `interval` is the least time since
    /// the last synchronisation began; zero if that does not matter.
    ///
    /// # Errors
    /// If the list of the authority is not complete or empty, if more users would be disabled than permitted, or if
    /// another process does the same: then nothing was changed. If the directory becomes unavailable: what was applied
    /// before stays, and the next synchronisation continues.
    pub async fn run(
        &self,
        interval: Duration,
        progress: impl Fn(SyncProgress),
    ) -> Result<SyncReport, SyncError> {
        let mut turn = match Turn::take(self, interval).await {
            Ok(turn) => turn,
            Err(error @ (SyncError::Running | SyncError::NotDue)) => return Err(error),
            Err(error) => {
                let ended = Err(error);
                self.record_end(&ended);
                return ended;
            }
        };
        let ended = self.run_in_turn(&mut turn, &progress).await;
        let outcome = self.record_end(&ended);
        turn.end(&outcome).await;
        ended
    }

    /// Returns what [`run`](Self::run) would change now, and changes nothing.
    ///
    /// # Errors
    /// Like [`run`](Self::run).
    pub async fn preview(&self, progress: impl Fn(SyncProgress)) -> Result<SyncReport, SyncError> {
        let (plan, mut report) = self.plan(&mut None, &progress).await?;
        let mut users = plan.leavers;
        users.extend(plan.others);
        // All at once: the second of two users with one name would only be refused after the first was added.
        let wanted = Wanted::of_authority(&self.settings, users);
        let present = self.directory.present(&wanted).await?;
        let applied = Changes::of(&present, &wanted)?.applied;
        take(&mut report, applied);
        report.counts.faults = count(report.faults.len());
        Ok(report)
    }

    async fn run_in_turn(
        &self,
        turn: &mut Turn<'_>,
        progress: &impl Fn(SyncProgress),
    ) -> Result<SyncReport, SyncError> {
        let mut turn = Some(turn);
        let (plan, mut report) = self.plan(&mut turn, progress).await?;
        let total = count(plan.leavers.len() + plan.others.len());
        let mut left_over = Vec::new();
        // Who must lose access does so first.
        let batches = plan.leavers.chunks(BATCH).chain(plan.others.chunks(BATCH));
        let mut done = 0;
        for batch in batches {
            left_over.extend(self.apply(&mut turn, batch, &mut report).await?);
            done += count(batch.len());
            progress(SyncProgress::Applied { done, total });
        }
        // A name may have become free meanwhile. If not, the user still loses what the authority takes away.
        let mut again = Vec::new();
        for batch in left_over.chunks(BATCH) {
            again.extend(self.apply(&mut turn, batch, &mut report).await?);
        }
        let faults = report.faults.clone();
        let is_known = |user: &WantedUser| user.id.is_none_or(|id| !plan.added.contains(&id));
        let known = again.into_iter().filter(is_known);
        let known: Vec<_> = known.map(WantedUser::access_only).collect();
        for batch in known.chunks(BATCH) {
            self.apply(&mut turn, batch, &mut report).await?;
        }
        report.faults = faults;
        report.counts.faults = count(report.faults.len());
        Ok(report)
    }

    /// Lists the users, compares them with those here, and lets the brake judge the result. Fails if the list is not
    /// complete or empty, or if too many users would be disabled.
    async fn plan(
        &self,
        turn: &mut Option<&mut Turn<'_>>,
        progress: &impl Fn(SyncProgress),
    ) -> Result<(Plan, SyncReport), SyncError> {
        let listed = self.list(turn, progress).await?;
        let present = self.present(turn).await?;
        let plan = Plan::of(&self.settings, &listed, &present)?;
        plan.brake(&self.settings)?;
        let mut report = SyncReport::default();
        report.counts.listed = count(listed.len());
        report.counts.unchanged = plan.unchanged;
        report.counts.adopted = plan.adopted;
        report.counts.left_out = plan.left_out;
        report.faults.clone_from(&plan.faults);
        Ok((plan, report))
    }

    async fn list(
        &self,
        turn: &mut Option<&mut Turn<'_>>,
        progress: &impl Fn(SyncProgress),
    ) -> Result<Vec<ListedUser>, SyncError> {
        let mut list = self.authority.users().ok_or(SyncError::CannotList)?;
        let mut listed = Vec::new();
        while let Some(user) = list.try_next().await.map_err(SyncError::Incomplete)? {
            listed.push(user);
            if listed.len() % BATCH == 0 {
                progress(SyncProgress::Listed(count(listed.len())));
                renew(turn).await?;
            }
        }
        progress(SyncProgress::Listed(count(listed.len())));
        if listed.is_empty() {
            return Err(SyncError::Empty);
        }
        Ok(listed)
    }

    /// Returns the users here who belong to the authority or were adopted from it.
    async fn present(
        &self,
        turn: &mut Option<&mut Turn<'_>>,
    ) -> Result<Vec<UserRecord>, SyncError> {
        let filter = UserFilter {
            authority: Some(self.settings.name.clone()),
            ..UserFilter::default()
        };
        let mut present = Vec::new();
        let mut after = i64::MIN;
        loop {
            let page = self.directory.users(&filter, after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(present);
            };
            after = last.user.number;
            present.extend(page);
            renew(turn).await?;
        }
    }

    /// Applies a batch in one transaction, and returns those of its users who could not be stored.
    async fn apply(
        &self,
        turn: &mut Option<&mut Turn<'_>>,
        batch: &[WantedUser],
        report: &mut SyncReport,
    ) -> Result<Vec<WantedUser>, SyncError> {
        renew(turn).await?;
        let ids: HashSet<_> = batch.iter().map(|user| user.id).collect();
        let is_of_another = |fault: &EntryFault| fault.user.is_none() || !ids.contains(&fault.user);
        report.faults.retain(is_of_another);
        let wanted = Wanted::of_authority(&self.settings, batch.to_vec());
        let applied = self.directory.apply(&wanted).await?;
        self.record_changes(&applied.changes).await;
        let faulty: HashSet<_> = applied.faults.iter().map(|fault| fault.user).collect();
        let left = batch.iter().filter(|user| faulty.contains(&user.id));
        let left = left.cloned().collect();
        take(report, applied);
        Ok(left)
    }
}

/// Adds what was applied to the report.
fn take(report: &mut SyncReport, applied: Applied) {
    report.counts.unchanged += applied.unchanged;
    report.counts.left_out += count(applied.erased.len());
    report.add_changes(applied.changes);
    for kept in applied.kept {
        // A user who could not be stored was compared twice.
        if !report.kept.contains(&kept) {
            report.kept.push(kept);
            report.counts.kept += 1;
        }
    }
    report.erased.extend(applied.erased);
    report.faults.extend(applied.faults);
}

async fn renew(turn: &mut Option<&mut Turn<'_>>) -> Result<(), SyncError> {
    match turn {
        Some(turn) => turn.renew().await,
        None => Ok(()),
    }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
