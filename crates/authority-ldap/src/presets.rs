//! Kinds of servers, and what each calls things.

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// OpenLDAP and others with the classes of RFC 2307 or `inetOrgPerson`.
    Rfc2307,
    /// Active Directory, or Samba as its domain controller.
    ActiveDirectory,
    /// FreeIPA.
    FreeIpa,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 3] = [Self::Rfc2307, Self::ActiveDirectory, Self::FreeIpa];

    /// Returns the name in the configuration, such as `activedirectory`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rfc2307 => "rfc2307",
            Self::ActiveDirectory => "activedirectory",
            Self::FreeIpa => "freeipa",
        }
    }

    /// Returns the preset of that name. `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }
}

/// What a kind of server calls things.
pub(crate) struct Defaults {
    /// The filter that finds a user.
    pub(crate) filter: &'static str,
    /// The attribute with the identifier that never changes.
    pub(crate) external_id: &'static str,
    /// The attribute with the login name.
    pub(crate) user_name: &'static str,
    /// How groups are looked up.
    pub(crate) groups: GroupLookup,
}

/// How it is found out whether a user is a member of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupLookup {
    /// The attribute `memberOf` of the user names direct groups; the server follows groups in groups when asked.
    MemberOfInChain,
    /// The attribute `memberOf` of the user names all groups, also those of groups.
    MemberOf,
    /// Groups name their members.
    Members,
}

impl Preset {
    /// Returns what the kind of server calls things.
    pub(crate) const fn defaults(self) -> Defaults {
        match self {
            Self::Rfc2307 => Defaults {
                filter: "(&(|(objectClass=posixAccount)(objectClass=inetOrgPerson))(|(uid={login})(mail={login})))",
                external_id: "entryUUID",
                user_name: "uid",
                groups: GroupLookup::Members,
            },
            Self::ActiveDirectory => Defaults {
                filter: "(&(objectCategory=person)(objectClass=user)\
                    (|(sAMAccountName={login})(userPrincipalName={login})(mail={login})))",
                external_id: "objectGUID",
                user_name: "sAMAccountName",
                groups: GroupLookup::MemberOfInChain,
            },
            Self::FreeIpa => Defaults {
                filter: "(&(objectClass=posixAccount)(|(uid={login})(mail={login})(krbPrincipalName={login})))",
                external_id: "ipaUniqueID",
                user_name: "uid",
                groups: GroupLookup::MemberOf,
            },
        }
    }
}
