//! The state of a gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use isogloss_testkit::Gateway;
use serde_json::Value;

use crate::faults::cut_requests::done;
use crate::faults::cut_requests::management::{PROGRAM, admin};

/// What requests can change, from the management listener or from the audit log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// The user of each valid token, by the token's handle.
    pub(crate) sessions: BTreeMap<String, String>,
    /// The handle of the last reset key of each user. Only the audit log has it.
    pub(crate) reset_keys: BTreeMap<String, String>,
    /// Number of users. Events of erasures name no user.
    pub(crate) users: usize,
    pub(crate) edited: BTreeSet<String>,
    pub(crate) disabled: BTreeSet<String>,
    pub(crate) keys: BTreeSet<String>,
    pub(crate) organisations: BTreeSet<String>,
    pub(crate) units: BTreeSet<String>,
    pub(crate) letters: usize,
    /// Number of token exchanges in the usage counts.
    pub(crate) exchanges: usize,
    /// Number of accounts with counted attempts.
    pub(crate) strained: usize,
}

impl Found {
    pub(crate) fn in_gateway(gateway: &Gateway) -> Self {
        let users = list(gateway, "users?limit=1000", "users");
        let users_with = |key: &str, value: &str| {
            let with = users.iter().filter(|user| user[key] == value);
            with.map(|user| string(user, "id")).collect()
        };
        let keys = list(gateway, "keys", "keys");
        let organisations = list(gateway, "organisations?limit=1000", "organisations");
        let mail = fs::read_dir(gateway.folder().join("data/mail"));
        let throttle = list(gateway, "throttle", "throttle");
        let strained = throttle.iter().filter(|one| {
            let kind = one["kind"].as_str();
            kind == Some("account") || kind == Some("known_client")
        });
        Self {
            sessions: list(gateway, "sessions?limit=100000", "sessions")
                .iter()
                .map(|session| (string(session, "handle"), string(session, "user_id")))
                .collect(),
            reset_keys: BTreeMap::new(),
            users: users.len(),
            edited: users_with("first_name", "Edited"),
            disabled: users_with("state", "disabled"),
            keys: keys.iter().map(named_fully).collect(),
            units: organisations.iter().flat_map(units).collect(),
            organisations: organisations
                .iter()
                .map(|one| string(one, "name"))
                .collect(),
            letters: mail.map_or(0, Iterator::count),
            exchanges: exchanges(gateway),
            strained: strained.count(),
        }
    }

    /// Describes all differences.
    pub(crate) fn differences(&self, recorded: &Self) -> Vec<String> {
        let handles = |found: &Self| found.sessions.keys().cloned().collect();
        let sets = [
            ("sessions", handles(self), handles(recorded)),
            ("edited users", self.edited.clone(), recorded.edited.clone()),
            (
                "disabled users",
                self.disabled.clone(),
                recorded.disabled.clone(),
            ),
            ("keys", self.keys.clone(), recorded.keys.clone()),
            (
                "organisations",
                self.organisations.clone(),
                recorded.organisations.clone(),
            ),
            ("units", self.units.clone(), recorded.units.clone()),
        ];
        let sets = sets
            .into_iter()
            .filter(|(_, found, recorded)| found != recorded);
        let sets = sets.map(|(what, found, recorded): (_, BTreeSet<_>, BTreeSet<_>)| {
            let made = found.difference(&recorded).count();
            let missing = recorded.difference(&found).count();
            format!("{what}: {made} without a record, {missing} recorded but not found")
        });
        let counts = [
            ("users", self.users, recorded.users),
            ("e-mails", self.letters, recorded.letters),
            ("exchanges", self.exchanges, recorded.exchanges),
            (
                "accounts with counted attempts",
                self.strained,
                recorded.strained,
            ),
        ];
        let counts = counts
            .into_iter()
            .filter(|(_, found, recorded)| found != recorded);
        let counts =
            counts.map(|(what, found, recorded)| format!("{what}: {found}, recorded {recorded}"));
        sets.chain(counts).collect()
    }
}

fn exchanges(gateway: &Gateway) -> usize {
    // Writes the counts to the table.
    done(&admin("POST", "backup"), gateway.management());
    let dialects = list(gateway, "usage", "dialects");
    let clients = dialects.iter().flat_map(|dialect| {
        let clients = dialect["clients"].as_array().unwrap();
        clients.iter().filter(|one| one["user_agent"] == PROGRAM)
    });
    let calls: u64 = clients.map(|one| one["calls"].as_u64().unwrap()).sum();
    usize::try_from(calls).unwrap()
}

fn list(gateway: &Gateway, what: &str, member: &str) -> Vec<Value> {
    let answer = done(&admin("GET", what), gateway.management());
    let page = answer.json().unwrap();
    page[member]
        .as_array()
        .unwrap_or_else(|| panic!("{page}"))
        .clone()
}

fn string(value: &Value, key: &str) -> String {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key}: {value}"))
        .to_owned()
}

/// Returns the name of a key as in the audit log.
fn named_fully(key: &Value) -> String {
    let [realm, id, label] = ["realm", "id", "label"].map(|member| string(key, member));
    format!("{realm} key {id} {label}")
}

fn units(organisation: &Value) -> Vec<String> {
    let name = string(organisation, "name");
    let units = organisation["units"].as_array().unwrap().iter();
    units
        .map(|unit| format!("{name} {}", string(unit, "id")))
        .collect()
}
