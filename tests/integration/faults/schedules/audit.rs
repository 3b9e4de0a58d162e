//! What gateways have recorded.

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

/// After so long without an event, no request is under way whose client has gone away. Longer than a store's
/// time-out.
const QUIET: Duration = Duration::from_millis(700);
const PATIENCE: Duration = Duration::from_secs(10);

/// The audit log of a gateway, as far as it was read.
pub(crate) struct Audit {
    path: PathBuf,
    read: u64,
}

impl Audit {
    pub(crate) fn of(gateway: &Gateway) -> Self {
        let path = gateway.folder().join("data/audit.jsonl");
        Self { path, read: 0 }
    }

    /// Returns the events since the last time.
    fn next(&mut self) -> Vec<Value> {
        let mut text = String::new();
        let mut file = File::open(&self.path).unwrap();
        file.seek(SeekFrom::Start(self.read)).unwrap();
        file.read_to_string(&mut text).unwrap();
        // The last line may be half written.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        self.read += whole.len() as u64;
        let lines = whole.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// The events of the schedules that run at the same time, of all gateways.
#[derive(Default)]
pub(crate) struct Events {
    by_request: HashMap<String, Vec<Value>>,
    by_user: HashMap<String, Vec<Value>>,
    by_handle: HashMap<String, Vec<Value>>,
    pub(crate) imports: usize,
}

impl Events {
    /// Reads what is new, until nothing comes any more. What is recorded is written before.
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
        // An e-mail is answered before it is known whether there is one, wrong passwords are recorded, and what was
        // answered as unavailable may have been done.
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

    /// The events about that user.
    pub(crate) fn of(&self, user: &str) -> impl Iterator<Item = &Value> {
        self.by_user.get(user).into_iter().flatten()
    }

    /// The events about that handle.
    pub(crate) fn about(&self, handle: &str) -> impl Iterator<Item = &Value> {
        self.by_handle.get(handle).into_iter().flatten()
    }

    /// The event that says that a token was issued.
    pub(crate) fn issue_of(&self, handle: &str) -> Option<&Value> {
        self.about(handle).find(|event| event["event"] == "issue")
    }

    /// Whether an event says that this was done to that handle.
    pub(crate) fn of_handle(&self, handle: &str, kinds: &[&str]) -> bool {
        self.about(handle)
            .any(|event| event["outcome"] == "done" && is_one_of(event, kinds))
    }

    /// Whether an event says that this was done or tried, to that handle or that user.
    pub(crate) fn were_tried(&self, subject: &str, kinds: &[&str]) -> bool {
        let mut all = self.about(subject).chain(self.of(subject));
        all.any(|event| is_one_of(event, kinds))
    }

    /// How often this was done to a user.
    pub(crate) fn of_user(&self, user: &str, kinds: &[&str]) -> usize {
        let events = self.of(user);
        let events = events.filter(|event| event["outcome"] == "done" && is_one_of(event, kinds));
        events.count()
    }

    /// Whether it is recorded that it is not known whether this was done to a user.
    pub(crate) fn are_in_doubt(&self, user: &str, kinds: &[&str]) -> bool {
        self.of(user)
            .any(|event| event["reason"] == "unavailable" && is_one_of(event, kinds))
    }

    /// What was recorded of a user, for the report of a failure.
    pub(crate) fn told(&self, user: &str) -> String {
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

    /// The dialects and purposes of tokens of a user whose issue was answered as unavailable.
    pub(crate) fn issues_in_doubt(&self, user: &str) -> Vec<(String, String)> {
        let events = self.of(user);
        let events = events.filter(|event| event["event"] == "issue" && event["outcome"] != "done");
        let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        events
            .map(|event| (text(event, "dialect"), text(event, "purpose")))
            .collect()
    }

    /// The handle of a token: of what its answer issued, the one that is for the same. That of an e-mail is known
    /// if there was one such e-mail.
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

/// When something was recorded.
pub(crate) fn moment(event: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(event["time"].as_str()?, &Rfc3339).ok()
}

fn is_one_of(event: &Value, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| event["event"] == *kind)
}
