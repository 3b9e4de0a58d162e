//! The audit events of the gateways.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::Gateway;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::faults::schedules::model::{Kind, Model, Token};
use crate::faults::schedules::site::Site;

/// Without an event for this long, no request is in flight whose client has gone. Longer than the time-outs of the
/// stores.
const QUIET: Duration = Duration::from_millis(700);
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the audit log of a gateway, from where it stopped the last time.
pub(crate) struct Audit {
    path: PathBuf,
    read: u64,
}

impl Audit {
    pub(crate) fn of(gateway: &Gateway) -> Self {
        let path = gateway.folder().join("data/audit.jsonl");
        Self { path, read: 0 }
    }

    /// Returns the new events since the last call.
    fn next(&mut self) -> Vec<Value> {
        let mut text = String::new();
        let mut file = File::open(&self.path).unwrap();
        file.seek(SeekFrom::Start(self.read)).unwrap();
        file.read_to_string(&mut text).unwrap();
        // The last line may be incomplete.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        self.read += whole.len() as u64;
        let lines = whole.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// The events of all gateways, for schedules that run concurrently.
#[derive(Default)]
pub(crate) struct Events {
    by_request: HashMap<String, Vec<Value>>,
    by_user: HashMap<String, Vec<Value>>,
    by_handle: HashMap<String, Vec<Value>>,
    pub(crate) imports: usize,
}

impl Events {
    /// Flushes the gateways and reads new events, until there are none for [`QUIET`].
    pub(crate) fn read(&mut self, site: &Site) {
        let deadline = Instant::now() + PATIENCE;
        let mut last = Instant::now();
        while last.elapsed() < QUIET && Instant::now() < deadline {
            site.flush();
            for node in &site.nodes {
                let events = node.audit.lock().unwrap().next();
                if !events.is_empty() {
                    last = Instant::now();
                }
                for event in &events {
                    self.add(event);
                }
            }
            thread::sleep(QUIET / 10);
        }
    }

    fn add(&mut self, event: &Value) {
        // Also kept: e-mails, since the response is sent before it is known whether there is one; logins, since
        // wrong passwords are recorded; and changes that failed as unavailable, since they may have been made.
        let is_kept = matches!(event["event"].as_str(), Some("letter" | "login"))
            || event["reason"] == "unavailable";
        if event["outcome"] != "done" && !is_kept {
            return;
        }
        if event["event"] == "import_directory" {
            self.imports += 1;
        }
        for (key, by) in [
            ("request_id", &mut self.by_request),
            ("user", &mut self.by_user),
            ("handle", &mut self.by_handle),
        ] {
            if let Some(value) = event[key].as_str() {
                by.entry(value.to_owned()).or_default().push(event.clone());
            }
        }
    }

    pub(crate) fn of_request(&self, id: &str) -> &[Value] {
        self.by_request.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns the events about that user.
    pub(crate) fn of(&self, user: &str) -> impl Iterator<Item = &Value> {
        self.by_user.get(user).into_iter().flatten()
    }

    /// Returns the events about that handle.
    pub(crate) fn about(&self, handle: &str) -> impl Iterator<Item = &Value> {
        self.by_handle.get(handle).into_iter().flatten()
    }

    /// Returns the event of the token's issue.
    pub(crate) fn issue_of(&self, handle: &str) -> Option<&Value> {
        self.about(handle).find(|event| event["event"] == "issue")
    }

    /// Returns whether one of these kinds of events is recorded as done for that handle.
    pub(crate) fn of_handle(&self, handle: &str, kinds: &[&str]) -> bool {
        self.about(handle)
            .any(|event| event["outcome"] == "done" && is_one_of(event, kinds))
    }

    /// Returns whether one of these kinds of events is recorded as done or tried, for that handle or that user.
    pub(crate) fn were_tried(&self, subject: &str, kinds: &[&str]) -> bool {
        let mut all = self.about(subject).chain(self.of(subject));
        all.any(|event| is_one_of(event, kinds))
    }

    /// Returns how many events of these kinds are recorded as done for a user.
    pub(crate) fn of_user(&self, user: &str, kinds: &[&str]) -> usize {
        let events = self.of(user);
        let events = events.filter(|event| event["outcome"] == "done" && is_one_of(event, kinds));
        events.count()
    }

    /// Returns whether an event of these kinds is recorded for a user as unavailable, so that it may have been
    /// done.
    pub(crate) fn are_in_doubt(&self, user: &str, kinds: &[&str]) -> bool {
        self.of(user)
            .any(|event| event["reason"] == "unavailable" && is_one_of(event, kinds))
    }

    /// Describes the events of a user, for the report of a failure.
    pub(crate) fn describe(&self, user: &str) -> String {
        let events = self.of(user);
        let lines = events.map(|event| {
            let text = |key: &str| event[key].as_str().unwrap_or_default();
            let kind = [
                text("event"),
                text("outcome"),
                text("reason"),
                text("purpose"),
            ]
            .join(" ");
            format!("{} {kind} {}", text("time"), text("handle"))
        });
        lines.collect::<Vec<_>>().join("\n      ")
    }

    /// Returns the dialects and purposes of tokens of a user whose issue failed as unavailable.
    pub(crate) fn issues_in_doubt(&self, user: &str) -> Vec<(String, String)> {
        let events = self.of(user);
        let events = events.filter(|event| event["event"] == "issue" && event["outcome"] != "done");
        let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        events
            .map(|event| (text(event, "dialect"), text(event, "purpose")))
            .collect()
    }

    /// Returns the handle of a token, from the events of the request that issued it. The handle of a token in an
    /// e-mail is known only if there was exactly one such e-mail.
    pub(crate) fn handle_of(&self, token: &Token, model: &Model) -> Option<String> {
        let id = model.users[token.user].id.to_string();
        let purpose = match token.kind {
            Kind::EmailLink => Some("handover"),
            Kind::ResetKey => Some("reset"),
            _ => None,
        };
        let is_issued = |event: &&Value| event["event"] == "issue" && event["outcome"] == "done";
        let event = if let Some(purpose) = purpose {
            let is_meant = |event: &&Value| {
                event["purpose"] == purpose && event["parent"].is_null() && is_issued(event)
            };
            let mut issued = self.of(&id).filter(is_meant);
            issued.next().filter(|_| issued.next().is_none())?
        } else {
            let again = matches!(token.kind, Kind::Remember | Kind::Reauthentication);
            let is_meant = |event: &&Value| {
                event["user"] == *id
                    && (event["purpose"] == "remember") == again
                    && is_issued(event)
            };
            let mut issued = self.of_request(token.request_id.as_ref()?).iter();
            issued.find(is_meant)?
        };
        Some(event["handle"].as_str()?.to_owned())
    }
}

/// Returns the time of an event.
pub(crate) fn moment(event: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(event["time"].as_str()?, &Rfc3339).ok()
}

fn is_one_of(event: &Value, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| event["event"] == *kind)
}
