//! What the causes mean that an authority gave, or for which it could not be asked.

use super::Sentences;

/// The advice for everything that the authority itself decides.
const TRY_IT: Option<&str> =
    Some("Look into the authority's own log, or try the login with isogloss authority check.");

/// Returns what a cause means that the authority of that name gave, or for which it could not be asked. `None` for other
/// causes.
pub(super) fn authority_sentences(authority: &str, cause: &str, detail: &str) -> Option<Sentences> {
    let says = |text: &str| (format!("The authority {authority} {text}."), TRY_IT);
    let failed = |text: &str| {
        let detail = match detail {
            "" => String::new(),
            detail => format!(" ({detail})"),
        };
        (
            format!("The authority {authority} could not be asked: {text}{detail}."),
            Some("Run isogloss authority check, and see docs/authorities.md."),
        )
    };
    Some(match cause {
        "wrong_password" => says("says that the password is wrong"),
        "unknown_name" | "unknown_user" => says("does not know the user"),
        "throttled" => says("has locked the user for now"),
        "disabled" => says("says that the account is disabled"),
        "account_expired" => says("says that the account has expired"),
        "restricted" => says("says that the account may not be used at this time or from here"),
        "password_expired" => {
            says("says that the password has expired or must be changed before it can be used")
        }
        "authority" => {
            says("requires something that the dialect cannot pass on, such as a second factor")
        }
        "ambiguous" => says("has more than one user of this name"),
        "not_linked" => {
            says("accepts the password, but of another person than the user who has this name here")
        }
        "invalid_user" => {
            says("accepts the password, but the user cannot be added here from what it says")
        }
        "connect" => failed("no server of it is reachable"),
        "tls" => failed("there is no secure connection"),
        "timeout" => failed("its response took too long"),
        "closed" => failed("it closed the connection"),
        "response" => failed("its response cannot be read"),
        "refused" => failed("it refuses to respond"),
        "configuration" => failed("it does not accept the gateway's own credentials or request"),
        "busy" => failed("too many logins already wait for it"),
        "circuit_open" => {
            failed("it failed several times in a row, and is tried again in a moment")
        }
        "locked" => (
            format!(
                "Too many wrong passwords of the user were passed on to the authority {authority}, so this one was not."
            ),
            Some("Wait, or end the lock with isogloss throttle clear --user."),
        ),
        _ => return None,
    })
}
