//! What the result codes of a server mean: RFC 4511, appendix A, and the codes of Active Directory.

use isogloss_core::authority::{Cause, CauseKind, DisabledReason};

use crate::Preset;
use crate::message::{Outcome, policy_error};
use crate::request::PASSWORD_POLICY;

/// The control with which 389 Directory Server, also that of FreeIPA, says that the password has expired.
const PASSWORD_EXPIRED: &str = "2.16.840.1.113730.3.4.4";

/// What the end of a bind says about a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is right.
    Right,
    /// It is right, but has expired or must be changed.
    Expired,
    /// It is wrong.
    Wrong,
    /// It is right, but the user may not log in.
    Disabled(DisabledReason),
    /// The server has locked the user.
    Locked,
    /// The server did not judge it.
    Unknown(Cause),
}

/// Returns what the end of a bind says about a password.
pub(crate) fn verdict(preset: Preset, outcome: &Outcome, is_inactive: bool) -> Verdict {
    let policy = control(outcome, PASSWORD_POLICY).and_then(policy_error);
    match (outcome.code, preset) {
        (0, _) => match policy {
            // It has expired, or was set by an administrator.
            Some(0 | 2) => Verdict::Expired,
            _ if control(outcome, PASSWORD_EXPIRED).is_some() => Verdict::Expired,
            _ => Verdict::Right,
        },
        (49, Preset::ActiveDirectory) => {
            data_code(&outcome.text).map_or(Verdict::Wrong, active_directory)
        }
        (49, Preset::Rfc2307 | Preset::FreeIpa) => match policy {
            // Only said if the password is right.
            Some(0) => Verdict::Expired,
            Some(1) => Verdict::Locked,
            _ => Verdict::Wrong,
        },
        // The server has not looked at the password, so the account must not be reported as disabled; and a server that
        // refuses one user works.
        (53, _) if is_inactive => Verdict::Wrong,
        // The lock of 389 Directory Server and that of FreeIPA.
        (19, Preset::FreeIpa) if outcome.text.contains("retry limit") => Verdict::Locked,
        (53, Preset::FreeIpa) if outcome.text.contains("Too many failed logins") => Verdict::Locked,
        _ => Verdict::Unknown(failure(outcome)),
    }
}

/// Returns what a code of Active Directory means. Those that name a state are only given if the password is right, except
/// `775`.
fn active_directory(code: u32) -> Verdict {
    match code {
        // Wrong password, unknown user; restrictions that may have been found before the password was.
        0x52e | 0x525 | 0x52f | 0x569 => Verdict::Wrong,
        0x532 | 0x773 => Verdict::Expired,
        0x533 => Verdict::Disabled(DisabledReason::Disabled),
        0x701 => Verdict::Disabled(DisabledReason::AccountExpired),
        0x530 | 0x531 => Verdict::Disabled(DisabledReason::Restricted),
        0x775 => Verdict::Locked,
        // Such as "no logon servers": a fault of the domain, not a wrong password.
        _ => {
            let detail = format!("result code 49, data {code:x}");
            Verdict::Unknown(Cause::new(CauseKind::Refused, detail))
        }
    }
}

/// Returns the code in a text of Active Directory, such as
/// `80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563`. `None` if it has none.
fn data_code(text: &str) -> Option<u32> {
    let (_, code) = text.split_once("AcceptSecurityContext error, data ")?;
    let digits = code
        .split(|letter: char| !letter.is_ascii_hexdigit())
        .next()?;
    u32::from_str_radix(digits, 16).ok()
}

/// Checks the bind of the service. Fails unless the server accepts it.
pub(crate) fn service_bind(outcome: &Outcome) -> Result<(), Cause> {
    match outcome.code {
        0 => Ok(()),
        // Neither the name, nor the password, nor the way: another try changes nothing.
        7 | 8 | 13 | 32 | 34 | 48 | 49 | 50 => {
            let detail = format!("the server refuses bind_dn: {}", failure(outcome).detail);
            Err(Cause::new(CauseKind::Configuration, detail))
        }
        _ => Err(failure(outcome)),
    }
}

/// Checks the end of a search. Fails unless the server found all there is.
pub(crate) fn search(outcome: &Outcome) -> Result<(), Cause> {
    match outcome.code {
        0 => Ok(()),
        _ => Err(failure(outcome)),
    }
}

