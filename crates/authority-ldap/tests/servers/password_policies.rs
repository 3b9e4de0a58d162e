//! Accounts that are disabled, locked or expired, and passwords that must be changed.

use isogloss_core::authority::{Decision, DisabledReason};

use crate::fixtures::{PASSWORD, accepted, authority, judge, own_slapd, settings};

const POLICIES: &str = "
dn: cn=test,cn=schema,cn=config
objectClass: olcSchemaConfig
cn: test
olcAttributeTypes: ( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
olcObjectClasses: ( 1.1.1.1 NAME 'lockable' AUXILIARY MAY nsAccountLock )

dn: ou=policies,dc=example,dc=com
objectClass: organizationalUnit
ou: policies

dn: cn=strict,ou=policies,dc=example,dc=com
objectClass: device
objectClass: pwdPolicy
cn: strict
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
pwdMaxAge: 86400
pwdMustChange: TRUE

dn: cn=lax,ou=policies,dc=example,dc=com
objectClass: device
objectClass: pwdPolicy
cn: lax
pwdAttribute: userPassword
pwdLockout: FALSE
";

fn person(uid: &str, policy: &str, rest: &str) -> String {
    format!(
        "\ndn: uid={uid},ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nobjectClass: lockable\n\
         uid: {uid}\ncn: {uid}\nsn: {uid}\nuserPassword: {PASSWORD}\n\
         pwdPolicySubentry: cn={policy},ou=policies,dc=example,dc=com\n{rest}"
    )
}

#[tokio::test]
async fn state_of_an_account_is_only_reported_with_the_right_password() {
    let slapd = own_slapd();
    let people = [
        person("inactive", "lax", "nsAccountLock: TRUE\n"),
        person("active", "lax", "nsAccountLock: FALSE\n"),
        person("locked", "strict", "pwdAccountLockedTime: 000001010000Z\n"),
        person("unenforced", "lax", "pwdAccountLockedTime: 000001010000Z\n"),
        person(
            "was-locked",
            "strict",
            "pwdAccountLockedTime: 20200101000000Z\n",
        ),
        person("expired", "strict", "pwdChangedTime: 20200101000000Z\n"),
        person("reset", "strict", "pwdReset: TRUE\n"),
    ];
    slapd
        .apply(&format!("{POLICIES}{}", people.concat()))
        .unwrap();
    // A lock of the policy ends after a while, and the entry says until the next bind that there is one.
    slapd
        .apply("dn: cn=strict,ou=policies,dc=example,dc=com\nchangetype: modify\nadd: pwdLockoutDuration\npwdLockoutDuration: 60\n")
        .unwrap();

    let disabled = |reason| Decision::Disabled(reason);
    let locked = Decision::Throttled { retry_after: None };
    let authority = authority(settings(&slapd.url()));
    for (login, right, wrong) in [
        (
            "inactive",
            disabled(DisabledReason::Disabled),
            Decision::Rejected,
        ),
        ("locked", locked.clone(), locked),
        (
            "unenforced",
            disabled(DisabledReason::Disabled),
            Decision::Rejected,
        ),
        (
            "expired",
            disabled(DisabledReason::PasswordExpired),
            Decision::Rejected,
        ),
        (
            "reset",
            disabled(DisabledReason::PasswordExpired),
            Decision::Rejected,
        ),
    ] {
        assert_eq!(judge(&authority, login, "wrong").await, wrong, "{login}");
        assert_eq!(judge(&authority, login, PASSWORD).await, right, "{login}");
    }
    for login in ["active", "was-locked"] {
        accepted(judge(&authority, login, PASSWORD).await);
    }

    let lenient = {
        let mut settings = settings(&slapd.url());
        settings.accept_expired = true;
        crate::fixtures::authority(settings)
    };
    for login in ["expired", "reset"] {
        assert_eq!(
            judge(&lenient, login, "wrong").await,
            Decision::Rejected,
            "{login}"
        );
        accepted(judge(&lenient, login, PASSWORD).await);
    }
    assert_eq!(
        judge(&lenient, "inactive", PASSWORD).await,
        disabled(DisabledReason::Disabled)
    );
}

#[tokio::test]
async fn user_whom_the_server_locks_is_throttled() {
    let slapd = own_slapd();
    slapd
        .apply(&format!("{POLICIES}{}", person("joe", "strict", "")))
        .unwrap();
    let authority = authority(settings(&slapd.url()));
    for _ in 0..3 {
        assert_eq!(judge(&authority, "joe", "wrong").await, Decision::Rejected);
    }
    let locked = Decision::Throttled { retry_after: None };
    assert_eq!(judge(&authority, "joe", PASSWORD).await, locked);

    // A server that does not say so reports a wrong password.
    slapd
        .apply("dn: olcOverlay={1}ppolicy,olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcPPolicyUseLockout\nolcPPolicyUseLockout: FALSE\n")
        .unwrap();
    assert_eq!(judge(&authority, "joe", PASSWORD).await, Decision::Rejected);
}
