//! Requirements on the servers that hold tokens.

use isogloss_core::store::{Finding, Level, ServerHealth};

use crate::{Eviction, RedisSettings};

/// The oldest version that is supported: the first with `GETDEL`.
const OLDEST_VERSION: (u32, u32) = (6, 2);
/// Maximum difference between clocks, in milliseconds.
const LARGEST_CLOCK_DIFFERENCE: i64 = 1000;

/// Requirements on a server.
#[derive(Clone, Copy)]
pub(crate) struct Requirements {
    eviction: Eviction,
    has_long_lived_tokens: bool,
}

impl Requirements {
    pub(crate) fn from_settings(settings: &RedisSettings) -> Self {
        Self {
            eviction: settings.eviction,
            has_long_lived_tokens: settings.has_long_lived_tokens,
        }
    }

    /// Compares a server with the requirements. Returns a finding for each one that is not met, or whose fact
    /// is not known.
    pub(crate) fn findings(self, server: &ServerHealth) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut add = |level, text: String| {
            let text = format!("{}: {text}", server.address);
            findings.push(Finding::new(level, text));
        };
        match server.version.as_deref() {
            None => add(Level::Unknown, "it does not report its version".into()),
            Some(version) if is_too_old(version) => {
                let (major, minor) = OLDEST_VERSION;
                let text = format!("version {version} is too old, {major}.{minor} is needed");
                add(Level::Refused, text);
            }
            Some(_) => {}
        }
        match server.role.as_deref() {
            None => add(Level::Unknown, "it does not tell its role".into()),
            Some("primary") => {}
            Some(role) => add(Level::Refused, format!("it is a {role}, not the primary")),
        }
        let level = match self.eviction {
            Eviction::Refuse => Some(Level::Refused),
            Eviction::Warn => Some(Level::Warning),
            Eviction::Ignore => None,
        };
        match (level, server.eviction.as_deref()) {
            (None, _) | (Some(_), Some("noeviction")) => {}
            (Some(_), None) => add(Level::Unknown, "it does not tell what it evicts".into()),
            (Some(level), Some(policy)) => add(
                level,
                format!("maxmemory-policy {policy} evicts live tokens, noeviction does not"),
            ),
        }
        match server.persistence.as_deref() {
            None if self.has_long_lived_tokens => {
                add(
                    Level::Unknown,
                    "it does not tell whether it persists".into(),
                );
            }
            Some("none") if self.has_long_lived_tokens => add(
                Level::Warning,
                "a restart forgets all tokens, those that are to be remembered for weeks too: \
                 switch appendonly or save on"
                    .into(),
            ),
            _ => {}
        }
        if let Some(ahead) = server.clock_ahead_ms
            && ahead.abs() > LARGEST_CLOCK_DIFFERENCE
        {
            let (seconds, direction) = (
                ahead.abs() / 1000,
                if ahead > 0 { "ahead of" } else { "behind" },
            );
            let text = format!("its clock is {seconds} s {direction} this machine's");
            add(Level::Warning, text);
        }
        findings
    }
}

fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < OLDEST_VERSION,
        _ => false,
    }
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

    fn levels(
        eviction: Eviction,
        has_long_lived_tokens: bool,
        server: &ServerHealth,
    ) -> Vec<Level> {
        let requirements = Requirements {
            eviction,
            has_long_lived_tokens,
        };
        let findings = requirements.findings(server).into_iter();
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
}
