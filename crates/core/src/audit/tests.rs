//! What happens to events: they are stored in order, or lost and counted, and no caller waits.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use time::macros::datetime;

use super::*;
use crate::error::StoreError;

const ROOM: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// A sink that stores events for a test to examine.
#[derive(Clone, Default)]
struct Recording {
    seen: Arc<Mutex<Vec<Event>>>,
    is_away: Arc<AtomicBool>,
}

impl Recording {
    /// Makes the sink fail from now on: events that are recorded wait.
    fn leave(&self) {
        self.is_away.store(true, Ordering::SeqCst);
    }

    /// Makes the sink store the events that wait, and new ones.
    fn come_back(&self) {
        self.is_away.store(false, Ordering::SeqCst);
    }

    /// Returns all stored events, the oldest first.
    fn seen(&self) -> Vec<Event> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl LogSink<Arc<Event>> for Recording {
    fn name(&self) -> &'static str {
        "recording"
    }

    async fn keep(&mut self, events: &mut PendingEvents) -> Result<(), StoreError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(StoreError::new("recording", "away"));
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(events.drain(..).map(|event| Event::clone(&event)));
        Ok(())
    }
}

fn event(number: u64) -> Event {
    Event {
        count: Some(number),
        ..Event::new(EventKind::Issue, datetime!(2026-11-22 09:00:00 UTC))
    }
}

fn waiting(numbers: impl IntoIterator<Item = u64>) -> PendingEvents {
    numbers.into_iter().map(event).map(Arc::new).collect()
}

fn file_lines(path: &Path) -> LineSink<Arc<Event>> {
    event_lines(LineTarget::File(path.to_owned()))
}

fn numbers(text: &str) -> Vec<u64> {
    let lines = text.lines().map(serde_json::from_str::<serde_json::Value>);
    lines
        .map(|line| line.unwrap()["count"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn every_sink_gets_every_event_in_order() {
    let (one, other) = (Recording::default(), Recording::default());
    let room = NonZeroUsize::new(1000).unwrap();
    let audit = Audit::start(vec![Box::new(one.clone()), Box::new(other.clone())], room);
    let audit = audit.unwrap();
    for number in 0..1000 {
        audit.record(event(number));
    }
    assert_eq!(audit.close().await, 0);
    let all: Vec<_> = (0..1000).map(event).collect();
    assert_eq!(one.seen(), all);
    assert_eq!(other.seen(), all);
    audit.record(event(1000));
    assert_eq!(audit.close().await, 2, "one for each");
}

#[tokio::test]
async fn a_sink_that_is_away_loses_only_what_has_no_room_to_wait() {
    let sink = Recording::default();
    sink.leave();
    let audit = Audit::start(vec![Box::new(sink.clone())], ROOM).unwrap();
    for number in 0..5 {
        audit.record(event(number));
    }
    sink.come_back();
    assert_eq!(audit.close().await, 2);
    assert_eq!(sink.seen(), [event(0), event(1), event(2)]);
}

#[tokio::test]
async fn what_was_recorded_before_a_flush_is_kept_after_it() {
    let sink = Recording::default();
    let audit = Audit::start(vec![Box::new(sink.clone())], ROOM).unwrap();
    assert!(audit.flush().await, "nothing waits");
    for number in 0..50 {
        audit.record(event(number));
        assert!(audit.flush().await);
        assert_eq!(sink.seen().last(), Some(&event(number)));
    }
    sink.leave();
    audit.record(event(50));
    let comes_back = async { sink.come_back() };
    let (is_kept, ()) = tokio::join!(audit.flush(), comes_back);
    assert!(is_kept, "it waits for a sink that is unavailable");
    assert_eq!(sink.seen().last(), Some(&event(50)));
}

#[tokio::test]
async fn what_waits_at_the_end_for_a_sink_that_is_away_is_lost() {
    let sink = Recording::default();
    sink.leave();
    let audit = Audit::start(vec![Box::new(sink.clone())], ROOM).unwrap();
    audit.record(event(0));
    assert_eq!(audit.close().await, 1);
    assert_eq!(sink.seen(), []);
}

#[tokio::test]
async fn processes_share_a_file_that_is_its_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log/audit.jsonl");
    let (mut one, mut other) = (file_lines(&path), file_lines(&path));
    for number in 0..10 {
        one.keep(&mut waiting([2 * number])).await.unwrap();
        other.keep(&mut waiting([2 * number + 1])).await.unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(numbers(&text), (0..20).collect::<Vec<_>>());
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[tokio::test]
async fn a_file_that_was_moved_away_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut lines = file_lines(&path);
    lines.keep(&mut waiting([1])).await.unwrap();
    fs::rename(&path, folder.path().join("audit.jsonl.1")).unwrap();
    lines.keep(&mut waiting([2, 3])).await.unwrap();
    let read = |name: &str| numbers(&fs::read_to_string(folder.path().join(name)).unwrap());
    assert_eq!(read("audit.jsonl.1"), [1]);
    assert_eq!(read("audit.jsonl"), [2, 3]);
}

#[tokio::test]
async fn a_line_that_was_cut_short_does_not_spoil_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    fs::write(&path, "{\"time\":").unwrap();
    file_lines(&path).keep(&mut waiting([1])).await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let (torn, whole) = text.split_once('\n').unwrap();
    assert_eq!((torn, numbers(whole)), ("{\"time\":", vec![1]));
}

#[tokio::test]
async fn what_cannot_be_written_stays_in_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    for path in [Path::new("/dev/full"), folder.path()] {
        let mut events = waiting([1, 2]);
        let error = file_lines(path).keep(&mut events).await.unwrap_err();
        let named = format!("audit file: {}: ", path.display());
        assert!(error.to_string().starts_with(&named), "{error}");
        assert_eq!(events, waiting([1, 2]));
    }
}

#[tokio::test]
async fn an_event_is_one_line_of_what_is_known() {
    let caller = RequestContext {
        dialect: Some("here"),
        source: Some(std::net::IpAddr::from([192, 0, 2, 7]).into()),
        request_id: Some(uuid::Uuid::from_u128(7)),
        actor: Some(EventActor::Key("operator".to_owned())),
    };
    let time = datetime!(2026-11-22 09:00:00.120 +1);
    let event = caller
        .scope(async { Event::new(EventKind::Login, time) })
        .await;
    let refused = Event {
        by: Some(LoginMethod::Password),
        issued_before: Some(time + Duration::from_secs(1)),
        ..event.refused(RefusalReason::SecondFactor)
    };
    assert_eq!(
        refused.line(),
        r#"{"time":"2026-11-22T08:00:00.120Z","event":"login","outcome":"refused","reason":"second_factor","dialect":"here","by":"password","issued_before":"2026-11-22T08:00:01.120Z","source":"192.0.2.7","request_id":"00000000-0000-0000-0000-000000000007","actor":"key operator"}"#
    );
    assert_eq!(
        RequestContext::current(),
        RequestContext::default(),
        "outside"
    );
    for kind in EventKind::ALL {
        assert_eq!(EventKind::from_name(kind.name()), Some(kind));
    }
}
