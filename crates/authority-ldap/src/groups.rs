//! Groups: who is a member, and what that gives.

use std::collections::HashSet;

use isogloss_authority::{GroupRule, apply_rules};
use isogloss_core::authority::{Cause, Identity};
use ldap3::ldap_escape;

use crate::directory::Directory;
use crate::filter;
use crate::message::Entry;
use crate::presets::GroupLookup;
use crate::request::{Depth, Search};
use crate::{LdapSettings, result_codes};

/// How many groups in groups in groups are followed.
pub(crate) const MAX_LEVELS: usize = 8;
/// How many groups a user may be in, or a group.
const MAX_GROUPS: usize = 500;
/// Asks for no attributes: RFC 4511, section 4.5.1.8.
const NO_ATTRIBUTES: [&str; 1] = ["1.1"];
const NO_SUCH_OBJECT: usize = 32;

/// What membership in groups gives.
#[derive(Debug)]
pub(crate) struct Groups {
    rules: Vec<GroupRule>,
    pub(crate) lookup: GroupLookup,
    pub(crate) is_nested: bool,
    pub(crate) base: String,
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

    /// Returns the name of each group that rules name, once.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for rule in &self.rules {
            if !names.contains(&rule.group.as_str()) {
                names.push(&rule.group);
            }
        }
        names
    }

    /// Returns the filter, as text, for users whose attribute `memberOf` names the group.
    pub(crate) fn member_of(&self, group: &str) -> String {
        let rule = if self.is_nested && self.lookup == GroupLookup::MemberOfInChain {
            ":1.2.840.113556.1.4.1941:"
        } else {
            ""
        };
        format!("(memberOf{rule}={})", ldap_escape(group))
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
        let names = self.names().into_iter();
        let mut memberships: Vec<_> = names.map(|name| (name, Membership::NotMember)).collect();
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
        let filter = filter::parse_or_cause(&self.member_of(group))?;
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

    /// Applies the rules of the groups that the user is in.
    pub(crate) fn apply(&self, memberships: &[(&str, Membership)], identity: &mut Identity) {
        let is_member = |group: &str| memberships.contains(&(group, Membership::Member));
        apply_rules(&self.rules, is_member, identity);
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
mod tests;
