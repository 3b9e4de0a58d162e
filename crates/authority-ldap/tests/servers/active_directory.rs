//! Samba as a domain controller of Active Directory.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::TryStreamExt as _;
use isogloss_authority_ldap::{GroupRule, LdapAuthority, LdapSettings, Preset};
use isogloss_core::Role;
use isogloss_core::authority::{CauseKind, Decision, DisabledReason, Identity};
use isogloss_testkit::servers::SambaDomain;

use crate::fixtures::{accepted, authority, judge, judge_as, unavailable};

const PASSWORD: &str = "Zoë-geheim-0815";
const READER: &str = "CN=reader,CN=Users,DC=example,DC=test";

/// Returns a domain with users and groups, which all tests of the process share.
fn domain() -> Arc<SambaDomain> {
    static SHARED: Mutex<Weak<SambaDomain>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return running;
    }
    let domain = SambaDomain::start().unwrap();
    let people = [
        user("reader", "userAccountControl: 512"),
        user(
            "zoe",
            "userAccountControl: 512\nuserPrincipalName: zoe.m@example.test\nmail: zoe@example.com\ngivenName: Zoë\nsn: Müller",
        ),
        user("disabled", "userAccountControl: 514"),
        user(
            "account-expired",
            "userAccountControl: 512\naccountExpires: 116444736000000000",
        ),
        user("must-change", "userAccountControl: 512\npwdLastSet: 0"),
        user(
            "no-hours",
            &format!("userAccountControl: 512\nlogonHours:: {}", "A".repeat(28)),
        ),
        user("locked", "userAccountControl: 512"),
        group("pms", &["zoe"]),
        group("leads", &["pms"]),
        group("others", &["reader"]),
        format!(
            "dn: {}\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 3\n\n",
            SambaDomain::BASE
        ),
    ];
    domain.apply(&people.concat()).unwrap();
    let domain = Arc::new(domain);
    *shared = Arc::downgrade(&domain);
    domain
}

fn user(name: &str, rest: &str) -> String {
    let (users, password) = (SambaDomain::USERS, SambaDomain::password_line(PASSWORD));
    format!(
        "dn: CN={name},{users}\nobjectClass: user\nsAMAccountName: {name}\n{password}\n{rest}\n\n"
    )
}

fn group(name: &str, members: &[&str]) -> String {
    let users = SambaDomain::USERS;
    let members = members.iter().fold(String::new(), |lines, member| {
        format!("{lines}member: CN={member},{users}\n")
    });
    format!("dn: CN={name},{users}\nobjectClass: group\nsAMAccountName: {name}\n{members}\n")
}

fn settings(domain: &SambaDomain) -> LdapSettings {
    let url = domain.tls_url().parse().unwrap();
    let mut settings = LdapSettings::new(vec![url], Preset::ActiveDirectory, SambaDomain::BASE);
    settings.ca_file = Some(domain.ca_file());
    settings.bind_dn = Some(READER.to_owned());
    settings.bind_password = Some(PASSWORD.into());
    settings
}

fn authority_of(domain: &SambaDomain) -> LdapAuthority {
    authority(settings(domain))
}

#[tokio::test]
async fn account_name_principal_name_and_e_mail_address_are_one_user() {
    let domain = domain();
    let authority = authority_of(&domain);
    let identity = accepted(judge(&authority, "zoe", PASSWORD).await);
    let expected = Identity {
        external_id: identity.external_id.clone(),
        user_name: Some("zoe".to_owned()),
        email: Some("zoe@example.com".to_owned()),
        first_name: Some("Zoë".to_owned()),
        last_name: Some("Müller".to_owned()),
        ..Identity::default()
    };
    for login in ["zoe", "ZOE", "zoe.m@example.test", "zoe@example.com"] {
        assert_eq!(
            accepted(judge(&authority, login, PASSWORD).await),
            expected,
            "{login}"
        );
        assert_eq!(
            judge(&authority, login, "wrong").await,
            Decision::Rejected,
            "{login}"
        );
    }
    let id = Some(identity.external_id.as_str());
    assert_eq!(
        accepted(judge_as(&authority, "reader", PASSWORD, id).await),
        expected
    );
    for login in ["nobody", "*", "zoe)(cn=*", "Users"] {
        assert_eq!(
            judge(&authority, login, PASSWORD).await,
            Decision::UnknownUser,
            "{login}"
        );
    }
    // The identifier is written as others write it.
    let group = identity
        .external_id
        .split('-')
        .map(str::len)
        .collect::<Vec<_>>();
    assert_eq!(group, [8, 4, 4, 4, 12]);
}

