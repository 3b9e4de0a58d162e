//! What breaks if a dialect is turned off: the table of usage, read for people and programs.

use std::collections::{BTreeMap, BTreeSet};

use isogloss_core::usage::{ExpiredUse, UNKNOWN, UsageCount, UsageKey, UsageRows};
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

/// Whether anybody uses a dialect, and who.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DialectUsage)]
pub(crate) struct Report {
    pub(crate) dialect: String,
    /// Whether it is served.
    pub(crate) enabled: bool,
    /// In words.
    pub(crate) verdict: String,
    /// The last call of a known client that was not refused.
    pub(crate) last_served: Option<String>,
    pub(crate) last_seen: Option<String>,
    pub(crate) calls: u64,
    pub(crate) refused: u64,
    /// Exactly up to 128, then nearly.
    pub(crate) users: u64,
    /// The last one seen first.
    pub(crate) clients: Vec<Shown>,
}

/// A client, and what it calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientUsage)]
pub(crate) struct Shown {
    pub(crate) revisions: Vec<String>,
    pub(crate) application: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) client: Option<String>,
    /// `(unknown)` stands for all clients with which no user has logged in, `(other)` for known ones
    /// for which there was no room.
    pub(crate) user_agent: String,
    pub(crate) network: String,
    pub(crate) first_seen: String,
    pub(crate) last_seen: String,
    pub(crate) last_served: Option<String>,
    pub(crate) calls: u64,
    pub(crate) refused: u64,
    pub(crate) users: u64,
    pub(crate) endpoints: Vec<String>,
    /// Tokens that it presented after their end.
    pub(crate) expired_tokens: Option<ExpiredTokens>,
    /// What these tell, if they tell that the client renews its tokens too late.
    pub(crate) hint: Option<String>,
    #[serde(skip)]
    #[schema(ignore)]
    at: Option<OffsetDateTime>,
}

/// Tokens that a client presented after their end: it may expect them to live longer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExpiredTokens {
    /// How many tokens. One that several gateways saw counts several times.
    pub(crate) tokens: u64,
    /// How many calls were refused for it, at most one a minute for each token. More than tokens: the
    /// client did not log in at once.
    pub(crate) calls: u64,
    /// The least age at which one was presented, in seconds since it was issued.
    pub(crate) youngest_seconds: u64,
    /// The greatest age.
    pub(crate) oldest_seconds: u64,
}

impl ExpiredTokens {
    fn new(expired: &ExpiredUse) -> Option<Self> {
        Some(Self {
            tokens: expired.tokens,
            calls: expired.calls,
            youngest_seconds: expired.youngest?,
            oldest_seconds: expired.oldest?,
        })
    }

    /// Returns what tells that its tokens end before it renews them. `None` if nothing does: a
    /// client that logs in as soon as it is refused presents each expired token once.
    fn hint(&self) -> Option<String> {
        (self.calls > self.tokens).then(|| {
            format!(
                "{} with {} that had expired, {} to {} seconds after issue: the client may expect \
                 a longer lifetime",
                many(self.calls, "call"),
                many(self.tokens, "token"),
                self.youngest_seconds,
                self.oldest_seconds,
            )
        })
    }
}

impl Shown {
    /// Whether a user has logged in with it.
    fn is_known(&self) -> bool {
        self.user_agent != UNKNOWN
    }
}

/// What tells clients apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Who {
    application: Option<String>,
    key: Option<String>,
    client: Option<String>,
    user_agent: String,
    network: String,
}

#[derive(Default)]
struct Seen {
    count: Option<UsageCount>,
    revisions: BTreeSet<String>,
    endpoints: BTreeSet<String>,
}

/// What the table says of each of those dialects, given which of them are served.
pub(crate) fn reports(
    rows: UsageRows,
    dialects: &[(String, bool)],
    now: OffsetDateTime,
) -> Vec<Report> {
    let mut by_dialect: BTreeMap<String, Vec<(UsageKey, UsageCount)>> = BTreeMap::new();
    for (key, count) in rows {
        by_dialect
            .entry(key.dialect.clone())
            .or_default()
            .push((key, count));
    }
    dialects
        .iter()
        .map(|(dialect, enabled)| {
            let rows = by_dialect.remove(dialect).unwrap_or_default();
            report(dialect, *enabled, rows, now)
        })
        .collect()
}

