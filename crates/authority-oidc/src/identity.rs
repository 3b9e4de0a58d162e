//! What claims say about a user.

use isogloss_authority::{GroupRule, apply_rules};
use isogloss_core::authority::{Cause, CauseKind, Identity};
use serde_json::Value;

use crate::claims::{Claims, SUB};
use crate::{ClaimMap, OidcSettingsError};

/// Whether the owner of an e-mail address has been verified: OpenID Connect Core 1.0, 5.1.
const EMAIL_VERIFIED: &str = "email_verified";

/// Where claims are, and what roles mean.
pub(crate) struct Mapping {
    external_id: String,
    user_name: Option<String>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    image_url: Option<String>,
    language: Option<String>,
    organisation: Option<String>,
    number: Option<String>,
    roles: Option<String>,
    rules: Vec<GroupRule>,
    /// What an ID token must have, so that userinfo need not be asked.
    needed: Vec<String>,
}

impl Mapping {
    /// Creates the mapping of the settings.
    ///
    /// # Errors
    ///
    /// [`OidcSettingsError::NoExternalId`] if users would have no identifier.
    pub(crate) fn new(map: ClaimMap, rules: Vec<GroupRule>) -> Result<Self, OidcSettingsError> {
        let named = [
            &map.external_id,
            &map.user_name,
            &map.email,
            &map.first_name,
            &map.last_name,
            &map.image_url,
            &map.language,
            &map.organisation,
            &map.number,
        ];
        let mut needed: Vec<_> = named.into_iter().flatten().cloned().collect();
        let or = |name: Option<String>, default: &str| {
            Some(name.unwrap_or_else(|| default.to_owned())).filter(|name| !name.is_empty())
        };
        let mapping = Self {
            external_id: or(map.external_id, SUB).ok_or(OidcSettingsError::NoExternalId)?,
            user_name: or(map.user_name, "preferred_username"),
            email: or(map.email, "email"),
            first_name: or(map.first_name, "given_name"),
            last_name: or(map.last_name, "family_name"),
            image_url: or(map.image_url, "picture"),
            language: or(map.language, "locale"),
            organisation: or(map.organisation, ""),
            number: or(map.number, ""),
            roles: or(map.roles, "roles").filter(|_| !rules.is_empty()),
            rules,
            needed: Vec::new(),
        };
        needed.extend(mapping.user_name.clone());
        needed.extend(mapping.roles.clone());
        needed.retain(|name| !name.is_empty());
        Ok(Self { needed, ..mapping })
    }

    /// Returns whether the claims have the login name, and those that the settings name.
    pub(crate) fn is_satisfied_by(&self, claims: &Claims) -> bool {
        self.needed.iter().all(|name| claims.get(name).is_some())
    }

    /// Returns what claims say about the user.
    ///
    /// # Errors
    ///
    /// A [`Cause`] if there is no identifier, or if a claim has another type than expected.
    pub(crate) fn identity(&self, claims: &Claims) -> Result<Identity, Cause> {
        let text = |name: &Option<String>| match name {
            Some(name) => one_text(claims, name),
            None => Ok(None),
        };
        let external_id = one_text(claims, &self.external_id)?;
        let external_id = external_id.filter(|id| !id.trim().is_empty());
        let external_id = external_id.ok_or_else(|| {
            let detail = format!("the claim {} is missing", self.external_id);
            Cause::new(CauseKind::Response, detail)
        })?;
        // Anyone can claim an address that is not verified, and users can be linked by it.
        let is_unverified = claims.get(EMAIL_VERIFIED) == Some(&Value::Bool(false));
        let mut identity = Identity {
            external_id,
            user_name: text(&self.user_name)?,
            email: text(&self.email)?.filter(|_| !is_unverified),
            first_name: text(&self.first_name)?,
            last_name: text(&self.last_name)?,
            image_url: text(&self.image_url)?,
            language: self
                .language
                .as_ref()
                .and_then(|name| text_or_json(claims, name)),
            organisation: text(&self.organisation)?,
            number: match &self.number {
                Some(name) => number(claims, name)?,
                None => None,
            },
            ..Identity::default()
        };
        if let Some(name) = &self.roles {
            let values = all_texts(claims, name)?;
            let is_member = |group: &str| values.iter().any(|value| value == group);
            apply_rules(&self.rules, is_member, &mut identity);
        }
        Ok(identity)
    }
}

/// Returns a claim that is one text, or a list of exactly one. An empty list is no claim.
fn one_text(claims: &Claims, name: &str) -> Result<Option<String>, Cause> {
    let value = match claims.get(name) {
        Some(Value::Array(all)) if all.len() <= 1 => all.first(),
        other => other,
    };
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong_type(name, "a text")),
    }
}

/// Returns a claim that is one text. For one of another type, this is its JSON, which is no language tag: it is ignored.
fn text_or_json(claims: &Claims, name: &str) -> Option<String> {
    let text = one_text(claims, name);
    text.unwrap_or_else(|_| claims.get(name).map(Value::to_string))
}

/// Returns a claim that is a list of texts, or one text. An absent claim is an empty list.
fn all_texts(claims: &Claims, name: &str) -> Result<Vec<String>, Cause> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let all = match claims.get(name) {
        None => Some(Vec::new()),
        Some(Value::Array(all)) => all.iter().map(text).collect(),
        Some(other) => text(other).map(|one| vec![one]),
    };
    all.ok_or_else(|| wrong_type(name, "a list of texts"))
}

/// Returns a claim that is a whole number, or its digits.
fn number(claims: &Claims, name: &str) -> Result<Option<i64>, Cause> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let digits = value.as_str().map(str::parse);
    let number = digits.map_or_else(|| value.as_i64(), Result::ok);
    number
        .map(Some)
        .ok_or_else(|| wrong_type(name, "a whole number"))
}

fn wrong_type(name: &str, expected: &str) -> Cause {
    let detail = format!("the claim {name} is not {expected}");
    Cause::new(CauseKind::Response, detail)
}

#[cfg(test)]
mod tests;
