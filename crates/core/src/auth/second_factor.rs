//! The second factor of a login: where its code is, and whether it is valid.

use metrics::counter;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tracing::warn;

use super::throttling::settle_attempt;
use super::{Auth, Credentials};
use crate::error::AuthError;
use crate::network::Network;
use crate::recovery_code::RecoveryCode;
use crate::refusal_cause::RefusalCause;
use crate::throttle::{AttemptTarget, ClientIp, KnownDevice};
use crate::totp::{CODE_LENGTH, TotpSecret};
use crate::user::User;

/// The second factor as a login provides it.
#[derive(Debug, Clone)]
pub enum SecondFactor {
    /// The dialect has a field for the code; `None` if it was empty.
    Code(Option<SecretString>),
    /// The dialect has no such field, and the operator's policy decides about users who need a code.
    Policy(SecondFactorPolicy),
}

impl SecondFactor {
    /// Creates the second factor of a login in a dialect without a field for the code: `rule` decides about
    /// users who need a code, and from the networks `allow_from` the password alone suffices.
    pub fn without_field(rule: SecondFactorRule, allow_from: &[Network]) -> Self {
        Self::Policy(SecondFactorPolicy {
            rule,
            allow_from: allow_from.to_vec(),
        })
    }
}

/// The policy for users with a second factor in dialects without a field for the code.
#[derive(Debug, Clone, Default)]
pub struct SecondFactorPolicy {
    /// Where the code is expected.
    pub rule: SecondFactorRule,
    /// Networks from which the password alone suffices. A login from an unknown address is in none of them.
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

/// The password field of a login, split into password and code.
#[derive(Debug, Clone)]
pub(super) struct SplitPassword {
    pub(super) password: SecretString,
    pub(super) presented: PresentedFactor,
}

/// The second factor that a login offers.
#[derive(Debug, Clone)]
pub(super) enum PresentedFactor {
    Missing,
    Code(SecretString),
    /// No code, from a network that is exempt.
    Exempt,
}

impl Credentials {
    /// Returns the password and the second factor that the login contains. Which part of the password field is
    /// which is decided before anything is hashed: each login then costs one hash. If the user has no second
    /// factor (`totp` is `None`) or the dialect has a field for the code, the whole field is the password.
    pub(super) fn split_password(
        &self,
        totp: Option<&TotpSecret>,
        now: OffsetDateTime,
    ) -> SplitPassword {
        let whole = |presented| SplitPassword {
            password: self.password.clone(),
            presented,
        };
        let policy = match &self.factor {
            SecondFactor::Code(Some(code)) => return whole(PresentedFactor::Code(code.clone())),
            SecondFactor::Code(None) => return whole(PresentedFactor::Missing),
            SecondFactor::Policy(policy) => policy,
        };
        let Some(totp) = totp else {
            return whole(PresentedFactor::Missing);
        };
        let appended = match policy.rule {
            SecondFactorRule::Refuse => None,
            SecondFactorRule::Append => split(self.password.expose_secret()),
        };
        let is_exempt = policy.exempts(self.origin.source);
        match appended {
            // A code may be sent although none is needed, but a password may also end like a code.
            Some((password, code)) if !is_exempt || totp.step(code, now).is_some() => {
                SplitPassword {
                    password: password.into(),
                    presented: PresentedFactor::Code(code.into()),
                }
            }
            _ if is_exempt => whole(PresentedFactor::Exempt),
            _ => whole(PresentedFactor::Missing),
        }
    }
}

impl SecondFactorPolicy {
    /// Returns whether the password alone suffices from that address; `false` if the address is unknown.
    fn exempts(&self, source: Option<ClientIp>) -> bool {
        let mut networks = self.allow_from.iter();
        source.is_some_and(|source| networks.any(|network| source.is_in(network)))
    }
}

/// Splits the password field and returns the password and the code that follows it. `None` if no code follows. The
/// two kinds of codes cannot be confused: one has a dash where the other has a digit.
fn split(text: &str) -> Option<(&str, &str)> {
    let digits = text
        .len()
        .checked_sub(CODE_LENGTH)
        .and_then(|end| text.split_at_checked(end))
        .filter(|(_, code)| code.bytes().all(|byte| byte.is_ascii_digit()));
    digits.or_else(|| RecoveryCode::split_off(text))
}

impl Credentials {
    /// Returns whether a refusal reveals, by the dialect's design, that the password was right and only the code
    /// is missing or wrong: the dialect has a field for the code. Codes then have a counter of their own. In all
    /// other dialects, such a refusal counts as a wrong password.
    pub(super) fn reveals_missing_code(&self, refusal: &AuthError) -> bool {
        matches!(self.factor, SecondFactor::Code(_))
            && matches!(refusal, AuthError::SecondFactorRequired(_))
    }
}

/// A check of the second factor of a user whose password was right.
#[derive(Debug, Clone, Copy)]
pub(super) struct FactorAttempt<'a> {
    pub(super) totp: &'a TotpSecret,
    pub(super) presented: &'a PresentedFactor,
    /// A live token that came with the login.
    pub(super) known_device: Option<KnownDevice>,
}

