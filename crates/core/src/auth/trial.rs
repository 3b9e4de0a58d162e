//! Trials of logins for operators: what each step of a login finds. They count no attempt, issue no token and change no
//! user.

mod locks;

use secrecy::{ExposeSecret as _, SecretString};

use super::password_check::Judge;
use super::second_factor::PresentedFactor;
use super::{Auth, Credentials, OrganisationName};
use crate::authority::Decision;
use crate::directory::Account;
use crate::error::AuthError;
use crate::names::is_same_name;
use crate::throttle::RequestedAccess;
use crate::user::{User, UserState};

/// What a step of a login has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialStep {
    /// The step, such as `password`.
    pub step: &'static str,
    /// Whether a login passes the step.
    pub verdict: TrialVerdict,
    /// What the step has found, as the rest of a sentence.
    pub text: String,
}

/// Whether a login passes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialVerdict {
    /// It does.
    Passes,
    /// It does not.
    Fails,
    /// It cannot be said.
    Unknown,
}

impl TrialVerdict {
    /// Returns the name of the verdict: `passes`, `fails` or `unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Fails => "fails",
            Self::Unknown => "unknown",
        }
    }
}

impl Auth {
    /// Walks through a login and returns what each step finds, in the order of a login. Unlike a login, it goes on after
    /// a step that fails. An authority is asked as at a login.
    ///
    /// # Errors
    ///
    /// [`AuthError::Overloaded`] if too many logins wait for a hashing thread, and [`AuthError::Unavailable`] if a store
    /// is unavailable.
    pub async fn try_login(&self, credentials: &Credentials) -> Result<Vec<TrialStep>, AuthError> {
        let mut steps = vec![self.try_locks(credentials).await?];
        let account = self.components.directory.account(&credentials.name).await?;
        steps.push(match &account {
            Some(account) => passes("name", format!("the user {}", account.user.user_name)),
            None => fails("name", "no user here has it".to_owned()),
        });
        steps.push(self.password_step(account.as_ref(), credentials).await?);
        let Some(account) = account else {
            return Ok(steps);
        };
        steps.extend(organisation_step(
            &account.user,
            credentials.organisation.as_ref(),
        ));
        steps.push(match account.user.state {
            UserState::Active => passes("account", "enabled".to_owned()),
            UserState::Disabled => fails("account", "disabled".to_owned()),
        });
        steps.push(unit_step(
            &account.user,
            credentials.origin.requested.as_ref(),
        ));
        steps.push(self.factor_step(&account, credentials));
        Ok(steps)
    }

    /// Returns whether the password is right, and who says so.
    async fn password_step(
        &self,
        account: Option<&Account>,
        credentials: &Credentials,
    ) -> Result<TrialStep, AuthError> {
        if self.matches_app_password(account, credentials).await? {
            let text = "an application password of the user, which needs no second factor";
            return Ok(passes("password", text.to_owned()));
        }
        let totp = account.and_then(|account| account.totp.as_ref());
        let password = credentials.split_password(totp, self.now()).password;
        let step = match self.judge(account, credentials, &password)? {
            Judge::Hash => self.try_hash(account, (credentials, password)).await?,
            Judge::Authorities(authorities) => {
                let (authority, decision, _) = self
                    .judge_in_order(&authorities, account, (credentials, &password))
                    .await?;
                let (verdict, said) = said_of(&decision);
                let name = &authority.settings().name;
                TrialStep {
                    step: "password",
                    verdict,
                    text: format!("the authority {name} says: {said}"),
                }
            }
        };
        Ok(step)
    }

