//! Events in a file, read from its end.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Result, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use isogloss_core::audit::{EventSearch, Subject, moment};
use serde_json::Value;

/// Number of bytes that are read at a time.
const BLOCK_SIZE: u64 = 64 * 1024;

/// Processes that share a file may write an event a little later than its timestamp.
const OUT_OF_ORDER: Duration = Duration::from_mins(1);

/// Returns the events of the file that match the filter, the latest first; none if there is no file yet. Fails
/// if the file cannot be read.
pub(super) fn find(path: &Path, search: &EventSearch) -> Result<Vec<Value>> {
    let filter = &search.filter;
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let mut lines = ReverseLines::new(file)?;
    // Moments are in order as text, too.
    let since = filter.since.map(moment).unwrap_or_default();
    let enough = filter.since.map(|since| moment(since - OUT_OF_ORDER));
    let enough = enough.unwrap_or_default();
    let mut found = Vec::new();
    while found.len() < filter.limit as usize {
        let Some(line) = lines.next()? else { break };
        // A line that was cut short, by a full disk, is none.
        let Ok(event) = serde_json::from_slice::<Value>(&line) else {
            continue;
        };
        let time = event["time"].as_str().unwrap_or_default();
        if time < enough.as_str() {
            break;
        }
        if time >= since.as_str() && matches(&event, search) {
            found.push(event);
        }
    }
    Ok(found)
}

/// Returns whether an event fulfils all conditions besides the earliest time.
fn matches(event: &Value, search: &EventSearch) -> bool {
    let filter = &search.filter;
    let text = |member: &str| event[member].as_str().unwrap_or_default();
    let is = |member: &str, wanted: &Option<String>| {
        wanted.as_ref().is_none_or(|wanted| text(member) == wanted)
    };
    let kind = filter.event.map(|kind| kind.name().to_owned());
    let outcome = search.outcome.map(|outcome| outcome.name().to_owned());
    let until = search.until.map(moment);
    is("event", &kind)
        && is("outcome", &outcome)
        && is("dialect", &search.dialect)
        && is("source", &search.source)
        && until.is_none_or(|until| text("time") < until.as_str())
        && filter.who.as_ref().is_none_or(|who| is_about(event, who))
}

/// Returns whether an event names the user as user or actor, or has one of the name hashes.
fn is_about(event: &Value, who: &Subject) -> bool {
    let is_user = who.user.is_some_and(|user| {
        let user = user.to_string();
        event["user"] == user.as_str() || event["actor"] == user.as_str()
    });
    let mut hashes = who.name_hashes.iter().map(ToString::to_string);
    is_user || hashes.any(|hash| event["name_hash"] == hash.as_str())
}

/// The lines of a file, the last one first.
struct ReverseLines {
    file: File,
    /// Position in the file from which on everything has been read.
    start: u64,
    /// Bytes that are read but not returned yet.
    read: Vec<u8>,
}

impl ReverseLines {
    fn new(mut file: File) -> Result<Self> {
        let start = file.seek(SeekFrom::End(0))?;
        Ok(Self {
            file,
            start,
            read: Vec::new(),
        })
    }

    /// Returns the next line towards the start of the file, or `None` at the start. Fails if the file cannot be
    /// read.
    fn next(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.read.iter().rposition(|byte| *byte == b'\n') {
                let line = self.read.split_off(end + 1);
                self.read.pop();
                return Ok(Some(line));
            }
            if self.start == 0 {
                let first = std::mem::take(&mut self.read);
                return Ok(Some(first).filter(|line| !line.is_empty()));
            }
            let length = BLOCK_SIZE.min(self.start);
            self.start -= length;
            self.file.seek(SeekFrom::Start(self.start))?;
            let mut before = Vec::new();
            self.file.by_ref().take(length).read_to_end(&mut before)?;
            before.append(&mut self.read);
            self.read = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use isogloss_core::audit::{EventFilter, EventKind, Outcome};
    use time::macros::datetime;

    use super::*;

    const ALL: EventFilter = EventFilter {
        who: None,
        event: None,
        since: None,
        limit: 100_000,
    };

    fn write(name: &str, text: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn the_last_line_comes_first_however_long_the_file_is() {
        let line = |number: u32| format!("{{\"event\":\"issue\",\"count\":{number}}}\n");
        let text: String = (0..9000).map(line).collect();
        assert!(text.len() as u64 > 3 * BLOCK_SIZE);
        let path = write("long", &text);
        let found = find(&path, &ALL.into()).unwrap();
        let counts: Vec<_> = found.iter().map(|e| e["count"].as_u64().unwrap()).collect();
        assert_eq!(counts, (0..9000).rev().collect::<Vec<_>>());
        let two = EventFilter { limit: 2, ..ALL };
        assert_eq!(find(&path, &two.into()).unwrap(), found[..2]);
        std::fs::remove_file(path).unwrap();
        let missing = Path::new("/no/such/file");
        assert_eq!(find(missing, &ALL.into()).unwrap(), [Value::Null; 0]);
    }

    #[test]
    fn lines_that_do_not_fit_or_are_none_are_passed_over() {
        let path = write(
            "mixed",
            concat!(
                "{\"time\":\"2026-11-22T08:59:59.999Z\",\"event\":\"login\"}\n",
                "{\"time\":\"2026-11-22T09:00:00.000Z\",\"event\":\"login\"}\n",
                "{\"time\":\"2026-11-\n",
                "\n",
                "{\"time\":\"2026-11-22T09:00:01.000Z\",\"event\":\"issue\"}\n",
                "{\"time\":\"2026-11-22T09:00:02.000Z\",\"event\":\"login\"}",
            ),
        );
        let logins = EventFilter {
            event: Some(EventKind::Login),
            since: Some(datetime!(2026-11-22 09:00 UTC)),
            ..ALL
        };
        let found = find(&path, &logins.into()).unwrap();
        let times: Vec<_> = found.iter().map(|e| e["time"].as_str().unwrap()).collect();
        assert_eq!(
            times,
            ["2026-11-22T09:00:02.000Z", "2026-11-22T09:00:00.000Z"]
        );
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_line_must_fulfil_each_condition() {
        let path = write(
            "conditions",
            concat!(
                "{\"time\":\"2026-11-22T09:00:00.000Z\",\"outcome\":\"refused\",\"dialect\":\"toy\",\"source\":\"192.0.2.7\",\"count\":1}\n",
                "{\"time\":\"2026-11-22T09:00:00.000Z\",\"outcome\":\"done\",\"dialect\":\"toy\",\"source\":\"192.0.2.7\"}\n",
                "{\"time\":\"2026-11-22T09:00:00.000Z\",\"outcome\":\"refused\",\"source\":\"192.0.2.7\"}\n",
                "{\"time\":\"2026-11-22T09:00:00.000Z\",\"outcome\":\"refused\",\"dialect\":\"toy\",\"source\":\"192.0.2.8\"}\n",
                "{\"time\":\"2026-11-22T09:00:01.000Z\",\"outcome\":\"refused\",\"dialect\":\"toy\",\"source\":\"192.0.2.7\"}\n",
            ),
        );
        let search = EventSearch {
            until: Some(datetime!(2026-11-22 09:00:01 UTC)),
            outcome: Some(Outcome::Refused),
            dialect: Some("toy".to_owned()),
            source: Some("192.0.2.7".to_owned()),
            ..ALL.into()
        };
        let found = find(&path, &search).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["count"], 1);
        std::fs::remove_file(path).unwrap();
    }
}
