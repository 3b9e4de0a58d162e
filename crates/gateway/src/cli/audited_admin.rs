//! What commands change is recorded where the gateway records.

use std::sync::Arc;

use anyhow::Result;
use isogloss_core::audit::{Audit, Event, EventKind};
use isogloss_core::directory::{Directory, OrganisationEntry};
use isogloss_core::{Clock as _, SystemClock, User};

use super::output;
use crate::admin::{AdminError, AdminService};
use crate::bootstrap::audit;
use crate::config::Sections;

/// The directory that a command changes, and where its acts are recorded.
pub(super) struct AuditedAdmin<'a> {
    pub(super) directory: Arc<dyn Directory>,
    pub(super) sections: &'a Sections,
}

impl AuditedAdmin<'_> {
    /// Changes something, and records it as the management listener does.
    pub(super) async fn change<T, E: Into<AdminError>>(
        &self,
        event: Event,
        change: impl Future<Output = Result<T, E>>,
        complete: impl FnOnce(Event, &T) -> Option<Event>,
    ) -> Result<T> {
        self.run(async |service| service.record_result(event, change.await, complete))
            .await
    }

    /// Changes something of a user.
    pub(super) async fn change_user<E: Into<AdminError>>(
        &self,
        kind: EventKind,
        user: &User,
        change: impl Future<Output = Result<(), E>>,
    ) -> Result<()> {
        let event = event(kind).about(user);
        self.change(event, change, |event, ()| Some(event)).await
    }

    /// The same, where it may be that there is nothing to change. Returns whether there was.
    pub(super) async fn change_user_if_needed<E: Into<AdminError>>(
        &self,
        kind: EventKind,
        user: &User,
        change: impl Future<Output = Result<bool, E>>,
    ) -> Result<bool> {
        let event = event(kind).about(user);
        let recorded = |event, changed: &bool| changed.then_some(event);
        self.change(event, change, recorded).await
    }

    /// Returns the organisation of that name or identifier.
    pub(super) async fn organisation(&self, name: &str) -> Result<OrganisationEntry> {
        self.run(async |service| service.organisation(name).await)
            .await
    }

    /// What the management listener does, too; it records by itself.
    pub(super) async fn run<T>(
        &self,
        act: impl AsyncFnOnce(&AdminService) -> Result<T, AdminError>,
    ) -> Result<T> {
        let service = AdminService {
            directory: self.directory.clone(),
            audit: audit::open_for_command(&self.sections.audit, &self.directory)?,
        };
        let done = act(&service).await;
        flush_audit(&service.audit).await;
        Ok(done?)
    }

    pub(super) async fn record(&self, event: Event) -> Result<()> {
        let audit = audit::open_for_command(&self.sections.audit, &self.directory)?;
        audit.record(event);
        flush_audit(&audit).await;
        Ok(())
    }
}

/// Something that is done now.
pub(super) fn event(kind: EventKind) -> Event {
    Event::new(kind, SystemClock.now())
}

/// Waits until all is kept, or says that it is not: what was done is done.
pub(super) async fn flush_audit(audit: &Audit) {
    if audit.close().await > 0 {
        output::error("the change was made, but the audit log could not be written");
    }
}
