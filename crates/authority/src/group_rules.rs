//! What membership in a group of another system gives here.

use isogloss_core::Role;
use isogloss_core::authority::Identity;

/// What membership in a group gives.
///
/// Of all rules that apply to a user, the first of those with the most powerful role decides the role and the
/// organisation; units add up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupRule {
    /// The group as the other system names it: a distinguished name, or the value of a claim.
    pub group: String,
    /// The role of its members.
    pub role: Option<Role>,
    /// The name of their organisation.
    pub organisation: Option<String>,
    /// The identifiers of their units.
    pub units: Vec<String>,
}

/// Applies the rules of the groups for which `is_member` returns true. If any rule gives a role (or units), a user in none
/// of those groups has the least powerful role (or no units): a user who leaves a group loses what it gave.
pub fn apply_rules(rules: &[GroupRule], is_member: impl Fn(&str) -> bool, identity: &mut Identity) {
    let applied: Vec<_> = rules.iter().filter(|rule| is_member(&rule.group)).collect();
    let first_with = |role| applied.iter().find(|rule| rule.role == Some(role)).copied();
    let winner = Role::ALL.into_iter().find_map(first_with);
    if rules.iter().any(|rule| rule.role.is_some()) {
        identity.role = Some(winner.and_then(|rule| rule.role).unwrap_or_default());
    }
    let organisation = winner
        .into_iter()
        .chain(applied.iter().copied())
        .find_map(|rule| rule.organisation.clone());
    if organisation.is_some() {
        identity.organisation = organisation;
    }
    if rules.iter().any(|rule| !rule.units.is_empty()) {
        let mut units: Vec<String> = Vec::new();
        for unit in applied.iter().flat_map(|rule| &rule.units) {
            if !units.contains(unit) {
                units.push(unit.clone());
            }
        }
        identity.units = Some(units);
    }
}
