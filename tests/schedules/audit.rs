//! What gateways have recorded.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use conformance::Gateway;
use serde_json::Value;

use crate::model::{Kind, Model, Token};
use crate::site::Site;

/// After so long without an event, those of all requests are written.
const QUIET: Duration = Duration::from_millis(300);
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
    /// Reads what is new, until nothing comes any more.
    pub(crate) fn read(&mut self, site: &Site) {
        let deadline = Instant::now() + PATIENCE;
        let mut last = Instant::now();
        while last.elapsed() < QUIET && Instant::now() < deadline {
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
        // An e-mail is answered before it is known whether there is one, and what was answered as unavailable may
        // have been done.
        let may_be_done = event["event"] == "letter" || event["reason"] == "unavailable";
        if event["outcome"] != "done" && !may_be_done {
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

    /// Whether an event says that this was done to that handle.
    pub(crate) fn of_handle(&self, handle: &str, kinds: &[&str]) -> bool {
        let mut events = self.by_handle.get(handle).into_iter().flatten();
        events.any(|event| event["outcome"] == "done" && is_one_of(event, kinds))
    }

    /// Whether an event says that this was done or tried, to that handle or that user.
    pub(crate) fn were_tried(&self, subject: &str, kinds: &[&str]) -> bool {
        let of_handle = self.by_handle.get(subject).into_iter().flatten();
        let of_user = self.by_user.get(subject).into_iter().flatten();
        of_handle
            .chain(of_user)
            .any(|event| is_one_of(event, kinds))
    }

    /// How often this was done to a user.
    pub(crate) fn of_user(&self, user: &str, kinds: &[&str]) -> usize {
        let events = self.by_user.get(user).into_iter().flatten();
        let events = events.filter(|event| event["outcome"] == "done" && is_one_of(event, kinds));
        events.count()
    }

    /// What was recorded of a user, for the report of a failure.
    pub(crate) fn told(&self, user: &str) -> String {
        let events = self.by_user.get(user).into_iter().flatten();
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
        let events = self.by_user.get(user).into_iter().flatten();
        let events = events.filter(|event| event["event"] == "issue" && event["outcome"] != "done");
        let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        events
            .map(|event| (text(event, "dialect"), text(event, "purpose")))
            .collect()
    }

    /// The handle of a token: of what its answer issued, the one that is for the same.
    pub(crate) fn handle_of(&self, token: &Token, model: &Model) -> Option<String> {
        let id = model.users[token.user].id.to_string();
        let again = matches!(token.kind, Kind::Remember | Kind::Reauthentication);
        let mut issued = self.of_request(token.request_id.as_ref()?).iter();
        let event = issued.find(|event| {
            event["event"] == "issue"
                && event["outcome"] == "done"
                && event["user"] == *id
                && (event["purpose"] == "remember") == again
        });
        Some(event?["handle"].as_str()?.to_owned())
    }
}

fn is_one_of(event: &Value, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| event["event"] == *kind)
}
