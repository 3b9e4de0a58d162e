//! The policy for passwords that people choose: length, how easily they are guessed, and names that they must not be.

use isogloss_password::{InvalidPassword, check_new_password};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use zxcvbn::zxcvbn;

use crate::names::login_form;
use crate::user::User;

/// The number of characters that a name must have for a password not to contain it.
const SHORTEST_NAME: usize = 4;

/// The requirements for a password that a person chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The minimum number of characters.
    pub min_length: u32,
    /// The minimum score of the estimator `zxcvbn`, from 0 (guessed at once) to 4 (very hard to guess).
    pub min_score: u8,
}

/// Why a password does not meet the policy. Its text is for the person who chose the password, and does not contain it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyViolation {
    /// The password is too short.
    #[error("The password must have at least {0} characters.")]
    TooShort(u32),
    /// No password like this can be set.
    #[error("The password cannot be used: {0}.")]
    Invalid(InvalidPassword),
    /// The password contains a name of the user or of the organisation.
    #[error(
        "The password must not contain your name, your e-mail address or the name of your organisation."
    )]
    ContainsName,
    /// The password is too easy to guess, with advice if there is any.
    #[error("The password is too easy to guess. {0}")]
    Guessable(String),
}

impl PasswordPolicy {
    /// Returns `Ok` if the user may have this password.
    ///
    /// # Errors
    ///
    /// The first [`PolicyViolation`] of the password.
    pub fn check(&self, password: &SecretString, user: &User) -> Result<(), PolicyViolation> {
        let password = password.expose_secret();
        // Before the estimate, which takes long for a long text. An empty password is too short.
        match check_new_password(password) {
            Ok(()) | Err(InvalidPassword::Empty) => {}
            Err(error) => return Err(PolicyViolation::Invalid(error)),
        }
        let length = u32::try_from(password.chars().count()).unwrap_or(u32::MAX);
        if length < self.min_length.max(1) {
            return Err(PolicyViolation::TooShort(self.min_length.max(1)));
        }
        let names = names(user);
        let form = login_form(password);
        let is_name = |name: &String| {
            *name == form || (name.chars().count() >= SHORTEST_NAME && form.contains(&**name))
        };
        if names.iter().any(is_name) {
            return Err(PolicyViolation::ContainsName);
        }
        let inputs: Vec<_> = names.iter().map(String::as_str).collect();
        let estimate = zxcvbn(password, &inputs);
        if u8::from(estimate.score()) < self.min_score {
            return Err(PolicyViolation::Guessable(advice(estimate.feedback())));
        }
        Ok(())
    }
}

/// Returns what a password of the user must not be or contain, in the form in which logins are compared.
fn names(user: &User) -> Vec<String> {
    let email = user.email.as_deref().unwrap_or_default();
    let before_at = |text: &str| text.split('@').next().unwrap_or_default().to_owned();
    let names = [
        user.user_name.clone(),
        before_at(&user.user_name),
        email.to_owned(),
        before_at(email),
        user.first_name.clone(),
        user.last_name.clone(),
        user.organisation.name.clone(),
    ];
    let mut names: Vec<_> = names.iter().map(|name| login_form(name)).collect();
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}

/// Returns the estimator's advice as sentences.
fn advice(feedback: Option<&zxcvbn::feedback::Feedback>) -> String {
    let Some(feedback) = feedback else {
        return "Use a few uncommon words.".to_owned();
    };
    let warning = feedback.warning().map(|warning| warning.to_string());
    let suggestions = feedback.suggestions().iter().map(ToString::to_string);
    let sentences: Vec<_> = warning.into_iter().chain(suggestions).collect();
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::user::{Organisation, Role, UserState};

    const POLICY: PasswordPolicy = PasswordPolicy {
        min_length: 10,
        min_score: 3,
    };

    fn user() -> User {
        User {
            id: Uuid::from_u128(1),
            number: 1,
            user_name: "Countess".to_owned(),
            email: Some("ada.lovelace@example.com".to_owned()),
            first_name: "Ada".to_owned(),
            last_name: "Lovelace".to_owned(),
            image_url: String::new(),
            language: None,
            role: Role::Linguist,
            organisation: Organisation {
                id: Uuid::from_u128(2),
                name: "Analytical Engines".to_owned(),
            },
            units: Vec::new(),
            default_unit: None,
            state: UserState::Active,
            generation: 0,
        }
    }

    fn check(password: &str) -> Result<(), PolicyViolation> {
        POLICY.check(&password.into(), &user())
    }

    #[test]
    fn a_password_that_is_hard_to_guess_is_accepted() {
        for password in [
            "tundra violin 72 kettle",
            "q8ZpL0wXv3RtY7sK",
            "Ümläutkröte-94-x",
        ] {
            assert_eq!(check(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn short_and_long_passwords_are_refused() {
        assert_eq!(check("q8ZpL0wXv"), Err(PolicyViolation::TooShort(10)));
        assert_eq!(check("ü8ZpL0wXv3"), Ok(()), "characters count, not bytes");
        let long = PolicyViolation::Invalid(InvalidPassword::TooLong);
        assert_eq!(check(&"q8Zp".repeat(19)), Err(long));
        let nul = PolicyViolation::Invalid(InvalidPassword::Nul);
        assert_eq!(check("q8ZpL0wXv3\0RtY7sK"), Err(nul));
        let none = PasswordPolicy {
            min_length: 0,
            min_score: 0,
        };
        let empty = none.check(&"".into(), &user());
        assert_eq!(empty, Err(PolicyViolation::TooShort(1)));
    }

    #[test]
    fn a_password_with_a_name_of_the_user_is_refused_in_any_case() {
        for password in [
            "COUNTESS-q8ZpL0wXv3",
            "q8ZpL0wX-lovelace",
            "ada.lovelace@example.com",
            "xx Analytical Engines 72",
        ] {
            assert_eq!(
                check(password),
                Err(PolicyViolation::ContainsName),
                "{password}"
            );
        }
        // Too short a name to be looked for: it is in many words.
        assert_eq!(check("canada violin 72 kettle"), Ok(()));
    }

    #[test]
    fn a_guessable_password_is_refused_with_advice_and_without_itself() {
        for password in [
            "password1234",
            "qwertyuiop12",
            "aaaaaaaaaaaa",
            "12345678901",
        ] {
            let refusal = check(password).unwrap_err();
            let said = refusal.to_string();
            assert!(
                said.starts_with("The password is too easy to guess. "),
                "{said}"
            );
            assert!(said.len() > 40 && !said.contains(password), "{said}");
        }
    }
}