impl Auth {
    /// Returns a user whose password was right, if the second factor is right, too. Fails with
    /// [`AuthError::SecondFactorRequired`] if the code is missing, wrong or used before; a missing code does not
    /// count as an attempt. If codes of the user are locked, fails with [`AuthError::Throttled`] in a dialect
    /// with a field for the code, and with [`AuthError::SecondFactorRequired`] in all others. Fails with
    /// [`AuthError::Unavailable`] if a store is unavailable.
    pub(super) async fn check_factor(
        &self,
        user: User,
        attempt: FactorAttempt<'_>,
        credentials: &Credentials,
    ) -> Result<User, AuthError> {
        let code = match attempt.presented {
            PresentedFactor::Exempt => return Ok(user),
            PresentedFactor::Missing => {
                return Err(AuthError::SecondFactorRequired(RefusalCause::CodeMissing));
            }
            PresentedFactor::Code(code) => code.expose_secret(),
        };
        let totp = attempt.totp;
        let known_device = attempt.known_device.filter(|proof| proof.user == user.id);
        let target = (AttemptTarget::Code(user.id), known_device);
        let attempt = match self.attempt(target, &credentials.origin, &mut None).await {
            // Without a field for the code, a separate lock would reveal that the password was right.
            Err(AuthError::Throttled { .. })
                if matches!(credentials.factor, SecondFactor::Policy(_)) =>
            {
                return Err(AuthError::SecondFactorRequired(
                    RefusalCause::CodesThrottled,
                ));
            }
            attempt => attempt?,
        };
        let outcome = self.use_code(&user, totp, code).await;
        settle_attempt(attempt, outcome.map(|()| user)).await
    }

    /// Uses up a code of the current time or a recovery code. Fails with [`AuthError::SecondFactorRequired`] if it is
    /// not valid or was used before, and with [`AuthError::Unavailable`] if the directory is unavailable.
    async fn use_code(&self, user: &User, totp: &TotpSecret, code: &str) -> Result<(), AuthError> {
        let directory = &self.components.directory;
        let refused = |cause| Err(AuthError::SecondFactorRequired(cause));
        if let Some(step) = totp.step(code, self.now()) {
            return if directory.use_step(user.id, step).await? {
                Ok(())
            } else {
                refused(RefusalCause::CodeUsed)
            };
        }
        let Some(code) = RecoveryCode::parse(code) else {
            return refused(RefusalCause::CodeWrong);
        };
        let left = directory.use_recovery_code(user.id, code.digest()).await?;
        let Some(left) = left else {
            return refused(RefusalCause::CodeWrong);
        };
        counter!("isogloss_recovery_codes_used_total").increment(1);
        warn!(user.id = %user.id, left, "a recovery code was used in place of a second factor");
        Ok(())
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
