//! The words that settings of LDAP servers can be.

use isogloss_authority_ldap::{Preset, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of an LDAP server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum LdapPreset {
    /// OpenLDAP and others with the classes of RFC 2307 or `inetOrgPerson`.
    #[default]
    Rfc2307,
    /// Active Directory, or Samba as its domain controller.
    ActiveDirectory,
    /// FreeIPA.
    FreeIpa,
}

impl TryFrom<String> for LdapPreset {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match Preset::from_name(&word) {
            Some(Preset::Rfc2307) => Ok(Self::Rfc2307),
            Some(Preset::ActiveDirectory) => Ok(Self::ActiveDirectory),
            Some(Preset::FreeIpa) => Ok(Self::FreeIpa),
            None => Err("expected rfc2307, activedirectory or freeipa"),
        }
    }
}

/// How far below the base users are looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum LdapScope {
    /// Directly below the base.
    OneLevel,
    /// At any depth.
    #[default]
    Subtree,
}

impl TryFrom<String> for LdapScope {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "onelevel" => Ok(Self::OneLevel),
            "subtree" => Ok(Self::Subtree),
            _ => Err("expected onelevel or subtree"),
        }
    }
}

impl From<LdapPreset> for Preset {
    fn from(preset: LdapPreset) -> Self {
        match preset {
            LdapPreset::Rfc2307 => Self::Rfc2307,
            LdapPreset::ActiveDirectory => Self::ActiveDirectory,
            LdapPreset::FreeIpa => Self::FreeIpa,
        }
    }
}

impl From<LdapScope> for Scope {
    fn from(scope: LdapScope) -> Self {
        match scope {
            LdapScope::OneLevel => Self::OneLevel,
            LdapScope::Subtree => Self::Subtree,
        }
    }
}
