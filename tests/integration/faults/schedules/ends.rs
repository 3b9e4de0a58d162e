//! How tokens ended, according to the audit log.

use serde_json::Value;

use crate::faults::schedules::audit::{Events, moment};
use crate::faults::schedules::model::{Attempt, Kind, Model, Token};
use crate::faults::schedules::plan::IMPORTED;

/// Events that end one token.
const ENDS_ONE: [&str; 4] = ["revoke", "redeem", "evict", "reset_password"];
/// Events that end all tokens of a user.
const ENDS_ALL: [&str; 4] = [
    "disable_user",
    "set_password",
    "reset_password",
    "end_sessions",
];
/// Longest time between a change in the store and its event: the time-outs of the stores.
const LATE: time::Duration = time::Duration::seconds(3);

impl Events {
    /// Returns whether an event records that this token was ended. A token that was redeemed in vain does not
    /// count: it became usable again.
    pub(crate) fn say_ended(&self, handle: &str) -> bool {
        self.about(handle).any(|event| {
            let is_done = event["outcome"] == "done";
            let is_given_back = || {
                let request = event["request_id"].as_str().unwrap_or_default();
                let mut same = self.of_request(request).iter();
                same.any(|other| other["event"] == "issue" && other["reason"] == "unavailable")
            };
            match event["event"].as_str() {
                Some("revoke" | "evict") => is_done,
                Some("redeem") => is_done && !is_given_back(),
                _ => false,
            }
        })
    }

    /// Returns whether an event records that this token was ended, or that it was tried.
    fn tried_to_end(&self, handle: &str) -> bool {
        self.were_tried(handle, &ENDS_ONE)
    }

    /// Returns whether all tokens of that user may have been ended after `issue`: by an event, done or tried, or by
    /// an import.
    fn tried_to_end_all(&self, model: &Model, user: usize, issue: Option<&Value>) -> bool {
        let since = issue.and_then(moment).map(|time| time - LATE);
        let id = model.users[user].id.to_string();
        let mut theirs = self.of(&id);
        let is_imported = user == IMPORTED
            && (model.imports > 0
                || matches!(model.users[user].attempt, Some(Attempt::Import { .. })));
        is_imported
            || theirs.any(|event| {
                let kind = event["event"].as_str().unwrap_or_default();
                ENDS_ALL.contains(&kind) && since.is_none_or(|since| moment(event) >= Some(since))
            })
    }

    /// Returns whether another token may have replaced an issued one. There is one for each device, and one from
    /// an e-mail for each user.
    fn is_replaced(&self, issue: &Value) -> bool {
        let is_one_time = issue["purpose"] == "handover" || issue["purpose"] == "reset";
        let is_from_email = is_one_time && issue["parent"].is_null();
        let is_of_device = issue["dialect"] == "tokenlogin" && issue["purpose"] == "remember";
        let mut theirs = self.of(issue["user"].as_str().unwrap_or_default());
        (is_from_email || is_of_device)
            && theirs.any(|other| {
                let same = |key: &str| other[key] == issue[key];
                // Events of issues that failed as unavailable have no device.
                let is_same = other["client"].is_null() || same("client");
                ["event", "dialect", "purpose"].into_iter().all(same) && is_same && !same("handle")
            })
    }

    /// Returns whether an event may explain why a token has ended.
    pub(crate) fn explain_the_end(&self, token: &Token, model: &Model) -> bool {
        let handle = self.handle_of(token, model);
        let tried = |handle: Option<String>| handle.is_some_and(|one| self.tried_to_end(&one));
        let issue = handle.as_ref().and_then(|handle| self.issue_of(handle));
        let mut users = [Some(token.user), token.actor].into_iter().flatten();
        let device = (token.user, token.client.clone());
        token.is_superseded
            || users.any(|user| self.tried_to_end_all(model, user, issue))
            || match token.kind {
                Kind::Cross => {
                    let parent = token.parent.map(|index| &model.tokens[index]);
                    tried(parent.and_then(|parent| self.handle_of(parent, model)))
                }
                Kind::Reauthentication => model.doubtful.contains(&device),
                // Only the last e-mail that was requested counts.
                Kind::EmailLink | Kind::ResetKey => {
                    let emails = model.emails.iter();
                    let asked = (token.kind.dialect(), token.user);
                    let same = emails.filter(|(dialect, user, _)| (*dialect, *user) == asked);
                    same.count() > 1
                }
                _ => false,
            }
            || issue.is_some_and(|issue| self.is_replaced(issue))
            || tried(handle)
    }

    /// Checks that each issued token is listed, or that an event has ended it.
    pub(crate) fn compare_issued(
        &self,
        model: &Model,
        listed: &std::collections::HashSet<String>,
        wrong: &mut Vec<String>,
    ) {
        for (index, user) in model.users.iter().enumerate() {
            let theirs: Vec<_> = self.of(&user.id.to_string()).collect();
            let issued = |event: &&&Value| event["event"] == "issue";
            for event in theirs.iter().filter(issued) {
                let handle = event["handle"].as_str().unwrap_or_default();
                if event["outcome"] != "done" || listed.contains(handle) {
                    continue;
                }
                let is_one_time_of = |parent: &str| {
                    event["dialect"] == "bimplus"
                        && event["purpose"] == "handover"
                        && self.tried_to_end(parent)
                };
                let actor = event["actor"].as_str();
                let is_explained = self.tried_to_end(handle)
                    || self.is_replaced(event)
                    || event["parent"].as_str().is_some_and(is_one_time_of)
                    || self.tried_to_end_all(model, index, Some(event))
                    || (actor.is_some()
                        && self.tried_to_end_all(
                            model,
                            crate::faults::schedules::plan::ADMINISTRATOR,
                            Some(event),
                        ));
                if !is_explained {
                    let list = self.describe(&user.id.to_string());
                    wrong.push(format!(
                        "{event}: is not listed, and no event says why:\n      {list}"
                    ));
                }
            }
        }
    }
}
