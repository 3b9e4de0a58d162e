//! The rules for new passwords: `Company` returns them, `FinishPasswordReset` enforces them.

use isogloss_core::InvalidPassword;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// Core's own limit, see [`InvalidPassword::TooLong`]. It is checked here before a reset key is spent.
const MAX_PASSWORD_BYTES: usize = 72;

/// What a new password must be like. Passwords that are there already are not held to it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordPolicy {
    /// The minimum number of characters.
    #[schemars(range(min = 0, max = 72))]
    pub min_length: u32,
    /// The minimum number of characters that are neither letters nor digits.
    #[schemars(range(min = 0, max = 72))]
    pub special_characters: u32,
    /// Whether an upper-case and a lower-case letter are required.
    pub mixed_case: bool,
    /// Whether a digit is required.
    pub numeric: bool,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            min_length: 8,
            special_characters: 0,
            mixed_case: false,
            numeric: false,
        }
    }
}

impl PasswordPolicy {
    /// Returns a sentence for each rule that a new password breaks. Empty if it is accepted.
    pub(crate) fn violations(&self, password: &SecretString) -> Vec<String> {
        let password = password.expose_secret();
        let count = |test: fn(char) -> bool| password.chars().filter(|c| test(*c)).count();
        let has = |test: fn(char) -> bool| password.contains(test);
        let (min_length, special) = (self.min_length, self.special_characters);
        let rules = [
            (
                count(|_| true) >= to_usize(min_length),
                format!("The password must have at least {min_length} characters."),
            ),
            (
                count(|c| !c.is_alphanumeric()) >= to_usize(special),
                format!("The password must have at least {special} special characters."),
            ),
            (
                !self.mixed_case || (has(char::is_uppercase) && has(char::is_lowercase)),
                "The password must have upper-case and lower-case letters.".to_owned(),
            ),
            (
                !self.numeric || has(char::is_numeric),
                "The password must have a digit.".to_owned(),
            ),
            (
                password.len() <= MAX_PASSWORD_BYTES,
                InvalidPassword::TooLong.to_string(),
            ),
            (!password.contains('\0'), InvalidPassword::Nul.to_string()),
        ];
        rules
            .into_iter()
            .filter_map(|(kept, violation)| (!kept).then_some(violation))
            .collect()
    }
}

/// Returns the number as `usize`, or the largest `usize` if it does not fit.
fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(policy: &PasswordPolicy, password: &str) -> usize {
        policy.violations(&password.into()).len()
    }

    #[test]
    fn each_rule_is_kept() {
        let strict = PasswordPolicy {
            min_length: 6,
            special_characters: 2,
            mixed_case: true,
            numeric: true,
        };
        assert_eq!(violations(&strict, "Äb1-_2"), 0);
        for password in ["Äb1-_", "Äb1-22", "ÄB1-_2", "äb1-_2", "Äbc-_d"] {
            assert_eq!(violations(&strict, password), 1, "{password}");
        }
        assert_eq!(violations(&strict, ""), 4);
    }

    #[test]
    fn cores_limits_are_rules_too() {
        let lax = PasswordPolicy {
            min_length: 0,
            ..PasswordPolicy::default()
        };
        assert_eq!(violations(&lax, ""), 0);
        assert_eq!(violations(&lax, &"x".repeat(72)), 0);
        assert_eq!(violations(&lax, &"x".repeat(73)), 1);
        assert_eq!(violations(&lax, "a\0b"), 1);
    }
}