#[tokio::test]
async fn state_of_an_account_is_only_reported_with_the_right_password() {
    let domain = domain();
    let authority = authority_of(&domain);
    for (login, reason) in [
        ("disabled", DisabledReason::Disabled),
        ("account-expired", DisabledReason::AccountExpired),
        ("must-change", DisabledReason::PasswordExpired),
        ("no-hours", DisabledReason::Restricted),
    ] {
        assert_eq!(
            judge(&authority, login, "wrong").await,
            Decision::Rejected,
            "{login}"
        );
        assert_eq!(
            judge(&authority, login, PASSWORD).await,
            Decision::Disabled(reason),
            "{login}"
        );
    }
    let mut lenient = settings(&domain);
    lenient.accept_expired = true;
    let lenient = crate::fixtures::authority(lenient);
    assert_eq!(
        judge(&lenient, "must-change", "wrong").await,
        Decision::Rejected
    );
    accepted(judge(&lenient, "must-change", PASSWORD).await);
    let disabled = judge(&lenient, "disabled", PASSWORD).await;
    assert_eq!(disabled, Decision::Disabled(DisabledReason::Disabled));
}

#[tokio::test]
async fn user_whom_the_domain_locks_is_throttled() {
    let domain = domain();
    let authority = authority_of(&domain);
    for _ in 0..3 {
        assert_eq!(
            judge(&authority, "locked", "wrong").await,
            Decision::Rejected
        );
    }
    let locked = Decision::Throttled { retry_after: None };
    for password in [PASSWORD, "wrong"] {
        assert_eq!(judge(&authority, "locked", password).await, locked);
    }
}

#[tokio::test]
async fn groups_in_groups_are_followed_by_the_domain() {
    let domain = domain();
    let rule = |group: &str, role| GroupRule {
        group: format!("cn={group},cn=users,dc=EXAMPLE,dc=test"),
        role: Some(role),
        ..GroupRule::default()
    };
    for (is_nested, expected) in [(false, Role::ProjectManager), (true, Role::Admin)] {
        let mut settings = settings(&domain);
        settings.nested_groups = is_nested;
        settings.groups = vec![
            rule("leads", Role::Admin),
            rule("pms", Role::ProjectManager),
            rule("others", Role::Admin),
        ];
        let authority = authority(settings);
        let identity = accepted(judge(&authority, "zoe", PASSWORD).await);
        assert_eq!(identity.role, Some(expected));
        let listed: Vec<_> = authority.entries(3).try_collect().await.unwrap();
        let named = |name: &str| {
            let mut users = listed.iter();
            users
                .find(|user| user.identity.user_name.as_deref() == Some(name))
                .unwrap()
        };
        assert_eq!(named("zoe").identity, identity);
        for (name, is_disabled) in [("zoe", false), ("disabled", true), ("must-change", false)] {
            assert_eq!(named(name).is_disabled, is_disabled, "{name}");
        }
    }
}

#[tokio::test]
async fn domain_that_wants_a_name_or_tls_is_wrongly_configured() {
    let domain = domain();
    let mut anonymous = settings(&domain);
    anonymous.bind_dn = None;
    anonymous.bind_password = None;
    let mut plain = settings(&domain);
    plain.urls = vec![domain.url().parse().unwrap()];
    let mut wrong = settings(&domain);
    wrong.bind_password = Some("wrong".into());
    for settings in [anonymous, plain, wrong] {
        let kind = unavailable(judge(&authority(settings), "zoe", PASSWORD).await);
        assert_eq!(kind, CauseKind::Configuration);
    }
    let mut with_start_tls = settings(&domain);
    with_start_tls.urls = vec![domain.url().parse().unwrap()];
    with_start_tls.start_tls = true;
    // The short name of the service is as good as its distinguished one.
    with_start_tls.bind_dn = Some("reader@example.test".to_owned());
    accepted(judge(&authority(with_start_tls), "zoe", PASSWORD).await);
}
