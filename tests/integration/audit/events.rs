//! Reads the events that a gateway has recorded.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Gateway, Response};
use serde_json::{Map, Value, json};

const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(10);

/// Returns the events of a file, the oldest first.
pub(crate) fn of_file(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    // A line that is still being written has no line end yet.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole.lines();
    lines.map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Waits for that many events in the demo's audit log and returns them. The first event, which records that the
/// directory file was applied, does not count and is left out.
pub(crate) fn of(gateway: &Gateway, count: usize) -> Vec<Value> {
    let path = gateway.folder().join("data/audit.jsonl");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let events = of_file(&path);
        if events.len() > count {
            assert_eq!(events.len(), count + 1, "{events:#?}");
            assert_eq!(events[0]["event"], "import_directory");
            return events[1..].to_vec();
        }
        assert!(Instant::now() < deadline, "not in 30 s: {events:#?}");
        thread::sleep(GLANCE);
    }
}

/// Returns only these members of the event, in this order. A missing member is null.
pub(crate) fn only(event: &Value, keys: &[&str]) -> Value {
    let kept = keys
        .iter()
        .map(|key| ((*key).to_owned(), event[*key].clone()));
    Value::Object(kept.collect::<Map<_, _>>())
}

/// Returns the event without the members that differ between runs, after checking them.
pub(crate) fn plain(event: &Value, answer: &Response) -> Value {
    let mut event = event.clone();
    let fields = event.as_object_mut().unwrap();
    let time = fields.remove("time").unwrap();
    let time = time.as_str().unwrap();
    assert_eq!((time.len(), &time[19..20], &time[23..]), (24, ".", "Z"));
    let request = fields.remove("request_id").unwrap();
    assert_eq!(request.as_str(), answer.header("X-Request-Id"));
    assert_eq!(fields.remove("source"), Some(json!("127.0.0.1")));
    for key in ["handle", "name_hash"] {
        if let Some(hash) = fields.get_mut(key) {
            assert_eq!(hash.as_str().unwrap().len(), 26);
            *hash = json!("…");
        }
    }
    event
}
