//! A borrowed usage key: a call copies nothing if its row exists.

use hashbrown::Equivalent;

use super::UsageKey;

/// The parts of a [`UsageKey`]. Both types have the same hashes: their fields are in the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are those of the key")]
pub struct UsageKeyRef<'a> {
    pub dialect: &'a str,
    pub revision: &'a str,
    pub endpoint: &'a str,
    pub application: Option<&'a str>,
    pub key: Option<&'a str>,
    pub client: Option<&'a str>,
    pub user_agent: &'a str,
    pub network: &'a str,
}

impl<'a> From<&'a UsageKey> for UsageKeyRef<'a> {
    fn from(key: &'a UsageKey) -> Self {
        Self {
            dialect: &key.dialect,
            revision: &key.revision,
            endpoint: &key.endpoint,
            application: key.application.as_deref(),
            key: key.key.as_deref(),
            client: key.client.as_deref(),
            user_agent: &key.user_agent,
            network: &key.network,
        }
    }
}

impl From<UsageKeyRef<'_>> for UsageKey {
    fn from(seen: UsageKeyRef<'_>) -> Self {
        Self {
            dialect: seen.dialect.to_owned(),
            revision: seen.revision.to_owned(),
            endpoint: seen.endpoint.to_owned(),
            application: seen.application.map(str::to_owned),
            key: seen.key.map(str::to_owned),
            client: seen.client.map(str::to_owned),
            user_agent: seen.user_agent.to_owned(),
            network: seen.network.to_owned(),
        }
    }
}

impl Equivalent<UsageKey> for UsageKeyRef<'_> {
    fn equivalent(&self, key: &UsageKey) -> bool {
        UsageKeyRef::from(key) == *self
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, RandomState};

    use super::*;

    #[test]
    fn both_hash_alike() {
        for application in [None, Some("viewer")] {
            let seen = UsageKeyRef {
                dialect: "toy",
                revision: "v1",
                endpoint: "/v1/login",
                application,
                key: None,
                client: Some("desk"),
                user_agent: "okhttp/4",
                network: "192.0.2.0/24",
            };
            let key = UsageKey::from(seen);
            let hasher = RandomState::new();
            assert_eq!(hasher.hash_one(seen), hasher.hash_one(&key));
            assert!(seen.equivalent(&key));
            let other = UsageKeyRef {
                key: Some(""),
                ..seen
            };
            assert!(!other.equivalent(&key));
        }
    }
}
