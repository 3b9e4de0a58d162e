//! No two users share a login name or a number.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{Outcome, unfit};
use crate::directory::changes::{UserChange, logins};
use crate::directory::login_form;
use crate::directory::present::Present;

/// The users that an import leaves, beside those whom it does not touch.
pub(super) struct Unique;

impl Unique {
    pub(super) fn check(present: &Present, users: &[UserChange]) -> Outcome<()> {
        let touched: HashSet<Uuid> = users.iter().map(|user| user.entry.id).collect();
        let mut names: HashMap<String, String> = HashMap::new();
        let mut numbers: HashMap<i64, String> = HashMap::new();
        for (login, owner) in &present.logins {
            if !touched.contains(&owner.id) {
                names.insert(login.clone(), login_form(&owner.user_name));
            }
        }
        for (number, owner) in &present.numbers {
            if !touched.contains(&owner.id) {
                numbers.insert(*number, login_form(&owner.user_name));
            }
        }
        for user in users.iter().map(|user| &user.entry) {
            let name = login_form(&user.user_name);
            let label = || format!("user {}", user.user_name);
            for login in logins(user) {
                if let Some(other) = names.insert(login, name.clone()) {
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
