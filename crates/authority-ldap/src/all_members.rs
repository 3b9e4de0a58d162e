//! The members of all groups that rules name, looked up once for all users.

use std::collections::{HashMap, HashSet};

use isogloss_core::authority::{Cause, Identity};

use crate::groups::{MAX_LEVELS, Membership};
use crate::message::Entry;
use crate::paged::{Paged, PagedSearch};
use crate::presets::GroupLookup;
use crate::request::{Depth, Search};
use crate::{LdapAuthority, filter, result_codes};

/// The attributes in which groups name their members.
const MEMBERS: [&str; 3] = ["member", "uniqueMember", "memberUid"];
const NO_SUCH_OBJECT: usize = 32;

/// The members of the groups that rules name.
pub(crate) struct AllMembers<'a> {
    authority: &'a LdapAuthority,
    groups: Vec<(&'a str, Members)>,
    /// Whether each user must be looked up: names of groups cannot be compared here.
    is_by_user: bool,
}

/// The members of one group.
#[derive(Default)]
struct Members {
    /// By the identifier, from the users whom the server found.
    ids: HashSet<String>,
    /// By the comparable form of the distinguished name.
    names: HashSet<String>,
    /// By the user name, as it is and in lower case.
    user_names: HashSet<String>,
    lower_user_names: HashSet<String>,
}

impl<'a> AllMembers<'a> {
    /// Asks the server for the members of the groups. Fails if it cannot be asked.
    pub(crate) async fn look_up(
        authority: &'a LdapAuthority,
        page_size: usize,
    ) -> Result<Self, Cause> {
        let mut all = Self {
            authority,
            groups: Vec::new(),
            is_by_user: false,
        };
        let by_members = authority.groups.lookup == GroupLookup::Members;
        for group in authority.groups.names() {
            let members = if by_members {
                all.members_in(group).await?
            } else {
                all.users_in(group, page_size).await?
            };
            all.groups.push((group, members));
        }
        if by_members && authority.groups.is_nested && !all.groups.is_empty() {
            all.add_members_of_groups(page_size).await?;
        }
        Ok(all)
    }

    /// Returns the group of each rule, and whether the user is a member. Asks the server only about users whose names
    /// cannot be compared here. Fails if it cannot be asked.
    pub(crate) async fn of(
        &self,
        entry: &Entry,
        identity: &Identity,
    ) -> Result<Vec<(&'a str, Membership)>, Cause> {
        let user_name = identity.user_name.as_deref();
        let name = comparable(&entry.dn);
        let by_members = self.authority.groups.lookup == GroupLookup::Members;
        // Whether case matters in a user name is the server's knowledge.
        let is_other_case = user_name.is_some_and(|name| {
            let lower = name.to_lowercase();
            let mut groups = self.groups.iter();
            groups.any(|(_, members)| {
                members.lower_user_names.contains(&lower) && !members.user_names.contains(name)
            })
        });
        if by_members && (self.is_by_user || name.is_none() || is_other_case) {
            let directory = &self.authority.directory;
            let groups = &self.authority.groups;
            return groups.memberships(directory, entry, user_name).await;
        }
        let is_member = |members: &Members| {
            members.ids.contains(&identity.external_id)
                || name
                    .as_ref()
                    .is_some_and(|name| members.names.contains(name))
                || user_name.is_some_and(|name| members.user_names.contains(name))
        };
        let memberships = self.groups.iter().map(|(group, members)| {
            let membership = if is_member(members) {
                Membership::Member
            } else {
                Membership::NotMember
            };
            (*group, membership)
        });
        Ok(memberships.collect())
    }

    /// Returns the users whom the server finds in a group.
    async fn users_in(&self, group: &str, page_size: usize) -> Result<Members, Cause> {
        let authority = self.authority;
        let search = PagedSearch {
            base: authority.directory.base(),
            depth: authority.directory.depth(),
            filter: authority
                .filter
                .everybody_in(&authority.groups.member_of(group))?,
            attributes: vec![authority.attributes.external_id.as_str()],
            page_size,
            timeout: authority.timeout,
        };
        let mut found = Paged::begin(&authority.directory, search).await?;
        let mut members = Members::default();
        while let Some(entry) = found.next().await? {
            members
                .ids
                .insert(authority.attributes.external_id(&entry)?);
        }
        Ok(members)
    }

