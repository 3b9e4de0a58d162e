//! Whether the servers are fit to hold tokens.
//!
//! A server that does not tell, because its access list forbids `INFO` or `CONFIG`, is "unknown"
//! in that respect, and used.

use std::collections::HashMap;
use std::time::Instant;

use ::redis::aio::MultiplexedConnection;
use ::redis::{Cmd, ConnectionInfo, FromRedisValue, RedisResult, Role, cmd};

use super::dialer::Dialer;
use super::link::failed;
use super::primary::is_forbidden;
use super::{Eviction, RedisSettings};
use crate::clock::{Clock, milliseconds};
use crate::error::StoreError;
use crate::store::health::{Finding, Level, ServerHealth};

/// `GETDEL` came with it.
const OLDEST: (u32, u32) = (6, 2);
/// How far clocks may be apart, in milliseconds.
const SKEW: i64 = 1000;

/// What is expected of a server.
#[derive(Clone, Copy)]
pub(super) struct Expected {
    eviction: Eviction,
    remembers: bool,
}

impl Expected {
    pub(super) fn of(settings: &RedisSettings) -> Self {
        Self {
            eviction: settings.eviction,
            remembers: settings.remembers,
        }
    }

    /// What the facts mean.
    pub(super) fn judge(self, server: &ServerHealth) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut find = |level, text: String| {
            let text = format!("{}: {text}", server.address);
            findings.push(Finding { level, text });
        };
        match server.version.as_deref() {
            None => find(Level::Unknown, "it does not tell its version".into()),
            Some(version) if is_too_old(version) => {
                let (major, minor) = OLDEST;
                let text = format!("version {version} is too old, {major}.{minor} is needed");
                find(Level::Refused, text);
            }
            Some(_) => {}
        }
        match server.role.as_deref() {
            None => find(Level::Unknown, "it does not tell its role".into()),
            Some("primary") => {}
            Some(role) => find(Level::Refused, format!("it is a {role}, not a primary")),
        }
        let level = match self.eviction {
            Eviction::Refuse => Some(Level::Refused),
            Eviction::Warn => Some(Level::Warning),
            Eviction::Ignore => None,
        };
        match (level, server.eviction.as_deref()) {
            (None, _) | (Some(_), Some("noeviction")) => {}
            (Some(_), None) => find(Level::Unknown, "it does not tell what it evicts".into()),
            (Some(level), Some(policy)) => find(
                level,
                format!("maxmemory-policy {policy} evicts live tokens, noeviction does not"),
            ),
        }
        match server.persistence.as_deref() {
            None if self.remembers => {
                find(
                    Level::Unknown,
                    "it does not tell whether it persists".into(),
                );
            }
            Some("none") if self.remembers => find(
                Level::Warning,
                "a restart forgets all tokens, those that are to be remembered for weeks too: \
                 switch appendonly or save on"
                    .into(),
            ),
            _ => {}
        }
        if let Some(ahead) = server.clock_ahead_ms
            && ahead.abs() > SKEW
        {
            let (seconds, way) = (
                ahead.abs() / 1000,
                if ahead > 0 { "ahead of" } else { "behind" },
            );
            let text = format!("its clock is {seconds} s {way} this machine's");
            find(Level::Warning, text);
        }
        findings
    }
}

/// Asks one server for all that it tells.
pub(super) async fn examine(
    place: &ConnectionInfo,
    dialer: &Dialer,
    clock: &dyn Clock,
) -> Result<ServerHealth, StoreError> {
    let mut server = dialer.dial(place).await.map_err(failed)?;
    let facts: Option<String> = told(&cmd("INFO"), &mut server).await?;
    let facts = facts.as_deref().map(facts_of).unwrap_or_default();
    let fact = |name: &str| facts.get(name).copied();
    let save = told(cmd("CONFIG").arg("GET").arg("save"), &mut server).await?;
    let policy = told(
        cmd("CONFIG").arg("GET").arg("maxmemory-policy"),
        &mut server,
    )
    .await?;
    let role = told(&cmd("ROLE"), &mut server).await?;
    Ok(ServerHealth {
        address: place.addr().to_string(),
        version: fact("redis_version").map(str::to_owned),
        role: role.map(|role| name_of(&role).to_owned()),
        eviction: fact("maxmemory_policy")
            .map(str::to_owned)
            .or(policy.and_then(second)),
        persistence: persistence(fact("aof_enabled"), save.and_then(second).as_deref()),
        clock_ahead_ms: clock_ahead(&mut server, clock).await?,
    })
}

/// An answer, or nothing if we may not ask.
async fn told<T: FromRedisValue>(
    question: &Cmd,
    server: &mut MultiplexedConnection,
) -> Result<Option<T>, StoreError> {
    let answer: RedisResult<T> = question.query_async(server).await;
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_forbidden(&error) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// The lines `name:value`.
fn facts_of(text: &str) -> HashMap<&str, &str> {
    text.lines()
        .filter_map(|line| line.trim().split_once(':'))
        .collect()
}

/// The value beside its name in an answer of `CONFIG GET`.
fn second(answer: Vec<String>) -> Option<String> {
    answer.into_iter().nth(1)
}

fn name_of(role: &Role) -> &'static str {
    if matches!(role, Role::Primary { .. }) {
        "primary"
    } else if matches!(role, Role::Replica { .. }) {
        "replica"
    } else {
        "sentinel"
    }
}

