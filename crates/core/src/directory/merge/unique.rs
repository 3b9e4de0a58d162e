//! No two users share a login name, a number or the code of an access card.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{Outcome, unfit};
use crate::directory::changes::{UserChange, logins};
use crate::directory::digest_keys::What;
use crate::directory::present::Present;
use crate::directory::{KeyDigest, login_form};

/// The users that an import leaves, beside those whom it does not touch.
pub(super) struct Unique;

impl Unique {
    pub(super) fn check(present: &Present, users: &[UserChange]) -> Outcome<()> {
        let touched: HashSet<Uuid> = users.iter().map(|user| user.entry.id).collect();
        let mut names: HashMap<String, String> = HashMap::new();
        let mut numbers: HashMap<i64, String> = HashMap::new();
        for (login, owner) in &present.logins {
            if !touched.contains(&owner.id) {
                names.insert(login_form(login), login_form(&owner.user_name));
            }
        }
        for (number, owner) in &present.numbers {
            if !touched.contains(&owner.id) {
                numbers.insert(*number, login_form(&owner.user_name));
            }
        }
        let mut codes: HashMap<KeyDigest, String> = HashMap::new();
        for (code, owner) in &present.codes {
            if !touched.contains(&owner.id) {
                for form in present.open.forms(What::Card, *code) {
                    codes.insert(form, login_form(&owner.user_name));
                }
            }
        }
        // Names that are stored already stay, even two that are one name since names are normalised.
        for user in users {
            for login in logins(&user.entry).filter(|login| user.had_login(login)) {
                names.insert(login_form(&login), login_form(&user.entry.user_name));
            }
        }
        for change in users {
            let user = &change.entry;
            let cards = user.access_cards.iter();
            for code in cards.filter_map(|card| card.code_digest) {
                if let Some(other) = codes.insert(code, login_form(&user.user_name)) {
                    let reason = format!("user {other} has an access card of the same code");
                    return Err(unfit(format!("user {}", user.user_name), reason));
                }
            }
            let name = login_form(&user.user_name);
            let label = || format!("user {}", user.user_name);
            for login in logins(user).filter(|login| !change.had_login(login)) {
                if let Some(other) = names.insert(login_form(&login), name.clone()) {
                    let reason = format!("user {other} logs in by the same name or e-mail address");
                    return Err(unfit(label(), reason));
                }
            }
            if let Some(other) = numbers.insert(user.number, name) {
                let reason = format!("user {other} has the same number");
                return Err(unfit(label(), reason));
            }
        }
        Ok(())
    }
}
