//! Synchronisations in the audit log, the log and metrics.

use metrics::{counter, gauge};
use serde_json::json;
use tracing::{error, info, warn};

use super::{SyncCounts, SyncError, SyncReport, Synchronisation};
use crate::audit::{Event, EventKind};
use crate::directory::{ChangeKind, EntryChange};

impl Synchronisation {
    /// Records changed users in the audit log, and waits until they are stored: there may be more than wait in memory.
    pub(super) async fn record_changes(&self, changes: &[EntryChange]) {
        for change in changes {
            if change.kind == ChangeKind::Created {
                self.record_change(EventKind::AddUser, change);
            } else if change.edits() {
                self.record_change(EventKind::EditUser, change);
            }
            match change.disables() {
                Some(true) => self.record_change(EventKind::DisableUser, change),
                Some(false) => self.record_change(EventKind::EnableUser, change),
                None => {}
            }
        }
        self.audit.flush().await;
    }

    fn record_change(&self, kind: EventKind, change: &EntryChange) {
        self.audit.record(Event {
            user: change.user,
            organisation: change.organisation.clone(),
            target: Some(self.settings.name.clone()),
            ..Event::new(kind, self.clock.now())
        });
    }

    /// Records how a synchronisation ended, and returns that as JSON, for the directory.
    pub(super) fn record_end(&self, ended: &Result<SyncReport, SyncError>) -> String {
        let authority = self.settings.name.as_str();
        let event = Event {
            target: Some(authority.to_owned()),
            ..Event::new(EventKind::SynchroniseUsers, self.clock.now())
        };
        let (outcome, event, text) = match ended {
            Ok(report) => {
                let counts = report.counts;
                self.log_success(report);
                let event = Event {
                    count: Some(counts.changed()),
                    ..event
                };
                ("done", event, json!({ "done": counts }))
            }
            Err(failure) => {
                log_failure(authority, failure);
                let event = Event {
                    cause: Some(failure.name().to_owned()),
                    ..event.refused(failure.reason())
                };
                let text = json!({ "failed": failure.name(), "reason": failure.to_string() });
                (failure.name(), event, text)
            }
        };
        let labels = [
            ("authority", authority.to_owned()),
            ("outcome", outcome.to_owned()),
        ];
        counter!("isogloss_synchronisations_total", &labels).increment(1);
        self.audit.record(event);
        text.to_string()
    }

    fn log_success(&self, report: &SyncReport) {
        let authority = self.settings.name.as_str();
        let SyncCounts {
            listed,
            created,
            updated,
            disabled,
            enabled,
            faults,
            ..
        } = report.counts;
        for (change, count) in [
            ("created", created),
            ("updated", updated),
            ("disabled", disabled),
            ("enabled", enabled),
        ] {
            let labels = [
                ("authority", authority.to_owned()),
                ("change", change.to_owned()),
            ];
            counter!("isogloss_synchronised_users_total", &labels).increment(count);
        }
        let now = self.clock.now().unix_timestamp();
        #[expect(
            clippy::cast_precision_loss,
            reason = "seconds since 1970 are exact for long"
        )]
        gauge!("isogloss_synchronisation_success_seconds", "authority" => authority.to_owned())
            .set(now as f64);
        if report.counts.changed() > 0 {
            info!(
                authority,
                listed,
                created,
                updated,
                disabled,
                enabled,
                "synchronised the users of an authority"
            );
        }
        if faults > 0 {
            warn!(
                authority,
                count = faults,
                hint = "isogloss directory sync NAME --dry-run lists them with the reasons",
                "users of an authority could not be stored"
            );
        }
    }
}

fn log_failure(authority: &str, failure: &SyncError) {
    match failure {
        SyncError::Brake { .. } => error!(
            authority, error = %failure, "a synchronisation was stopped before it changed anything"
        ),
        SyncError::CannotList
        | SyncError::Incomplete(_)
        | SyncError::Empty
        | SyncError::Ambiguous
        | SyncError::Running
        | SyncError::NotDue
        | SyncError::LostTurn
        | SyncError::Unavailable(_) => {
            warn!(authority, error = %failure, "the users of an authority were not synchronised");
        }
    }
}
