//! The users of the tests, and how they log in.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use isogloss_authority_ldap::{LdapAuthority, LdapSettings, Preset};
use isogloss_core::authority::{Authority, CauseKind, Decision, Identity, JudgeRequest};
use isogloss_testkit::servers::Slapd;
use secrecy::SecretString;

/// The password of every user.
pub(crate) const PASSWORD: &str = "Zoë's secret";

/// Returns the server that all tests of the process share, with the users of `people.ldif`. No test changes them.
pub(crate) fn slapd() -> Arc<Slapd> {
    static SHARED: Mutex<Weak<Slapd>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return running;
    }
    let started = Arc::new(own_slapd());
    *shared = Arc::downgrade(&started);
    started
}

/// Returns a server with the same users, for a test that changes them or stops it.
pub(crate) fn own_slapd() -> Slapd {
    Slapd::start(&include_str!("people.ldif").replace("PASSWORD", PASSWORD)).unwrap()
}

/// Returns settings with defaults.
pub(crate) fn settings(url: &str) -> LdapSettings {
    LdapSettings::new(
        vec![url.parse().unwrap()],
        Preset::Rfc2307,
        "ou=people,dc=example,dc=com",
    )
}

pub(crate) fn authority(settings: LdapSettings) -> LdapAuthority {
    LdapAuthority::new(settings).unwrap()
}

/// Judges a password.
pub(crate) async fn judge(authority: &LdapAuthority, login: &str, password: &str) -> Decision {
    judge_as(authority, login, password, None).await
}

/// Judges a password of the user with an identifier.
pub(crate) async fn judge_as(
    authority: &LdapAuthority,
    login: &str,
    password: &str,
    external_id: Option<&str>,
) -> Decision {
    let password = SecretString::from(password);
    let request = JudgeRequest {
        login,
        password: &password,
        external_id,
        dialect: "bimplus",
        organisation: None,
        source: None,
    };
    authority.judge(&request).await
}

/// Returns what was said about the user, who must be accepted.
#[track_caller]
pub(crate) fn accepted(decision: Decision) -> Identity {
    if let Decision::Accepted(identity) = decision {
        return *identity;
    }
    panic!("{decision:?}");
}

/// Returns why no password was judged.
#[track_caller]
pub(crate) fn unavailable(decision: Decision) -> CauseKind {
    if let Decision::Unavailable(cause) = decision {
        return cause.kind;
    }
    panic!("{decision:?}");
}
