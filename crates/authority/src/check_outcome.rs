//! What a decision shows an operator who tries an authority.

use isogloss_core::authority::{Cause, Decision};

/// Returns what a decision about a login says. `Err` has why there was none, as `explain` puts it.
///
/// # Errors
///
/// If the authority did not judge.
pub fn login_outcome(
    decision: &Decision,
    explain: impl Fn(&Cause) -> String,
) -> Result<String, String> {
    match decision {
        Decision::Accepted(identity) => Ok(format!(
            "accepted, the external_id is {}, the role {}",
            identity.external_id,
            identity.role.map_or("none", |role| role.name())
        )),
        Decision::Disabled(reason) => Ok(format!(
            "the password is right, but the user may not log in: {}",
            reason.name()
        )),
        Decision::DisabledUnjudged(reason) => Ok(format!(
            "the user may not log in: {}; the password was not judged",
            reason.name()
        )),
        Decision::UnknownUser
        | Decision::Rejected
        | Decision::SecondFactorRequired
        | Decision::Throttled { .. } => Ok(decision.name().to_owned()),
        Decision::Unavailable(cause) => Err(explain(cause)),
    }
}

/// Returns what a decision about a name and a password that were made up says.
///
/// # Errors
///
/// If the authority did not judge, or if it accepts them.
pub fn made_up_login_outcome(
    decision: &Decision,
    explain: impl Fn(&Cause) -> String,
) -> Result<String, String> {
    match decision {
        Decision::UnknownUser | Decision::Rejected => {
            Ok("it accepts our request, and refuses the name that does not exist".to_owned())
        }
        Decision::Accepted(_) => Err(
            "it accepts a name and a password that were made up: it does not check them".to_owned(),
        ),
        Decision::Disabled(_)
        | Decision::DisabledUnjudged(_)
        | Decision::SecondFactorRequired
        | Decision::Throttled { .. } => Ok(format!("it answers: {}", decision.name())),
        Decision::Unavailable(cause) => Err(explain(cause)),
    }
}
