//! What a refusal of the token endpoint means.

use isogloss_core::authority::{Cause, CauseKind, Decision, DisabledReason};
use serde::Deserialize;

/// What Keycloak says of a wrong password.
const WRONG: &str = "Invalid user credentials";

/// A refusal: RFC 6749, 5.2.
#[derive(Deserialize)]
pub(crate) struct Refusal {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

/// What an error code of the token endpoint says.
enum Kind {
    /// About the user.
    User,
    /// About us as a client, or about what we ask for: the operator must act.
    Client(&'static str),
    /// That several users have the name, as Keycloak says it.
    Duplicate,
    /// That the provider does not work.
    Server,
    /// Something else.
    Other,
}

/// Returns the decision that a refusal means.
///
/// # Errors
///
/// The [`Cause`] if it is no judgement of the password. Its text has nothing of the description, in which names can be.
pub(crate) fn decision(refusal: &Refusal) -> Result<Decision, Cause> {
    let description = refusal.error_description.as_deref().unwrap_or_default();
    match kind(&refusal.error, description) {
        Kind::User => match entra_code(description) {
            Some(code) => of_entra(code),
            None => Ok(of_keycloak(description)),
        },
        Kind::Client(advice) => {
            let code = entra_code(description).map(|code| format!(" (AADSTS{code})"));
            let detail = format!("{}{}: {advice}", refusal.error, code.unwrap_or_default());
            Err(Cause::new(CauseKind::Configuration, detail))
        }
        Kind::Duplicate => {
            let detail = "the provider has several users with this name or e-mail address";
            Err(Cause::new(CauseKind::Ambiguous, detail))
        }
        Kind::Server => Err(Cause::new(CauseKind::Refused, &refusal.error)),
        Kind::Other => {
            let detail = "the token endpoint refuses with an error that is not in RFC 6749";
            Err(Cause::new(CauseKind::Response, detail))
        }
    }
}

fn kind(error: &str, description: &str) -> Kind {
    match error {
        // The second one is of Entra ID, where a password is not enough.
        "invalid_grant" | "interaction_required" => Kind::User,
        "invalid_client" => Kind::Client("check client_id and client_secret"),
        "unauthorized_client" => Kind::Client(
            "permit the client the password grant, in Keycloak \"Direct access grants\"",
        ),
        "unsupported_grant_type" => Kind::Client("the provider does not have the password grant"),
        "invalid_scope" => Kind::Client("check scope"),
        "invalid_request" if description == WRONG => Kind::Duplicate,
        "invalid_request" => Kind::Client(
            "the client may lack the password grant, or the provider wants more than a name and a password",
        ),
        "server_error" | "temporarily_unavailable" => Kind::Server,
        _ => Kind::Other,
    }
}

/// Returns the number of the first `AADSTS` code in a description.
fn entra_code(description: &str) -> Option<u32> {
    let (_, rest) = description.split_once("AADSTS")?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
}

/// Returns what a code of Entra ID means: "Microsoft Entra authentication and authorization error codes". Codes that say
/// nothing about the password are no judgement.
fn of_entra(code: u32) -> Result<Decision, Cause> {
    Ok(match code {
        50_056 | 50_126 => Decision::Rejected,
        50_034 | 51_004 => Decision::UnknownUser,
        // The code does not say whether the password is right.
        50_057 => Decision::DisabledUnjudged(DisabledReason::Disabled),
        50_055 | 50_144 => Decision::Disabled(DisabledReason::PasswordExpired),
        // Conditional access, and an application that the user is not assigned to.
        50_105 | 53_000..=53_004 => Decision::Disabled(DisabledReason::Restricted),
        50_053 => Decision::Throttled { retry_after: None },
        50_072 | 50_074 | 50_076 | 50_079 | 50_158 => Decision::SecondFactorRequired,
        _ => {
            let detail = format!("AADSTS{code}, which does not say whether the password is right");
            return Err(Cause::new(CauseKind::Configuration, detail));
        }
    })
}

/// Returns what a description of Keycloak means. Every other one is a wrong password: that is what `invalid_grant` means
/// for this grant.
fn of_keycloak(description: &str) -> Decision {
    match description {
        // Keycloak says so before it checks the password.
        "Account disabled" => Decision::DisabledUnjudged(DisabledReason::Disabled),
        // A required action, such as a new password. The password is right.
        "Account is not fully set up" => Decision::Disabled(DisabledReason::PasswordExpired),
        _ => Decision::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(error: &str, description: &str) -> Result<Decision, CauseKind> {
        let refusal = Refusal {
            error: error.to_owned(),
            error_description: Some(description.to_owned()),
        };
        decision(&refusal).map_err(|cause| cause.kind)
    }

    #[test]
    fn invalid_grant_means_a_wrong_password_unless_the_provider_says_otherwise() {
        let throttled = Decision::Throttled { retry_after: None };
        let disabled = |reason| Decision::Disabled(reason);
        let unjudged = Decision::DisabledUnjudged(DisabledReason::Disabled);
        for (description, expected) in [
            ("", Decision::Rejected),
            ("Invalid user credentials", Decision::Rejected),
            ("Account disabled", unjudged.clone()),
            (
                "Account is not fully set up",
                disabled(DisabledReason::PasswordExpired),
            ),
            (
                "AADSTS50126: Error validating credentials. Trace ID: 50057",
                Decision::Rejected,
            ),
            ("AADSTS50034: The user account", Decision::UnknownUser),
            ("AADSTS50057: The user", unjudged),
            (
                "AADSTS50055: expired",
                disabled(DisabledReason::PasswordExpired),
            ),
            ("AADSTS50053: locked", throttled),
            ("AADSTS50076: MFA", Decision::SecondFactorRequired),
            ("AADSTS50079: enrol", Decision::SecondFactorRequired),
            ("AADSTS53003: blocked", disabled(DisabledReason::Restricted)),
        ] {
            assert_eq!(decided("invalid_grant", description), Ok(expected));
        }
        let second_factor = decided("interaction_required", "AADSTS50076: MFA");
        assert_eq!(second_factor, Ok(Decision::SecondFactorRequired));
    }

    #[test]
    fn other_errors_are_no_judgement() {
        for (error, description, expected) in [
            ("invalid_client", "", CauseKind::Configuration),
            ("unauthorized_client", "", CauseKind::Configuration),
            ("unsupported_grant_type", "", CauseKind::Configuration),
            ("invalid_scope", "", CauseKind::Configuration),
            ("invalid_request", "", CauseKind::Configuration),
            ("invalid_request", WRONG, CauseKind::Ambiguous),
            ("server_error", "", CauseKind::Refused),
            ("temporarily_unavailable", "", CauseKind::Refused),
            ("slow_down", "", CauseKind::Response),
            ("", "", CauseKind::Response),
            ("Invalid_Grant", "", CauseKind::Response),
            (
                "invalid_grant",
                "AADSTS65001: consent",
                CauseKind::Configuration,
            ),
            (
                "invalid_grant",
                "AADSTS700082: expired",
                CauseKind::Configuration,
            ),
        ] {
            assert_eq!(decided(error, description), Err(expected), "{error}");
        }
    }

    #[test]
    fn descriptions_stay_out_of_causes() {
        for error in ["invalid_client", "invalid_grant", "server_error", "kim"] {
            let refusal = Refusal {
                error: error.to_owned(),
                error_description: Some("AADSTS1: the user kim of example".to_owned()),
            };
            let cause = decision(&refusal).unwrap_err().to_string();
            assert!(!cause.contains("kim"), "{cause}");
        }
    }
}
