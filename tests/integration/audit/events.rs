//! What a gateway has recorded.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Gateway, Response};
use serde_json::{Map, Value, json};

const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(10);

/// The events of a file, the first one first.
pub(crate) fn of_file(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    // What is being written is no line yet.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole.lines();
    lines.map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Waits for that many events where the demo has them. The first one is always that the directory was
/// applied, and is left out.
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

/// The same event with what is of interest only, in that order; nothing is left out for being absent.
pub(crate) fn only(event: &Value, keys: &[&str]) -> Value {
    let kept = keys
        .iter()
        .map(|key| ((*key).to_owned(), event[*key].clone()));
    Value::Object(kept.collect::<Map<_, _>>())
}

/// The same event without what differs from run to run, having seen that it is as it should be.
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
