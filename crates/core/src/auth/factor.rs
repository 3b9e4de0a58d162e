//! The second factor of a login: where its code stands, and whether it is good.

use metrics::counter;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tracing::warn;

use super::throttled::settled;
use super::{Auth, Credentials};
use crate::error::AuthError;
use crate::network::Network;
use crate::recovery::RecoveryCode;
use crate::throttle::{Guess, Proof, Source};
use crate::totp::{CODE_LENGTH, TotpSecret};
use crate::user::User;

/// What a login brings of the second factor.
#[derive(Debug, Clone)]
pub enum SecondFactor {
    /// The dialect has a field for the code; `None` if there was nothing in it.
    Code(Option<SecretString>),
    /// The dialect has no such field, and the operator says what becomes of users who need one.
    Policy(SecondFactorPolicy),
}

impl SecondFactor {
    /// Of a login in a dialect without a field for the code.
    pub fn without_field(rule: SecondFactorRule, allow_from: &[Network]) -> Self {
        Self::Policy(SecondFactorPolicy {
            rule,
            allow_from: allow_from.to_vec(),
        })
    }
}

/// What becomes of users with a second factor where there is no field for the code.
#[derive(Debug, Clone, Default)]
pub struct SecondFactorPolicy {
    /// Where the code is looked for.
    pub rule: SecondFactorRule,
    /// Networks from which the password alone will do. Who comes from an unknown address comes from
    /// none of them.
    pub allow_from: Vec<Network>,
}

/// Where the code is looked for if there is no field for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum SecondFactorRule {
    /// Users with a second factor are refused.
    #[default]
    Refuse,
    /// The code directly follows the password: six digits, or a recovery code as it was printed, with its
    /// dashes.
    Append,
}

impl TryFrom<String> for SecondFactorRule {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "refuse" => Ok(Self::Refuse),
            "append" => Ok(Self::Append),
            _ => Err("expected refuse or append"),
        }
    }
}

/// How the password field of a login is read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) password: SecretString,
    pub(super) offered: Offered,
}

/// What a login has to show for the second factor.
#[derive(Debug, Clone)]
pub(super) enum Offered {
    Nothing,
    Code(SecretString),
    /// Nothing, and from where it comes nothing is asked.
    Excused,
}

impl Credentials {
    /// Decides, before anything is hashed, what is the password and what the code: so each login
    /// costs one hash. Of a user without a second factor the whole field is the password.
    pub(super) fn reading(&self, totp: Option<&TotpSecret>, now: OffsetDateTime) -> Reading {
        let whole = |offered| Reading {
            password: self.password.clone(),
            offered,
        };
        let policy = match &self.factor {
            SecondFactor::Code(Some(code)) => return whole(Offered::Code(code.clone())),
            SecondFactor::Code(None) => return whole(Offered::Nothing),
            SecondFactor::Policy(policy) => policy,
        };
        let Some(totp) = totp else {
            return whole(Offered::Nothing);
        };
        let appended = match policy.rule {
            SecondFactorRule::Refuse => None,
            SecondFactorRule::Append => split(self.password.expose_secret()),
        };
        let excused = policy.excuses(self.origin.source);
        match appended {
            // A code is welcome where none is asked for, but a password may end like one.
            Some((password, code)) if !excused || totp.step(code, now).is_some() => Reading {
                password: password.into(),
                offered: Offered::Code(code.into()),
            },
            _ if excused => whole(Offered::Excused),
            _ => whole(Offered::Nothing),
        }
    }
}

impl SecondFactorPolicy {
    fn excuses(&self, source: Option<Source>) -> bool {
        let mut networks = self.allow_from.iter();
        source.is_some_and(|source| networks.any(|network| source.is_in(network)))
    }
}

/// The password and the code that was written behind it. The two kinds of codes cannot be taken for
/// each other: one has a dash where the other has a digit.
fn split(text: &str) -> Option<(&str, &str)> {
    let digits = text
        .len()
        .checked_sub(CODE_LENGTH)
        .and_then(|end| text.split_at_checked(end))
        .filter(|(_, code)| code.bytes().all(|byte| byte.is_ascii_digit()));
    digits.or_else(|| RecoveryCode::split_off(text))
}