fn report(
    dialect: &str,
    enabled: bool,
    rows: Vec<(UsageKey, UsageCount)>,
    now: OffsetDateTime,
) -> Report {
    let mut all: Option<UsageCount> = None;
    let mut clients: BTreeMap<Who, Seen> = BTreeMap::new();
    for (key, count) in rows {
        add(&mut all, &count);
        let who = Who {
            application: key.application,
            key: key.key,
            client: key.client,
            user_agent: key.user_agent,
            network: key.network,
        };
        let seen = clients.entry(who).or_default();
        add(&mut seen.count, &count);
        seen.revisions.insert(key.revision);
        seen.endpoints.insert(key.endpoint);
    }
    let of_known = clients.iter().filter(|(who, _)| who.user_agent != UNKNOWN);
    let of_known = of_known.filter_map(|(_, seen)| seen.count.as_ref());
    let last_served = of_known.filter_map(|count| count.last_served).max();
    let mut clients: Vec<_> = clients
        .into_iter()
        .filter_map(|(who, seen)| shown(who, seen))
        .collect();
    clients.sort_by_key(|client| std::cmp::Reverse(client.at));
    Report {
        dialect: dialect.to_owned(),
        enabled,
        verdict: verdict(all.as_ref(), last_served, &clients, now),
        last_served: last_served.map(moment),
        last_seen: all.as_ref().map(|all| moment(all.last_seen)),
        calls: all.as_ref().map_or(0, |all| all.calls),
        refused: all.as_ref().map_or(0, |all| all.refused),
        users: all.as_ref().map_or(0, |all| all.users.count()),
        clients,
    }
}

fn add(sum: &mut Option<UsageCount>, count: &UsageCount) {
    match sum {
        Some(sum) => sum.add(count),
        None => *sum = Some(count.clone()),
    }
}

fn shown(who: Who, seen: Seen) -> Option<Shown> {
    let count = seen.count?;
    let expired_tokens = ExpiredTokens::new(&count.expired);
    Some(Shown {
        revisions: seen
            .revisions
            .into_iter()
            .filter(|r| !r.is_empty())
            .collect(),
        application: who.application,
        key: who.key,
        client: who.client,
        user_agent: who.user_agent,
        network: who.network,
        first_seen: moment(count.first_seen),
        last_seen: moment(count.last_seen),
        last_served: count.last_served.map(moment),
        calls: count.calls,
        refused: count.refused,
        users: count.users.count(),
        endpoints: seen.endpoints.into_iter().collect(),
        hint: expired_tokens.as_ref().and_then(ExpiredTokens::hint),
        expired_tokens,
        at: Some(count.last_seen),
    })
}

/// A client with which no user has logged in, or that only ever is refused, does not break.
fn verdict(
    all: Option<&UsageCount>,
    last_served: Option<OffsetDateTime>,
    clients: &[Shown],
    now: OffsetDateTime,
) -> String {
    let Some(all) = all else {
        return "nobody, as far as was counted".to_owned();
    };
    let served = clients.iter().filter(|client| client.is_known());
    let served = served.filter(|client| client.last_served.is_some());
    let (served, ago) = (served.count(), |at| span(now - at));
    match last_served {
        None => {
            let last = ago(all.last_seen);
            format!(
                "nobody was let in: {} refused, the last one {last} ago",
                many(all.refused, "call")
            )
        }
        Some(at) if now - at >= Duration::DAY => {
            format!(
                "nobody for {} ({} before that)",
                ago(at),
                many(served as u64, "client")
            )
        }
        Some(at) => format!(
            "{}, {}, last seen {} ago",
            many(served as u64, "client"),
            many(all.users.count(), "user"),
            ago(at)
        ),
    }
}