/// Returns the cause for a result code that is no success.
pub(crate) fn failure(outcome: &Outcome) -> Cause {
    let (kind, meaning) = match outcome.code {
        1 => (
            CauseKind::Configuration,
            "operations error; Active Directory says so to anonymous searches",
        ),
        3 => (CauseKind::Timeout, "time limit exceeded"),
        4 => (CauseKind::Refused, "size limit exceeded"),
        7 => (CauseKind::Configuration, "simple bind not supported"),
        8 => (
            CauseKind::Configuration,
            "stronger authentication required, such as TLS",
        ),
        10 => (
            CauseKind::Configuration,
            "it refers to another server, which is not followed",
        ),
        11 => (CauseKind::Refused, "limit of the administrator exceeded"),
        13 => (CauseKind::Configuration, "TLS required"),
        32 => (CauseKind::Configuration, "no such entry"),
        34 => (CauseKind::Configuration, "invalid distinguished name"),
        48 => (CauseKind::Configuration, "inappropriate authentication"),
        49 => (CauseKind::Configuration, "invalid credentials"),
        50 => (CauseKind::Configuration, "insufficient access rights"),
        51 => (CauseKind::Refused, "busy"),
        52 => (CauseKind::Refused, "unavailable"),
        53 => (CauseKind::Refused, "unwilling to perform"),
        _ => (CauseKind::Refused, "an error"),
    };
    Cause::new(kind, format!("result code {} ({meaning})", outcome.code))
}

fn control<'a>(outcome: &'a Outcome, name: &str) -> Option<&'a [u8]> {
    let mut controls = outcome.controls.iter();
    let control = controls.find(|(control, _)| control == name)?;
    Some(&control.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(code: usize, text: &str) -> Outcome {
        Outcome {
            code,
            text: text.to_owned(),
            controls: Vec::new(),
        }
    }

    #[test]
    fn codes_of_active_directory_are_told_apart() {
        let verdict = |code: &str| {
            let text = format!(
                "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {code}, v4563"
            );
            verdict(Preset::ActiveDirectory, &outcome(49, &text), false)
        };
        for (code, expected) in [
            ("52e", Verdict::Wrong),
            ("525", Verdict::Wrong),
            ("52f", Verdict::Wrong),
            ("569", Verdict::Wrong),
            ("530", Verdict::Disabled(DisabledReason::Restricted)),
            ("531", Verdict::Disabled(DisabledReason::Restricted)),
            ("532", Verdict::Expired),
            ("533", Verdict::Disabled(DisabledReason::Disabled)),
            ("701", Verdict::Disabled(DisabledReason::AccountExpired)),
            ("773", Verdict::Expired),
            ("775", Verdict::Locked),
            ("", Verdict::Wrong),
        ] {
            assert_eq!(verdict(code), expected, "{code}");
        }
        for code in ["51f", "80090346", "0"] {
            assert!(matches!(verdict(code), Verdict::Unknown(_)), "{code}");
        }
    }

    #[test]
    fn only_active_directory_has_codes_in_its_text() {
        let text = outcome(49, "AcceptSecurityContext error, data 773, v1");
        assert_eq!(verdict(Preset::Rfc2307, &text, false), Verdict::Wrong);
        let text = outcome(49, "data 773");
        assert_eq!(
            verdict(Preset::ActiveDirectory, &text, false),
            Verdict::Wrong
        );
    }

    #[test]
    fn codes_that_judge_nothing_are_unavailable() {
        for preset in Preset::ALL {
            for code in [
                1, 2, 3, 7, 8, 10, 11, 13, 14, 32, 34, 48, 50, 51, 52, 53, 80, 90, 4096,
            ] {
                let verdict = verdict(preset, &outcome(code, ""), false);
                assert!(matches!(verdict, Verdict::Unknown(_)), "{preset:?} {code}");
            }
        }
    }

    #[test]
    fn password_policy_is_understood() {
        let with = |code, value: &[u8]| Outcome {
            controls: vec![(PASSWORD_POLICY.to_owned(), value.to_vec())],
            ..outcome(code, "")
        };
        let verdict = |outcome| verdict(Preset::Rfc2307, &outcome, false);
        for (code, value, expected) in [
            (0, &[0x30, 0][..], Verdict::Right),
            (0, &[], Verdict::Right),
            (0, &[0x30, 4, 0xa0, 2, 0x80, 0], Verdict::Right),
            (0, &[0x30, 3, 0x81, 1, 2], Verdict::Expired),
            (49, &[0x30, 0], Verdict::Wrong),
            (49, &[0x30, 3, 0x81, 1, 0], Verdict::Expired),
            (49, &[0x30, 3, 0x81, 1, 1], Verdict::Locked),
            (49, &[0x30, 3, 0x81, 1, 2], Verdict::Wrong),
            (49, &[0x30, 3, 0x81, 1], Verdict::Wrong),
        ] {
            assert_eq!(verdict(with(code, value)), expected, "{code} {value:?}");
        }
    }
}
