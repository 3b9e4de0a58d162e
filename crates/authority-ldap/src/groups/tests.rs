//! What membership in groups gives.

use isogloss_core::Role;

use super::*;
use crate::Preset;

fn rule(group: &str, role: Option<Role>, organisation: Option<&str>, units: &[&str]) -> GroupRule {
    GroupRule {
        group: group.to_owned(),
        role,
        organisation: organisation.map(str::to_owned),
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
    }
}

fn applied(rules: Vec<GroupRule>, member_of: &[&str]) -> Identity {
    let mut settings = LdapSettings::new(vec![], Preset::Rfc2307, "dc=example");
    settings.groups = rules;
    let mut identity = Identity::default();
    let memberships: Vec<_> = member_of
        .iter()
        .map(|group| (*group, Membership::Member))
        .collect();
    Groups::new(&settings).apply(&memberships, &mut identity);
    identity
}

#[test]
fn most_powerful_role_wins_and_units_add_up() {
    let rules = || {
        vec![
            rule("cn=a", Some(Role::Linguist), Some("A"), &["1", "2"]),
            rule("cn=b", Some(Role::ProjectManager), Some("B"), &["2", "3"]),
            rule("cn=c", Some(Role::ProjectManager), Some("C"), &[]),
            rule("cn=d", None, Some("D"), &["4"]),
        ]
    };
    let identity = applied(rules(), &["cn=d", "cn=c", "cn=b", "cn=a"]);
    assert_eq!(identity.role, Some(Role::ProjectManager));
    assert_eq!(identity.organisation.as_deref(), Some("B"));
    assert_eq!(identity.units.unwrap(), ["1", "2", "3", "4"]);

    let identity = applied(rules(), &["cn=d"]);
    assert_eq!(identity.role, Some(Role::Linguist));
    assert_eq!(identity.organisation.as_deref(), Some("D"));
}

#[test]
fn who_leaves_every_group_loses_role_and_units() {
    let identity = applied(
        vec![rule("cn=a", Some(Role::Admin), Some("A"), &["1"])],
        &[],
    );
    assert_eq!(identity.role, Some(Role::Linguist));
    assert_eq!(identity.units, Some(vec![]));
    assert_eq!(identity.organisation, None);
}

#[test]
fn without_rules_nothing_is_said() {
    assert_eq!(applied(vec![], &[]), Identity::default());
}
