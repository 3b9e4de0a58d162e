//! Changes of commands, recorded in the same audit log as the gateway's.

use std::sync::Arc;

use anyhow::Result;
use isogloss_core::audit::{Audit, Event, EventKind};
use isogloss_core::directory::{Directory, OrganisationEntry};
use isogloss_core::{Clock as _, SystemClock, User};

use super::output;
use crate::admin::{AdminError, AdminService};
use crate::bootstrap::audit;
use crate::config::Sections;

/// The directory that a command changes, and the configuration of the audit log.
pub(super) struct AuditedAdmin<'a> {
    pub(super) directory: Arc<dyn Directory>,
    pub(super) sections: &'a Sections,
}

impl AuditedAdmin<'_> {
    /// Awaits `change`, and records `event`, completed from the result by `complete`, in the audit log. Returns
    /// the result. Fails if the change fails or the audit log cannot be opened.
    pub(super) async fn change<T, E: Into<AdminError>>(
        &self,
        event: Event,
        change: impl Future<Output = Result<T, E>>,
        complete: impl FnOnce(Event, &T) -> Option<Event>,
    ) -> Result<T> {
        self.run(async |service| service.record_result(event, change.await, complete))
            .await
    }

    /// Awaits a change of a user, and records it in the audit log. Fails if the change fails or the audit log
    /// cannot be opened.
    pub(super) async fn change_user<E: Into<AdminError>>(
        &self,
        kind: EventKind,
        user: &User,
        change: impl Future<Output = Result<(), E>>,
    ) -> Result<()> {
        let event = event(kind).about(user);
        self.change(event, change, |event, ()| Some(event)).await
    }

    /// Awaits a change of a user that may find nothing to change, and records it in the audit log if it did
    /// change. Returns whether it changed. Fails if the change fails or the audit log cannot be opened.
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

    /// Returns the organisation with that name or identifier. Fails if there is none or the directory is
    /// unreachable.
    pub(super) async fn organisation(&self, name: &str) -> Result<OrganisationEntry> {
        self.run(async |service| service.organisation(name).await)
            .await
    }

    /// Runs an operation of the service that the management listener uses, too, and which records its events
    /// itself. Returns the result after the events are written. Fails if the operation fails or the audit log
    /// cannot be opened.
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

    /// Records an event, and waits until it is written. Fails if the audit log cannot be opened.
    pub(super) async fn record(&self, event: Event) -> Result<()> {
        let audit = audit::open_for_command(&self.sections.audit, &self.directory)?;
        audit.record(event);
        flush_audit(&audit).await;
        Ok(())
    }
}

/// Returns an event of this kind with the current time.
pub(super) fn event(kind: EventKind) -> Event {
    Event::new(kind, SystemClock.now())
}

/// Waits until all events are written. Prints an error if some could not be written; the change itself has been
/// made.
pub(super) async fn flush_audit(audit: &Audit) {
    if audit.close().await > 0 {
        output::error("the change was made, but the audit log could not be written");
    }
}
