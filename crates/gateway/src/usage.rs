//! Usage counts: which clients use which dialect.
//!
//! Calls are counted in memory by each thread, and added to the directory's table every few seconds.

pub(crate) mod days;
mod endpoint;
mod flush;
pub(crate) mod report;
mod service;
mod user_agent;
pub(crate) mod users;

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::dev::RequestHead;
use actix_web::http::header::USER_AGENT;
use isogloss_core::usage::{
    BoundedCounter, Observed, UsageBatch, UsageKeyRef, UsageRows, UserCall, UserUse, UserUses,
};
use isogloss_core::{ClientIdentity, ClientIp, Peppers};
use parking_lot::Mutex;
use siphasher::sip::SipHasher24;
use time::OffsetDateTime;

pub(crate) use self::endpoint::{Endpoint, Endpoints};
pub(crate) use self::service::ServiceUsage;
pub(crate) use self::user_agent::family;
use crate::config;

/// Stands for the network of a call whose client IP is unknown.
const NO_NETWORK: &str = "(no network)";

/// The counts of the use of dialects. Cheap to clone; the default counts nothing.
#[derive(Clone, Default)]
pub struct UsageRecorder(Option<Arc<Inner>>);

struct Inner {
    /// One shard for each counting thread, so that threads do not wait for each other.
    shards: Mutex<Vec<Arc<Mutex<Shard>>>>,
    /// Counts and uses that the tables have not taken yet. Locked during a flush.
    pending: tokio::sync::Mutex<UsageBatch>,
    room: usize,
    /// Keyed hash of users.
    key: SipHasher24,
}

/// What one thread has counted since the last flush.
struct Shard {
    counts: BoundedCounter,
    users: UserUses,
}

/// The counter of one thread.
#[derive(Clone)]
pub(crate) struct UsageCounter(Option<(Arc<Mutex<Shard>>, Arc<Inner>)>);

/// A call, as described by the head of its request.
#[derive(Debug, Clone)]
pub(crate) struct UsageCall {
    pub(crate) dialect: &'static str,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) user_agent: String,
    pub(crate) source: Option<ClientIp>,
}

impl UsageRecorder {
    /// Creates counts as configured; they count nothing if `enabled` is off. Tells users apart by a hash whose
    /// key is derived from the pepper.
    pub(crate) fn new(settings: &config::Usage, peppers: &Peppers) -> Self {
        let secret = peppers.current.fingerprint(b"isogloss usage");
        let (key, _) = secret.as_chunks::<16>();
        let room = settings.max_rows.get();
        Self(settings.enabled.then(|| {
            Arc::new(Inner {
                shards: Mutex::default(),
                pending: tokio::sync::Mutex::new(UsageBatch::new(
                    room,
                    settings.max_clients_per_day.get(),
                )),
                room,
                key: SipHasher24::new_with_key(&key[0]),
            })
        }))
    }

    /// Returns a counter for one thread.
    pub(crate) fn counter(&self) -> UsageCounter {
        UsageCounter(self.0.as_ref().map(|inner| {
            let shard = Arc::new(Mutex::new(Shard {
                counts: BoundedCounter::new(inner.room),
                users: UserUses::default(),
            }));
            inner.shards.lock().push(Arc::clone(&shard));
            (shard, Arc::clone(inner))
        }))
    }
}

impl Inner {
    /// Returns the counts since the last call, with the uses by users and how many of them there was no room for.
    /// Removes the shards of dropped counters: each reload of the configuration replaces all of them.
    fn drain(&self) -> Vec<(UsageRows, (Vec<UserUse>, u64))> {
        let mut counted = Vec::new();
        self.shards.lock().retain(|shard| {
            // Checked before the counts are taken: a shard without another owner gets no more calls.
            let is_used = Arc::strong_count(shard) > 1;
            let mut shard = shard.lock();
            counted.push((shard.counts.take(), shard.users.take()));
            is_used
        });
        counted
    }

    /// Returns the hash of the client's user, or `None` if no user is known.
    fn hash(&self, client: &ClientIdentity) -> Option<u64> {
        Some(self.key.hash(client.user?.as_bytes()))
    }
}

impl UsageCounter {
    /// Counts a call after its outcome is known.
    pub(crate) fn record(
        &self,
        call: &UsageCall,
        client: &ClientIdentity,
        refused: bool,
        at: OffsetDateTime,
    ) {
        let Some((shard, inner)) = &self.0 else {
            return;
        };
        let is_login = client.has_logged_in && !refused;
        let observed = Observed {
            at,
            refused,
            is_login,
            user: inner.hash(client),
            expired: client.expired,
        };
        let network = call.source.map(ClientIp::network);
        let user = client.user.filter(|_| !refused);
        let names = [
            client.application.as_deref(),
            client.key.as_deref(),
            client.given_name(),
        ];
        let [application, key, client] = names.map(|text| text.map(shortened));
        let seen = UsageKeyRef {
            dialect: call.dialect,
            revision: &call.endpoint.revision,
            endpoint: &call.endpoint.pattern,
            application: application.as_deref(),
            key: key.as_deref(),
            client: client.as_deref(),
            user_agent: &call.user_agent,
            network: network.as_deref().unwrap_or(NO_NETWORK),
        };
        let mut shard = shard.lock();
        shard.counts.record(seen, &observed);
        if let Some(user) = user {
            shard.users.record(UserCall {
                user,
                dialect: call.dialect,
                at,
                is_login,
                source: call.source,
                client: client.as_deref(),
                user_agent: &call.user_agent,
            });
        }
    }

    /// Returns whether calls are counted.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }
}

/// Returns the family of the program that sent the request.
pub(crate) fn user_agent(head: &RequestHead) -> String {
    let value = head.headers.get(USER_AGENT);
    family(value.map_or(&b""[..], |value| value.as_bytes()))
}

/// Returns the text, shortened to 64 characters: names that clients choose may be long.
fn shortened(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 64;
    match text.char_indices().nth(LONGEST) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

#[cfg(test)]
mod tests {
    use isogloss_core::Pepper;
    use time::macros::datetime;

    use super::*;

    fn call() -> UsageCall {
        UsageCall {
            dialect: "bimplus",
            endpoint: Arc::new(Endpoint {
                revision: "v2".to_owned(),
                pattern: "/authorize".to_owned(),
            }),
            user_agent: "test".to_owned(),
            source: None,
        }
    }

    fn calls_in(inner: &Inner) -> u64 {
        let drained = inner.drain();
        let counts = drained.iter().flat_map(|(rows, _)| rows.values());
        counts.map(|count| count.calls).sum()
    }

    #[test]
    fn counters_of_replaced_applications_are_removed_and_their_counts_are_not() {
        let pepper = Pepper::new(b"0123456789abcdef".as_slice()).unwrap();
        let usage = UsageRecorder::new(&config::Usage::default(), &pepper.into());
        let inner = usage.0.as_ref().unwrap();
        let now = datetime!(2015-06-01 12:00 UTC);
        let mut calls = 0;
        for _ in 0..100 {
            // As a reload does: one for each dialect in each worker, and one for the management listener.
            let counters: Vec<_> = (0..9).map(|_| usage.counter()).collect();
            for counter in &counters {
                counter.record(&call(), &ClientIdentity::default(), false, now);
            }
            drop(counters);
            calls += calls_in(inner);
        }
        assert_eq!(calls, 900);
        inner.drain();
        assert_eq!(inner.shards.lock().len(), 0);
        let counter = usage.counter();
        inner.drain();
        counter.record(&call(), &ClientIdentity::default(), false, now);
        assert_eq!(calls_in(inner), 1);
    }
}