    /// Returns whether the stored hash is of the password.
    async fn try_hash(
        &self,
        account: Option<&Account>,
        (credentials, password): (&Credentials, SecretString),
    ) -> Result<TrialStep, AuthError> {
        let Some(account) = account else {
            return Ok(fails(
                "password",
                "there is no user to check it for".to_owned(),
            ));
        };
        let Some(hash) = &account.password_hash else {
            return Ok(fails("password", "the user has none here".to_owned()));
        };
        let (passwords, hash) = (&self.components.passwords, hash.expose_secret());
        if let Err(error) = passwords.check_hash(hash) {
            let text = format!("it cannot be checked: the stored hash {error}");
            return Ok(fails("password", text));
        }
        let _permit = self.hashing_permit(&credentials.origin)?;
        let matches = passwords.verify(password, Some(hash.to_owned())).await?;
        Ok(if matches {
            passes("password", "it is right".to_owned())
        } else {
            fails("password", "it is wrong".to_owned())
        })
    }

    /// Returns whether the second factor is there that the login needs.
    fn factor_step(&self, account: &Account, credentials: &Credentials) -> TrialStep {
        let Some(totp) = &account.totp else {
            return passes("second factor", "the user has none".to_owned());
        };
        match credentials.split_password(Some(totp), self.now()).presented {
            PresentedFactor::Exempt => {
                passes("second factor", "not needed from this network".to_owned())
            }
            PresentedFactor::Missing => {
                fails("second factor", "it is on, and there is no code".to_owned())
            }
            PresentedFactor::Code(code) => {
                if totp.step(code.expose_secret(), self.now()).is_some() {
                    passes(
                        "second factor",
                        "the code is right, unless it was used before".to_owned(),
                    )
                } else {
                    fails(
                        "second factor",
                        "the code is wrong, or is a recovery code".to_owned(),
                    )
                }
            }
        }
    }
}

fn organisation_step(user: &User, named: Option<&OrganisationName>) -> Option<TrialStep> {
    let named = named?;
    let own = &user.organisation.name;
    Some(if named.is(own) {
        passes("organisation", format!("the user belongs to {own}"))
    } else if is_same_name(&named.text().to_lowercase(), &own.to_lowercase()) {
        let text = format!("the user belongs to {own}, which differs in upper and lower case");
        fails("organisation", text)
    } else {
        fails("organisation", format!("the user belongs to {own}"))
    })
}

fn unit_step(user: &User, requested: Option<&RequestedAccess>) -> TrialStep {
    let all = user.units.join(", ");
    let own = match &user.default_unit {
        Some(default) => format!("the default one is {default}, all are {all}"),
        None if user.units.is_empty() => "the user has none".to_owned(),
        None => format!("the user has no default one, all are {all}"),
    };
    match requested {
        Some(RequestedAccess::Unit(unit)) => {
            let unit = unit.as_ref().or(user.default_unit.as_ref());
            if unit.is_some_and(|unit| user.units.contains(unit)) {
                passes("unit", own)
            } else {
                fails("unit", own)
            }
        }
        Some(RequestedAccess::User(_)) | None => passes("unit", own),
    }
}

/// Returns whether a login passes with that decision of an authority, and what the authority said.
fn said_of(decision: &Decision) -> (TrialVerdict, String) {
    match decision {
        Decision::Accepted(_) => (TrialVerdict::Passes, "accepted".to_owned()),
        Decision::Unavailable(cause) => (TrialVerdict::Unknown, format!("nothing: {cause}")),
        Decision::Disabled(reason) | Decision::DisabledUnjudged(reason) => {
            (TrialVerdict::Fails, reason.name().replace('_', " "))
        }
        Decision::UnknownUser
        | Decision::Rejected
        | Decision::SecondFactorRequired
        | Decision::Throttled { .. } => (TrialVerdict::Fails, decision.name().replace('_', " ")),
    }
}

fn passes(step: &'static str, text: String) -> TrialStep {
    TrialStep {
        step,
        verdict: TrialVerdict::Passes,
        text,
    }
}

fn fails(step: &'static str, text: String) -> TrialStep {
    TrialStep {
        step,
        verdict: TrialVerdict::Fails,
        text,
    }
}