fn many(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// In the largest unit that is not nought.
pub(crate) fn span(span: Duration) -> String {
    let (days, hours, minutes) = (span.whole_days(), span.whole_hours(), span.whole_minutes());
    let (count, noun) = match (days, hours, minutes) {
        (1.., _, _) => (days, "day"),
        (_, 1.., _) => (hours, "hour"),
        (_, _, 1..) => (minutes, "minute"),
        _ => (span.whole_seconds().max(0), "second"),
    };
    many(count.unsigned_abs(), noun)
}

fn moment(at: OffsetDateTime) -> String {
    let seconds = at.replace_nanosecond(0).unwrap_or(at);
    seconds.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use isogloss_core::Expired;
    use isogloss_core::usage::Observed;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-26 12:00 UTC);

    fn row(
        endpoint: &str,
        user_agent: &str,
        ago: Duration,
        user: Option<u64>,
    ) -> (UsageKey, UsageCount) {
        let key = UsageKey {
            dialect: "toy".to_owned(),
            revision: "v1".to_owned(),
            endpoint: endpoint.to_owned(),
            application: None,
            key: None,
            client: None,
            user_agent: user_agent.to_owned(),
            network: "192.0.2.0/24".to_owned(),
        };
        let count = UsageCount::one(&Observed {
            at: NOW - ago,
            refused: user.is_none(),
            user,
            expired: None,
        });
        (key, count)
    }

    fn toy(rows: Vec<(UsageKey, UsageCount)>) -> Report {
        let rows = rows.into_iter().collect();
        reports(rows, &[("toy".to_owned(), true)], NOW).remove(0)
    }

    #[test]
    fn the_verdict_is_about_who_was_let_in() {
        let minutes = |minutes| Duration::minutes(minutes);
        assert_eq!(toy(vec![]).verdict, "nobody, as far as was counted");
        let scanned = toy(vec![row("/", "Scanner/1", minutes(2), None)]);
        assert_eq!(
            scanned.verdict,
            "nobody was let in: 1 call refused, the last one 2 minutes ago"
        );
        let old = toy(vec![
            row("/", "Scanner/1", minutes(2), None),
            row("/", "okhttp/4", Duration::days(43), Some(1)),
        ]);
        assert_eq!(old.verdict, "nobody for 43 days (1 client before that)");
        let used = toy(vec![
            row("/a", "okhttp/4", minutes(2), Some(1)),
            row("/b", "okhttp/4", minutes(1), Some(2)),
            row("/b", "okhttp/3", Duration::seconds(1), Some(2)),
        ]);
        assert_eq!(used.verdict, "2 clients, 2 users, last seen 1 second ago");
        let clients: Vec<_> = used
            .clients
            .iter()
            .map(|c| (c.user_agent.as_str(), c.users))
            .collect();
        assert_eq!(clients, [("okhttp/3", 1), ("okhttp/4", 2)]);
        assert_eq!(used.clients[1].endpoints, ["/a", "/b"]);
    }

    #[test]
    fn calls_of_unknown_clients_keep_no_dialect_alive() {
        let (key, _) = row("/", "Scanner/1", Duration::ZERO, None);
        let served = UsageCount::one(&Observed {
            at: NOW,
            refused: false,
            user: None,
            expired: None,
        });
        let report = toy(vec![
            (key.unknown(), served),
            row("/", "okhttp/4", Duration::days(43), Some(1)),
        ]);
        assert_eq!(report.verdict, "nobody for 43 days (1 client before that)");
        let last_served = report.last_served.as_deref();
        assert_eq!(last_served, Some("2026-10-14T12:00:00Z"));
    }

    #[test]
    fn a_client_whose_tokens_end_before_it_renews_them_gets_a_hint() {
        let presented = |ages: &[(u64, bool)]| {
            let (key, mut count) = row("/", "okhttp/4", Duration::ZERO, Some(1));
            for (age, first) in ages {
                count.record(&Observed {
                    at: NOW,
                    refused: true,
                    user: None,
                    expired: Some(Expired {
                        age: std::time::Duration::from_secs(*age),
                        first: *first,
                    }),
                });
            }
            toy(vec![(key, count)]).clients.remove(0).hint
        };
        // Each token once: the client logs in as soon as it is refused.
        assert_eq!(presented(&[]), None);
        assert_eq!(presented(&[(3_700, true), (90_000, true)]), None);
        assert_eq!(
            presented(&[(3_660, true), (6_990, false)]).unwrap(),
            "2 calls with 1 token that had expired, 3660 to 6990 seconds after issue: the client may \
             expect a longer lifetime"
        );
    }

    #[test]
    fn a_dialect_that_is_not_in_the_table_is_reported_too() {
        let found = reports(UsageRows::default(), &[("toy".to_owned(), false)], NOW);
        assert_eq!(found.len(), 1);
        assert!(!found[0].enabled);
    }
}