    /// Returns the members that a group names; none if there is no such group.
    async fn members_in(&self, group: &str) -> Result<Members, Cause> {
        let search = Search {
            base: group,
            depth: Depth::Base,
            filter: filter::exists()?,
            attributes: &MEMBERS,
            limit: 1,
            page: None,
        };
        let found = self.authority.directory.search_large(search).await?;
        let mut members = Members::default();
        if found.outcome.code == NO_SUCH_OBJECT {
            return Ok(members);
        }
        result_codes::search(&found.outcome)?;
        for entry in &found.entries {
            members.add(entry);
        }
        Ok(members)
    }

    /// Adds the members of groups in groups.
    async fn add_members_of_groups(&mut self, page_size: usize) -> Result<(), Cause> {
        let search = PagedSearch {
            base: &self.authority.groups.base,
            depth: Depth::Subtree,
            filter: filter::parse_or_cause("(|(member=*)(uniqueMember=*)(memberUid=*))")?,
            attributes: MEMBERS.to_vec(),
            page_size,
            timeout: self.authority.timeout,
        };
        let found = Paged::begin(&self.authority.directory, search).await?;
        let mut found = found.with_large_entries();
        let mut all: HashMap<String, Members> = HashMap::new();
        while let Some(entry) = found.next().await? {
            let Some(name) = comparable(&entry.dn) else {
                self.is_by_user = true;
                return Ok(());
            };
            all.entry(name).or_default().add(&entry);
        }
        for (_, members) in &mut self.groups {
            let mut met: HashSet<String> = HashSet::new();
            let mut level: Vec<String> = members.names.iter().cloned().collect();
            for _ in 1..MAX_LEVELS {
                let mut next = Vec::new();
                for name in level {
                    let Some(inner) = all.get(&name) else {
                        continue;
                    };
                    if met.insert(name) {
                        next.extend(inner.names.iter().cloned());
                        members.extend(inner);
                    }
                }
                level = next;
            }
        }
        Ok(())
    }
}

impl Members {
    /// Adds the members that the entry of a group names.
    fn add(&mut self, entry: &Entry) {
        for attribute in ["member", "uniqueMember"] {
            let names = entry.values(attribute);
            let names = names.filter_map(|name| comparable(str::from_utf8(name).ok()?));
            self.names.extend(names);
        }
        for name in entry.values("memberUid") {
            if let Ok(name) = str::from_utf8(name) {
                self.user_names.insert(name.to_owned());
                self.lower_user_names.insert(name.to_lowercase());
            }
        }
    }

    fn extend(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.user_names.extend(other.user_names.iter().cloned());
        let lower = other.lower_user_names.iter().cloned();
        self.lower_user_names.extend(lower);
    }
}

/// Returns a distinguished name in a form that is the same for all spellings of it: in lower case, without blanks
/// around separators. `None` if it has characters of which only the server knows how they compare.
fn comparable(dn: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii() && !c.is_ascii_control() && !"\\\"#;<>+".contains(c);
    if !dn.chars().all(is_plain) {
        return None;
    }
    let parts = dn.split(',').map(|part| {
        let (name, value) = part.split_once('=')?;
        // Several blanks in a value are one.
        let value: Vec<_> = value.split_ascii_whitespace().collect();
        Some(format!("{}={}", name.trim(), value.join(" ")).to_ascii_lowercase())
    });
    let parts: Vec<_> = parts.collect::<Option<_>>()?;
    Some(parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_compare_equal() {
        let name = "cn=joe public,ou=people,dc=example";
        for spelling in [
            name,
            "CN=Joe  Public, OU=people,dc=EXAMPLE",
            "cn = joe public ,ou=people , dc=example",
        ] {
            assert_eq!(comparable(spelling).as_deref(), Some(name), "{spelling}");
        }
        assert_ne!(
            comparable("cn=joepublic,ou=people,dc=example").as_deref(),
            Some(name)
        );
    }

    #[test]
    fn names_that_only_the_server_can_compare_are_left_to_it() {
        for odd in [
            r"cn=a\,b,dc=example",
            r"cn=a\2cb,dc=example",
            "cn=Zoë,dc=example",
            "cn=a+uid=b,dc=example",
            "cn=\"a\",dc=example",
            "no name",
        ] {
            assert_eq!(comparable(odd), None, "{odd}");
        }
    }
}
