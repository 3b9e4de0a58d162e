//! The state that a gateway must have according to its audit log.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::faults::cut_requests::found::Found;

/// Applies these events to the state before them. Events before the import of the directory are left out.
pub(crate) fn since(before: &Found, events: &[Value]) -> Found {
    let mut found = before.clone();
    let mut strained = BTreeSet::new();
    for event in events {
        let is_done = event["outcome"] == "done";
        let name = event["name_hash"].as_str().unwrap_or_default();
        match (kind(event), is_done) {
            ("login", false) if event["reason"] == "credentials" => {
                strained.insert(name);
            }
            ("login" | "clear_throttle", true) => {
                strained.remove(name);
            }
            (_, true) => apply(&mut found, event),
            (_, false) => {}
        }
    }
    found.strained = before.strained + strained.len();
    found
}

fn apply(found: &mut Found, event: &Value) {
    let member = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let unit = || format!("{} {}", member("organisation"), member("unit"));
    let once = |is_new: bool| assert!(is_new, "recorded twice: {event}");
    match kind(event) {
        "issue" => {
            let (handle, user) = (member("handle"), member("user"));
            if member("purpose") == "reset" {
                // A new reset key replaces the previous one.
                if let Some(before) = found.reset_keys.insert(user.clone(), handle.clone()) {
                    found.sessions.remove(&before);
                }
            }
            once(found.sessions.insert(handle, user).is_none());
        }
        "redeem" | "revoke" | "evict" => once(found.sessions.remove(&member("handle")).is_some()),
        "end_sessions" | "reset_password" | "set_password" => end_all_of(found, &member("user")),
        "letter" => found.letters += 1,
        "add_user" => found.users += 1,
        "erase_user" => found.users -= 1,
        "exchange" => found.exchanges += 1,
        "edit_user" => once(found.edited.insert(member("user"))),
        "disable_user" => {
            end_all_of(found, &member("user"));
            once(found.disabled.insert(member("user")));
        }
        "enable_user" => once(found.disabled.remove(&member("user"))),
        "add_key" => once(found.keys.insert(member("target"))),
        "revoke_key" => once(found.keys.remove(&member("target"))),
        "add_organisation" => once(found.organisations.insert(member("organisation"))),
        "edit_organisation" => {
            let name = member("organisation");
            once(
                found
                    .organisations
                    .remove(&name.replace("renamed", "named")),
            );
            found.organisations.insert(name);
        }
        "remove_organisation" => once(found.organisations.remove(&member("organisation"))),
        "put_unit" => once(found.units.insert(unit())),
        "remove_unit" => once(found.units.remove(&unit())),
        "import_directory" | "impersonate" => {}
        other => panic!("{other}: {event}"),
    }
}

fn end_all_of(found: &mut Found, user: &str) {
    found.sessions.retain(|_, of| of != user);
}

fn kind(event: &Value) -> &str {
    event["event"].as_str().unwrap_or_default()
}
