//! How many refused requests of one client IP are recorded: a client that repeats itself must not fill the table.

use std::collections::HashMap;
use std::num::NonZeroU32;

use isogloss_core::ClientIp;
use parking_lot::Mutex;
use time::OffsetDateTime;

/// The number of client IPs that are counted one by one. Further ones share one count.
const MAX_SOURCES: usize = 10_000;

/// Counts of the current minute by client IP.
pub(super) struct SourceLimit {
    per_source: u32,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    minute: i64,
    by_source: HashMap<Option<String>, u32>,
}

impl SourceLimit {
    /// Returns a limit of that many requests per minute and client IP.
    pub(super) fn new(per_source: NonZeroU32) -> Self {
        Self {
            per_source: per_source.get(),
            counts: Mutex::default(),
        }
    }

    /// Returns whether one more request from that client IP is recorded, which then counts.
    pub(super) fn admits(&self, source: Option<ClientIp>, now: OffsetDateTime) -> bool {
        let minute = now.unix_timestamp().div_euclid(60);
        let host = source.map(ClientIp::host);
        let mut counts = self.counts.lock();
        if counts.minute != minute {
            counts.minute = minute;
            counts.by_source.clear();
        }
        let is_counted =
            counts.by_source.len() < MAX_SOURCES || counts.by_source.contains_key(&host);
        let count = counts
            .by_source
            .entry(host.filter(|_| is_counted))
            .or_default();
        if *count >= self.per_source {
            return false;
        }
        *count += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use time::Duration;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

    fn source(number: u32) -> ClientIp {
        IpAddr::V4(Ipv4Addr::from_bits(number)).into()
    }

    #[test]
    fn one_source_takes_nothing_from_another_and_gets_more_in_the_next_minute() {
        let limit = SourceLimit::new(NonZeroU32::new(2).unwrap());
        let admitted = (0..5).filter(|_| limit.admits(Some(source(1)), NOW));
        assert_eq!(admitted.count(), 2);
        assert!(limit.admits(Some(source(2)), NOW));
        assert!(limit.admits(None, NOW));
        assert!(limit.admits(Some(source(1)), NOW + Duration::minutes(1)));
    }

    #[test]
    fn invented_sources_share_one_count_once_there_are_too_many() {
        let limit = SourceLimit::new(NonZeroU32::new(3).unwrap());
        for number in 0..10_000 {
            assert!(limit.admits(Some(source(number)), NOW));
        }
        let admitted = (10_000..20_000).filter(|number| limit.admits(Some(source(*number)), NOW));
        assert_eq!(admitted.count(), 3);
        assert!(limit.admits(Some(source(1)), NOW));
    }
}
