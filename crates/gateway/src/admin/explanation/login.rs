//! What the causes of refused logins mean.

use super::Sentences;

/// Returns what the cause of a login means. `None` for other causes.
pub(super) fn login_sentences(cause: &str, detail: &str) -> Option<Sentences> {
    credentials_sentences(cause, detail).or_else(|| admission_sentences(cause, detail))
}

/// Returns what a cause means that lies in the name, the password, the card or the key.
fn credentials_sentences(cause: &str, detail: &str) -> Option<Sentences> {
    let (text, advice) = match cause {
        "unknown_name" => (
            "No user here has this name.".to_owned(),
            Some(
                "Look for the user with isogloss user list --search; add or import the user if there is none.",
            ),
        ),
        "wrong_password" => (
            "The password is wrong.".to_owned(),
            Some(
                "Try the password with isogloss explain --try, or set another one with isogloss user invite.",
            ),
        ),
        "no_password" => (
            "The user has no password here, and no authority judges it.".to_owned(),
            Some("Send a link with isogloss user invite, or import the password hash."),
        ),
        "unusable_hash" => (
            format!("The password could not be checked: {detail}."),
            Some(
                "Import a hash of a supported format (docs/password-hashes.md), or send a link with isogloss user invite.",
            ),
        ),
        "other_organisation" => (
            format!(
                "The credentials are right, but the login names another organisation: the user belongs to {detail}."
            ),
            Some("Set the organisation in the client, or move the user with isogloss user edit."),
        ),
        "other_user" => (
            "The credentials are right, but the request names another user.".to_owned(),
            Some("The client sends the identifier of another user: it may have stored an old one."),
        ),
        "other_unit" if detail.is_empty() => (
            "The credentials are right, but the user has no unit.".to_owned(),
            Some(
                "Give the user a unit with isogloss user edit, or the organisation a default unit.",
            ),
        ),
        "other_unit" => (
            format!(
                "The credentials are right, but the login names a unit that the user does not have, or names none and there is no default one. The user has: {detail}."
            ),
            Some(
                "Set one of these units in the client, or give the user the unit with isogloss user edit.",
            ),
        ),
        "erased" => ("The user was erased in the meantime.".to_owned(), None),
        "unknown_card" => (
            "There is no such access card, or its pass code is wrong.".to_owned(),
            Some(
                "List the user's cards with isogloss directory export; import them again if they are missing.",
            ),
        ),
        "unknown_key" => (
            "The key or application identifier of the client is unknown.".to_owned(),
            Some(
                "List the keys with isogloss key list, and add the one of the client with isogloss key add.",
            ),
        ),
        "expired_key" => (
            format!("The key {detail} has expired."),
            Some("Add a new key with isogloss key add, and set it in the client."),
        ),
        "key_without_user" => (
            "The key acts as no user, or its user is gone.".to_owned(),
            Some("Revoke the key, and add one that acts as a user with isogloss key add --user."),
        ),
        _ => return None,
    };
    Some((text, advice))
}

/// Returns what a cause means although the credentials may be right.
fn admission_sentences(cause: &str, detail: &str) -> Option<Sentences> {
    let (text, advice) = match cause {
        "disabled" => (
            "The password is right, but the account is disabled.".to_owned(),
            Some("Enable it with isogloss user enable."),
        ),
        "code_missing" => (
            "The password is right, but the second factor is on and the request has no code."
                .to_owned(),
            Some(
                "If the client has no field for a code, see docs/second-factor.md: an application password, a code after the password, or exempt networks.",
            ),
        ),
        "code_wrong" => (
            "The password is right, but the code of the second factor is wrong.".to_owned(),
            Some(
                "Check the clock of the device that makes the codes, or send a new link with isogloss user invite.",
            ),
        ),
        "code_used" => (
            "The password is right, but the code of the second factor was used before.".to_owned(),
            Some("Each code is valid once: wait for the next one, at most 30 seconds."),
        ),
        "codes_throttled" => (
            "The password is right, but there were too many wrong codes of the second factor."
                .to_owned(),
            Some("Wait until the lock ends, or end it with isogloss throttle clear --user."),
        ),
        "locked" => (
            format!(
                "There were too many wrong attempts, and the credentials were not checked. The lock: {detail}."
            ),
            Some("Wait until the lock ends, or end it with isogloss throttle clear."),
        ),
        "throttled" => (
            "There were too many wrong attempts or e-mails.".to_owned(),
            Some("Wait, or end the locks with isogloss throttle clear."),
        ),
        "overloaded" => (
            "Too many logins waited for a hashing thread.".to_owned(),
            Some("See docs/limits.md: more threads, or a lower cost of hashes."),
        ),
        "belongs_to_authority" => (
            "An authority judges the password of the user now, so it is not set here.".to_owned(),
            None,
        ),
        "login_too_old" => ("The login is too long ago for this token.".to_owned(), None),
        "not_administrator" => (
            "The user is no administrator.".to_owned(),
            Some("Change the role with isogloss user edit --role."),
        ),
        "unknown_user" => (
            "The user to act for is unknown, or belongs to another organisation.".to_owned(),
            None,
        ),
        _ => return None,
    };
    Some((text, advice))
}
