//! Origins of a user's values: distinguishes what an import last set from what was changed here since.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::rules::tidy_units;
use super::{KeyDigest, UserEntry};
use crate::language::Language;
use crate::names::tidy;
use crate::user::Role;

/// The values of a user that an import does not overwrite once they were set here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The password.
    Password,
    /// Whether the user is disabled.
    State,
    /// The second factor with its recovery codes.
    SecondFactor,
    /// The authority to which the user belongs, with the identifier there, and whether the user was adopted.
    Authority,
}

impl Part {
    /// All parts, in order.
    pub const ALL: [Self; 4] = [
        Self::Password,
        Self::State,
        Self::SecondFactor,
        Self::Authority,
    ];
}

/// The attributes that a file may set for a user, apart from secrets and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// The number.
    Number,
    /// The login name.
    UserName,
    /// The e-mail address; empty if there is none.
    Email,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// The URL of a picture.
    ImageUrl,
    /// The preferred language; empty if there is none.
    Language,
    /// The name of the role.
    Role,
    /// The name of the organisation.
    Organisation,
    /// The user's own default unit; empty if there is none.
    DefaultUnit,
    /// Further units.
    Units,
}

impl Attribute {
    pub(super) const ALL: [Self; 11] = [
        Self::Number,
        Self::UserName,
        Self::Email,
        Self::FirstName,
        Self::LastName,
        Self::ImageUrl,
        Self::Language,
        Self::Role,
        Self::Organisation,
        Self::DefaultUnit,
        Self::Units,
    ];

    /// Returns the name of the attribute in a directory file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::UserName => "user_name",
            Self::Email => "email",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::ImageUrl => "image_url",
            Self::Language => "language",
            Self::Role => "role",
            Self::Organisation => "organisation",
            Self::DefaultUnit => "default_unit",
            Self::Units => "units",
        }
    }

    /// Returns the value of the attribute in an entry.
    pub(super) fn of(self, user: &UserEntry) -> Value {
        let or_empty = |text: &Option<String>| Value::Text(text.clone().unwrap_or_default());
        match self {
            Self::Number => Value::Number(user.number),
            Self::UserName => Value::Text(user.user_name.clone()),
            Self::Email => or_empty(&user.email),
            Self::FirstName => Value::Text(user.first_name.clone()),
            Self::LastName => Value::Text(user.last_name.clone()),
            Self::ImageUrl => Value::Text(user.image_url.clone()),
            Self::Language => or_empty(&user.language.as_ref().map(Language::to_string)),
            Self::Role => Value::Text(user.role.name().to_owned()),
            Self::Organisation => Value::Text(user.organisation.clone()),
            Self::DefaultUnit => or_empty(&user.default_unit),
            Self::Units => Value::List(user.units.clone()),
        }
    }

    /// Sets the attribute in an entry. A value of the wrong type, an unknown role, or a language that is
    /// no tag changes nothing.
    pub(super) fn set(self, user: &mut UserEntry, value: Value) {
        let if_any = |text: String| Some(text).filter(|text| !text.is_empty());
        match (self, value) {
            (Self::Number, Value::Number(number)) => user.number = number,
            (Self::UserName, Value::Text(text)) => user.user_name = text,
            (Self::Email, Value::Text(text)) => user.email = if_any(text),
            (Self::FirstName, Value::Text(text)) => user.first_name = text,
            (Self::LastName, Value::Text(text)) => user.last_name = text,
            (Self::ImageUrl, Value::Text(text)) => user.image_url = text,
            (Self::Language, Value::Text(text)) => {
                if let Ok(language) = Language::parse_if_any(&text) {
                    user.language = language;
                }
            }
            (Self::Role, Value::Text(text)) => {
                user.role = Role::from_name(&text).unwrap_or(user.role);
            }
            (Self::Organisation, Value::Text(text)) => user.organisation = text,
            (Self::DefaultUnit, Value::Text(text)) => user.default_unit = if_any(text),
            (Self::Units, Value::List(units)) => user.units = units,
            (_, Value::Number(_) | Value::Text(_) | Value::List(_)) => {}
        }
    }
}

/// The value of an attribute, as in a directory file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

impl Value {
    /// Returns whether both values are equal after tidying. Older releases stored the values of files untidied.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => tidy(one) == tidy(other),
            (Self::List(one), Self::List(other)) => tidy_units(one) == tidy_units(other),
            (Self::Number(_) | Self::Text(_) | Self::List(_), _) => self == other,
        }
    }
}