impl Credentials {
    /// Whether a refusal says, by the dialect's design, that the password was right and only the code
    /// is missing or wrong: the dialect has a field for it. Codes are counted by themselves there. In
    /// all others such a refusal counts as a wrong password.
    pub(super) fn is_asked_for_code(&self, refusal: &AuthError) -> bool {
        matches!(self.factor, SecondFactor::Code(_))
            && matches!(refusal, AuthError::SecondFactorRequired)
    }
}

/// What a login whose password was right is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct FactorAttempt<'a> {
    pub(super) totp: &'a TotpSecret,
    pub(super) offered: &'a Offered,
    /// A live token that came with the login.
    pub(super) proven: Option<Proof>,
}

impl Auth {
    /// Lets a user in whose password was right, if the second factor is, too. A code that is
    /// missing, wrong or used up is one refusal; no code is no guess.
    pub(super) async fn check_factor(
        &self,
        user: User,
        attempt: FactorAttempt<'_>,
        credentials: &Credentials,
    ) -> Result<User, AuthError> {
        let code = match attempt.offered {
            Offered::Excused => return Ok(user),
            Offered::Nothing => return Err(AuthError::SecondFactorRequired),
            Offered::Code(code) => code.expose_secret(),
        };
        let totp = attempt.totp;
        let proven = attempt.proven.filter(|proof| proof.user == user.id);
        let guess = (Guess::Code(user.id), proven);
        let turn = match self.turn(guess, &credentials.origin, &mut None).await {
            // Without a field for the code, a lock of its own would tell that the password was right.
            Err(AuthError::Throttled { .. })
                if matches!(credentials.factor, SecondFactor::Policy(_)) =>
            {
                return Err(AuthError::SecondFactorRequired);
            }
            turn => turn?,
        };
        match self.use_code(&user, totp, code).await {
            // The try at the code stays taken.
            Ok(false) => Err(AuthError::SecondFactorRequired),
            Ok(true) => settled(turn, Ok(user)).await,
            Err(error) => settled(turn, Err(error)).await,
        }
    }

    async fn use_code(
        &self,
        user: &User,
        totp: &TotpSecret,
        code: &str,
    ) -> Result<bool, AuthError> {
        let directory = &self.0.directory;
        if let Some(step) = totp.step(code, self.now()) {
            return Ok(directory.use_step(user.id, step).await?);
        }
        let Some(code) = RecoveryCode::read(code) else {
            return Ok(false);
        };
        let left = directory.use_recovery_code(user.id, code.digest()).await?;
        if let Some(left) = left {
            counter!("isogloss_recovery_codes_used_total").increment(1);
            warn!(user.id = %user.id, left, "a recovery code was used in place of a second factor");
        }
        Ok(left.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_password_is_split_off() {
        for (text, expected) in [
            ("pw123456", Some(("pw", "123456"))),
            ("pw 123456", Some(("pw ", "123456"))),
            ("pw1234567", Some(("pw1", "234567"))),
            ("123456", Some(("", "123456"))),
            ("pwabcd-efgh-2345", Some(("pw", "abcd-efgh-2345"))),
            ("pw2345-2345-2345", Some(("pw", "2345-2345-2345"))),
            ("pw12345", None),
            ("pw12345a", None),
            ("12345", None),
            ("", None),
            ("pwabcdefgh2345", None),
            ("é12345", None),
            ("pw１２３４５６", None),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn an_unknown_rule_is_refused_with_those_that_exist() {
        let rule = |text: &str| SecondFactorRule::try_from(text.to_owned());
        assert_eq!(rule("refuse"), Ok(SecondFactorRule::Refuse));
        assert_eq!(rule("append"), Ok(SecondFactorRule::Append));
        assert_eq!(rule("ask"), Err("expected refuse or append"));
    }
}
