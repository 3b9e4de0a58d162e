//! Requests that arrive while the configuration is reloaded.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::reload::unchanged_on_error::Kept;
use crate::reload::{reload, start};

const RELOADS: usize = 20;
const CLIENTS: usize = 6;
const LOGIN: &str = r#"{"user_id": "sample", "password": "sample-demo"}"#;

fn lifetime(hours: usize) -> String {
    format!("[dialects.bimplus]\naccess_lifetime = \"{hours}h\"")
}

/// Ends the load, also if the test fails.
pub(crate) struct Over<'a>(pub(crate) &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn no_request_fails_during_twenty_reloads_and_each_is_seen_by_the_next_request() {
    let gateway = start(&lifetime(1));
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let server = gateway.public();
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (is_over, answered) = (&is_over, &answered);
            scope.spawn(move || {
                let mut kept = Kept::connect(server);
                while !is_over.load(Ordering::Relaxed) {
                    // Half of them open a new connection each time.
                    if number % 2 == 0 {
                        kept = Kept::connect(server);
                    }
                    assert_eq!(kept.post("/v2/authorize", LOGIN).status, 200);
                    assert_eq!(kept.status("/v2/authorize"), 401);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _over = Over(&is_over);
        let mut kept = Kept::connect(server);
        for times in 1..=RELOADS {
            let hours = times % 5 + 1;
            reload(&gateway, &lifetime(hours), times);
            let answer = kept.post("/v2/authorize", LOGIN).json().unwrap();
            let seconds = answer["expires_in"]
                .to_string()
                .trim_matches('"')
                .to_owned();
            let seconds: usize = seconds.parse().unwrap();
            assert_eq!(seconds.div_ceil(3600), hours, "{answer}");
        }
    });
    assert!(answered.load(Ordering::Relaxed) > RELOADS);
}