/// Shows no value, because people's names and addresses do not belong in logs.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Values by attribute.
pub type Attributes = BTreeMap<Attribute, Value>;

/// The values that an import last set for a user, as the directory remembers them.
#[derive(Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedValues {
    /// Digest of the password's hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled: Option<bool>,
    /// The authority with which a synchronisation disabled the user; `None` if anyone else did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled_by: Option<String>,
    /// Digest of the second factor's secret and recovery codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second_factor: Option<String>,
    /// Digest of the link to an authority; empty if it was set here. `None` if a release without authorities imported
    /// the user, who was then local.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
    /// By name instead of [`Attribute`], because a newer release may store more of them.
    #[serde(default)]
    attributes: HashMap<String, Value>,
}

impl ImportedValues {
    /// Returns the values to remember for an entry whose marks (`set_here`, `imported`) are correct.
    pub(super) fn of(user: &UserEntry) -> Self {
        let imported = |part| !user.set_here.contains(&part);
        let said = |attribute: Attribute| {
            let said = user.imported.get(&attribute).cloned();
            let said = said.unwrap_or_else(|| attribute.of(user));
            (attribute.name().to_owned(), said)
        };
        Self {
            password: imported(Part::Password).then(|| KeyDigest::of(user.hash_or_empty()).hex()),
            disabled: imported(Part::State).then_some(user.disabled),
            disabled_by: None,
            second_factor: imported(Part::SecondFactor).then(|| second_factor(user).hex()),
            authority: Some(if imported(Part::Authority) {
                link(user).hex()
            } else {
                String::new()
            }),
            attributes: Attribute::ALL.into_iter().map(said).collect(),
        }
    }

    /// Returns the values with the authority with which a synchronisation disabled the user.
    pub(super) fn disabled_by(self, disabled_by: Option<String>) -> Self {
        Self {
            disabled_by,
            ..self
        }
    }

    /// Returns the authority with which a synchronisation disabled the user. `None` if anyone else did, or the user is
    /// not disabled.
    pub(super) fn disabler(&self) -> Option<&str> {
        self.disabled_by.as_deref()
    }

    /// Marks the values of an entry that differ from the last import (`set_here`, `imported`). Without `origin`,
    /// there was no import that set any.
    pub fn mark(origin: Option<&Self>, user: &mut UserEntry) {
        let nothing = Self {
            authority: Some(String::new()),
            ..Self::default()
        };
        let origin = origin.unwrap_or(&nothing);
        let replaced = user.replaced_hashes.iter().copied();
        let mut hashes = replaced.chain([KeyDigest::of(user.hash_or_empty())]);
        let here = |part: &Part| match part {
            Part::Password => {
                let said = origin.password.as_deref();
                said.is_none_or(|said| !hashes.any(|hash| hash.hex() == said))
            }
            Part::State => origin.disabled != Some(user.disabled),
            Part::SecondFactor => {
                let now = second_factor(user).hex();
                origin.second_factor.as_deref() != Some(now.as_str())
            }
            Part::Authority => match &origin.authority {
                Some(said) => *said != link(user).hex(),
                None => user.authority.is_some(),
            },
        };
        user.set_here = Part::ALL.into_iter().filter(here).collect();
        let differing = Attribute::ALL.into_iter().filter_map(|attribute| {
            let said = origin.attributes.get(attribute.name())?;
            (*said != attribute.of(user)).then(|| (attribute, said.clone()))
        });
        user.imported = differing.collect();
    }
}

/// Returns a digest of the secret and the recovery codes, regardless of which codes are spent.
fn second_factor(user: &UserEntry) -> KeyDigest {
    let codes = user.recovery_codes.iter().flatten();
    let mut parts: Vec<_> = codes.map(|code| code.digest.hex()).collect();
    parts.sort();
    parts.insert(0, user.totp_secret.clone().unwrap_or_default());
    KeyDigest::of(&parts.join(" "))
}

/// Returns a digest of the authority, of the identifier there, and of whether the user was adopted.
fn link(user: &UserEntry) -> KeyDigest {
    let authority = user.authority.as_deref().unwrap_or_default();
    let external_id = user.external_id.as_deref().unwrap_or_default();
    let adopted = if user.adopted { "adopted" } else { "" };
    // None of them has a line feed.
    KeyDigest::of(&[authority, external_id, adopted].join("\n"))
}
