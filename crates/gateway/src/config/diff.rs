//! Keys that differ between two configurations.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use toml::{Table, Value};

use super::{AUTHORITIES, Sections};

impl Sections {
    /// Returns the keys, without those of dialects, whose values differ between the two configurations. For the
    /// log, so values are left out.
    pub(crate) fn difference(&self, other: &Self) -> Vec<String> {
        let (mine, others) = (self.keys(), other.keys());
        let mut keys: Vec<_> = mine.keys().chain(others.keys()).cloned().collect();
        keys.sort();
        keys.dedup();
        keys.retain(|key| mine.get(key) != others.get(key));
        // Those were compared as they are shown: with their passwords masked.
        for ((key, mine), (_, other)) in self.secrets().into_iter().zip(other.secrets()) {
            let (mine, other) = (mine.map(exposed), other.map(exposed));
            if mine != other && !keys.iter().any(|known| known == key) {
                keys.push(key.to_owned());
            }
        }
        if self.secrets_of_authorities() != other.secrets_of_authorities()
            && !keys.iter().any(|key| key == AUTHORITIES)
        {
            keys.push(AUTHORITIES.to_owned());
        }
        keys
    }

    /// Returns the key and the value of every secret that the configuration may have, without those of authorities; the
    /// value is `None` if it is not set. Each secret also has a key that ends in `_file`.
    pub(crate) fn secrets(&self) -> [(&'static str, Option<&SecretString>); 8] {
        [
            ("tokens.store", Some(&self.tokens.store)),
            ("tokens.pepper", self.tokens.pepper.as_ref()),
            (
                "tokens.previous_pepper",
                self.tokens.previous_pepper.as_ref(),
            ),
            ("directory.url", Some(&self.directory.url)),
            ("mail.transport", Some(&self.mail.transport)),
            ("jwt.secret", self.jwt.secret.as_ref()),
            ("jwt.previous_secret", self.jwt.previous_secret.as_ref()),
            ("jwt.next_secret", self.jwt.next_secret.as_ref()),
        ]
    }

    /// Returns the secrets of each authority.
    fn secrets_of_authorities(&self) -> Vec<Vec<(&'static str, &str)>> {
        let secrets = self.authorities.iter().map(|authority| {
            let secrets = authority.secrets();
            secrets
                .map(|(key, secret)| (key, exposed(secret)))
                .collect()
        });
        secrets.collect()
    }

    /// Returns every key that has a value, with the value as `config show` prints it.
    fn keys(&self) -> BTreeMap<String, Value> {
        let mut keys = BTreeMap::new();
        // What `config show` writes can be written here.
        flatten("", Table::try_from(self).unwrap_or_default(), &mut keys);
        keys
    }
}

fn exposed(secret: &SecretString) -> &str {
    secret.expose_secret()
}

/// Adds the keys of a table to `keys`, with the name of their section in front.
fn flatten(section: &str, table: Table, keys: &mut BTreeMap<String, Value>) {
    for (name, value) in table {
        let key = if section.is_empty() {
            name
        } else {
            format!("{section}.{name}")
        };
        if let Value::Table(inner) = value {
            flatten(&key, inner, keys);
        } else {
            keys.insert(key, value);
        }
    }
}
