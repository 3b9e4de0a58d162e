//! What an LDAP server says about a user, and what that gives here.

use isogloss_authority_ldap::{AttributeMap, GroupRule};
use isogloss_core::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::authorities::words::{optional_role, role_schema};

/// The names of the attributes of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LdapAttributes {
    /// The identifier that never changes, such as `entryUUID` or `objectGUID`. Not empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The login name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The URL of a picture. No preset has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// The preferred language: one tag, or several like in `Accept-Language`. Default: `preferredLanguage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The name of the organisation. No preset has one. The organisation of a group counts more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The number of the user, for dialects that name users by number. No preset has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// What membership in a group gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GroupEntry {
    /// The distinguished name of the group.
    pub group: String,
    /// The role of its members.
    #[serde(
        deserialize_with = "optional_role",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(schema_with = "role_schema")]
    pub role: Option<Role>,
    /// The organisation of its members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The identifiers of the units of its members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
}

impl LdapAttributes {
    /// Returns the names as the authority takes them.
    pub(super) fn to_map(&self) -> AttributeMap {
        AttributeMap {
            external_id: self.external_id.clone(),
            user_name: self.user_name.clone(),
            email: self.email.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            image_url: self.image_url.clone(),
            language: self.language.clone(),
            organisation: self.organisation.clone(),
            number: self.number.clone(),
        }
    }
}

impl GroupEntry {
    /// Returns the rule as the authority takes it.
    pub(super) fn to_rule(&self) -> GroupRule {
        GroupRule {
            group: self.group.clone(),
            role: self.role,
            organisation: self.organisation.clone(),
            units: self.units.clone(),
        }
    }
}