/// How a server keeps what it holds, from whether it writes a log, and from when it takes snapshots.
fn persistence(log: Option<&str>, save: Option<&str>) -> Option<String> {
    let kind = match (log?, save) {
        ("1", Some("") | None) => "log",
        ("1", Some(_)) => "snapshots and log",
        (_, Some("")) => "none",
        (_, Some(_)) => "snapshots",
        (_, None) => return None,
    };
    Some(kind.to_owned())
}

fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < OLDEST,
        _ => false,
    }
}

/// Its time was read about half a round trip ago; what the round trip may hide counts as no skew.
async fn clock_ahead(
    server: &mut MultiplexedConnection,
    clock: &dyn Clock,
) -> Result<Option<i64>, StoreError> {
    let asked = Instant::now();
    let told: Option<(i64, i64)> = told(&cmd("TIME"), server).await?;
    let half = i64::try_from(asked.elapsed().as_millis() / 2).unwrap_or(i64::MAX);
    Ok(told.map(|(seconds, micros)| {
        let ahead = seconds * 1000 + micros / 1000 + half - milliseconds(clock.now());
        ahead.signum() * (ahead.abs() - half).max(0)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> ServerHealth {
        ServerHealth {
            address: "h:1".to_owned(),
            version: Some("7.0.15".to_owned()),
            role: Some("primary".to_owned()),
            eviction: Some("noeviction".to_owned()),
            persistence: Some("log".to_owned()),
            clock_ahead_ms: Some(-1000),
        }
    }

    fn levels(eviction: Eviction, remembers: bool, server: &ServerHealth) -> Vec<Level> {
        let expected = Expected {
            eviction,
            remembers,
        };
        let findings = expected.judge(server).into_iter();
        findings.map(|finding| finding.level).collect()
    }

    #[test]
    fn a_sound_server_is_not_mentioned() {
        assert_eq!(levels(Eviction::Refuse, true, &sound()), []);
    }

    #[test]
    fn old_versions_and_replicas_are_refused() {
        for version in ["2.8.0", "5.0.14", "6.0.20", "6.1.9"] {
            let mut server = sound();
            server.version = Some(version.to_owned());
            assert_eq!(
                levels(Eviction::Ignore, false, &server),
                [Level::Refused],
                "{version}"
            );
        }
        for version in ["6.2.0", "7.4.1", "8.0", "10.1.1"] {
            let mut server = sound();
            server.version = Some(version.to_owned());
            assert_eq!(levels(Eviction::Ignore, false, &server), [], "{version}");
        }
        let mut server = sound();
        server.role = Some("replica".to_owned());
        assert_eq!(levels(Eviction::Ignore, false, &server), [Level::Refused]);
    }

    #[test]
    fn eviction_is_what_the_setting_says() {
        for policy in ["allkeys-lru", "volatile-ttl", "allkeys-random"] {
            let mut server = sound();
            server.eviction = Some(policy.to_owned());
            assert_eq!(levels(Eviction::Refuse, false, &server), [Level::Refused]);
            assert_eq!(levels(Eviction::Warn, false, &server), [Level::Warning]);
            assert_eq!(levels(Eviction::Ignore, false, &server), []);
        }
    }

    #[test]
    fn persistence_matters_to_what_is_remembered() {
        let mut server = sound();
        server.persistence = Some("none".to_owned());
        assert_eq!(levels(Eviction::Warn, true, &server), [Level::Warning]);
        assert_eq!(levels(Eviction::Warn, false, &server), []);
    }

    #[test]
    fn a_clock_off_by_more_than_a_second_is_warned_of() {
        for (ahead, expected) in [
            (1000, vec![]),
            (1001, vec![Level::Warning]),
            (-90_000, vec![Level::Warning]),
        ] {
            let mut server = sound();
            server.clock_ahead_ms = Some(ahead);
            assert_eq!(levels(Eviction::Warn, true, &server), expected, "{ahead}");
        }
    }

    #[test]
    fn a_silent_server_is_unknown_and_used() {
        let server = ServerHealth::default();
        assert_eq!(levels(Eviction::Refuse, true, &server), [Level::Unknown; 4]);
    }

    #[test]
    fn persistence_is_read_from_log_and_snapshots() {
        for (log, save, kind) in [
            (Some("0"), Some(""), Some("none")),
            (Some("0"), Some("3600 1"), Some("snapshots")),
            (Some("1"), Some(""), Some("log")),
            (Some("1"), None, Some("log")),
            (Some("1"), Some("3600 1"), Some("snapshots and log")),
            (Some("0"), None, None),
            (None, Some(""), None),
        ] {
            assert_eq!(persistence(log, save).as_deref(), kind, "{log:?} {save:?}");
        }
    }
}
