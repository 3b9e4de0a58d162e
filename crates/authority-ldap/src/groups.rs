//! Groups: who is a member, and what that gives.

use std::collections::HashSet;

use isogloss_core::Role;
use isogloss_core::authority::{Cause, Identity};
use ldap3::ldap_escape;

use crate::directory::Directory;
use crate::filter;
use crate::message::Entry;
use crate::presets::GroupLookup;
use crate::request::{Depth, Search};
use crate::{GroupRule, LdapSettings, result_codes};

/// How many groups in groups in groups are followed.
const MAX_LEVELS: usize = 8;
/// How many groups a user may be in, or a group.
const MAX_GROUPS: usize = 500;
/// Asks for no attributes: RFC 4511, section 4.5.1.8.
const NO_ATTRIBUTES: [&str; 1] = ["1.1"];
const NO_SUCH_OBJECT: usize = 32;

/// What membership in groups gives.
#[derive(Debug)]
pub(crate) struct Groups {
    rules: Vec<GroupRule>,
    lookup: GroupLookup,
    is_nested: bool,
    base: String,
}

/// Whether a user is a member of a group, or whether there is no such group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    /// The user is.
    Member,
    /// The user is not.
    NotMember,
    /// There is no such group, or the service may not see it.
    NoGroup,
}

impl Groups {
    /// Returns the groups of the settings.
    pub(crate) fn new(settings: &LdapSettings) -> Self {
        Self {
            rules: settings.groups.clone(),
            lookup: settings.preset.defaults().groups,
            is_nested: settings.nested_groups,
            base: settings
                .group_base
                .clone()
                .unwrap_or_else(|| settings.base.clone()),
        }
    }

    /// Adds to an identity what its groups give. Fails if the groups cannot be looked up.
    pub(crate) async fn add(
        &self,
        directory: &Directory,
        entry: &Entry,
        identity: &mut Identity,
    ) -> Result<(), Cause> {
        let user_name = identity.user_name.clone();
        let memberships = self
            .memberships(directory, entry, user_name.as_deref())
            .await?;
        self.apply(&memberships, identity);
        Ok(())
    }

    /// Returns the group of each rule, and whether the user is a member. Fails if that cannot be looked up.
    pub(crate) async fn memberships(
        &self,
        directory: &Directory,
        entry: &Entry,
        user_name: Option<&str>,
    ) -> Result<Vec<(&str, Membership)>, Cause> {
        let mut memberships: Vec<(&str, Membership)> = Vec::new();
        for rule in &self.rules {
            if memberships.iter().all(|(group, _)| *group != rule.group) {
                memberships.push((&rule.group, Membership::NotMember));
            }
        }
        if self.lookup == GroupLookup::Members {
            self.look_up_members(directory, entry, user_name, &mut memberships)
                .await?;
        } else {
            for (group, membership) in &mut memberships {
                *membership = self.is_member_of(directory, entry, group).await?;
            }
        }
        Ok(memberships)
    }

    /// Lets the server compare the user's attribute, so that it does not matter how names are written.
    async fn is_member_of(
        &self,
        directory: &Directory,
        entry: &Entry,
        group: &str,
    ) -> Result<Membership, Cause> {
        let in_chain = self.is_nested && self.lookup == GroupLookup::MemberOfInChain;
        let filter = if in_chain {
            filter::parse_or_cause(&format!(
                "(memberOf:1.2.840.113556.1.4.1941:={})",
                ldap_escape(group)
            ))?
        } else {
            filter::any(&[("memberOf", group)])?
        };
        let search = search(&entry.dn, Depth::Base, filter);
        let (found, _) = directory.search(&search).await?;
        result_codes::search(&found.outcome)?;
        Ok(if found.entries.is_empty() {
            Membership::NotMember
        } else {
            Membership::Member
        })
    }

    async fn look_up_members(
        &self,
        directory: &Directory,
        entry: &Entry,
        user_name: Option<&str>,
        memberships: &mut [(&str, Membership)],
    ) -> Result<(), Cause> {
        let mut members = vec![entry.dn.clone()];
        let mut seen: HashSet<String> = members.iter().map(|dn| dn.to_lowercase()).collect();
        for level in 0..MAX_LEVELS {
            let mut pairs: Vec<_> = members
                .iter()
                .flat_map(|dn| [("member", dn.as_str()), ("uniqueMember", dn.as_str())])
                .collect();
            pairs.extend(
                user_name
                    .filter(|_| level == 0)
                    .map(|name| ("memberUid", name)),
            );
            for (group, membership) in &mut *memberships {
                if *membership == Membership::NotMember {
                    *membership = self.has_member(directory, group, &pairs).await?;
                }
            }
            let is_settled = memberships
                .iter()
                .all(|(_, membership)| *membership != Membership::NotMember);
            if !self.is_nested || is_settled {
                break;
            }
            let filter = filter::any(&pairs)?;
            let (found, _) = directory
                .search(&search(&self.base, Depth::Subtree, filter))
                .await?;
            result_codes::search(&found.outcome)?;
            let groups = found.entries.into_iter().map(|group| group.dn);
            members = groups.filter(|dn| seen.insert(dn.to_lowercase())).collect();
            if members.is_empty() {
                break;
            }
        }
        Ok(())
    }

    async fn has_member(
        &self,
        directory: &Directory,
        group: &str,
        pairs: &[(&str, &str)],
    ) -> Result<Membership, Cause> {
        let search = search(group, Depth::Base, filter::any(pairs)?);
        let (found, _) = directory.search(&search).await?;
        if found.outcome.code == NO_SUCH_OBJECT {
            return Ok(Membership::NoGroup);
        }
        result_codes::search(&found.outcome)?;
        Ok(if found.entries.is_empty() {
            Membership::NotMember
        } else {
            Membership::Member
        })
    }

    /// Applies the rules. If any rule gives a role (or units), a user in none of those groups has the least powerful
    /// role (or no units): a user who leaves a group loses what it gave.
    pub(crate) fn apply(&self, memberships: &[(&str, Membership)], identity: &mut Identity) {
        let is_member =
            |rule: &&GroupRule| memberships.contains(&(rule.group.as_str(), Membership::Member));
        let applied: Vec<_> = self.rules.iter().filter(is_member).collect();
        let with_role = |role| move |rule: &&&GroupRule| rule.role == Some(role);
        let winner = Role::ALL
            .into_iter()
            .find_map(|role| applied.iter().find(with_role(role)).copied());
        if self.rules.iter().any(|rule| rule.role.is_some()) {
            identity.role = Some(winner.and_then(|rule| rule.role).unwrap_or_default());
        }
        let organisation = winner
            .into_iter()
            .chain(applied.iter().copied())
            .find_map(|rule| rule.organisation.clone());
        if organisation.is_some() {
            identity.organisation = organisation;
        }
        if self.rules.iter().any(|rule| !rule.units.is_empty()) {
            let mut units: Vec<String> = Vec::new();
            for unit in applied.iter().flat_map(|rule| &rule.units) {
                if !units.contains(unit) {
                    units.push(unit.clone());
                }
            }
            identity.units = Some(units);
        }
    }
}

fn search(base: &str, depth: Depth, filter: ldap3::asn1::Tag) -> Search<'_> {
    Search {
        base,
        depth,
        filter,
        attributes: &NO_ATTRIBUTES,
        limit: MAX_GROUPS,
        page: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;

    fn rule(
        group: &str,
        role: Option<Role>,
        organisation: Option<&str>,
        units: &[&str],
    ) -> GroupRule {
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
}
