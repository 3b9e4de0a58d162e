//! Names, passwords and identifiers.

use std::net::TcpListener;

use isogloss_authority_ldap::AttributeMap;
use isogloss_core::authority::{CauseKind, Decision, Identity};

use crate::fixtures::{
    PASSWORD, accepted, authority, judge, judge_as, own_slapd, settings, slapd, unavailable,
};

#[tokio::test]
async fn name_or_e_mail_address_and_password_are_accepted_with_all_that_is_known() {
    let slapd = slapd();
    let mut settings = settings(&slapd.url());
    settings.attributes = AttributeMap {
        number: Some("employeeNumber".to_owned()),
        ..AttributeMap::default()
    };
    let authority = authority(settings);
    let identity = accepted(judge(&authority, "zoe", PASSWORD).await);
    let expected = Identity {
        external_id: identity.external_id.clone(),
        user_name: Some("zoe".to_owned()),
        email: Some("zoe@example.com".to_owned()),
        first_name: Some("Zoë".to_owned()),
        last_name: Some("Müller".to_owned()),
        language: Some("de-AT".to_owned()),
        number: Some(4711),
        ..Identity::default()
    };
    assert_eq!(identity, expected);
    assert_eq!(
        identity.external_id.len(),
        "00000000-0000-0000-0000-000000000000".len()
    );
    for login in ["ZOE", "zoe@example.com", "zm@EXAMPLE.com"] {
        assert_eq!(
            accepted(judge(&authority, login, PASSWORD).await),
            expected,
            "{login}"
        );
    }
}

#[tokio::test]
async fn wrong_password_unknown_name_and_shared_name_are_told_apart() {
    let slapd = slapd();
    let authority = authority(settings(&slapd.url()));
    for password in ["wrong", "zoë's secret", "Zoë's secret ", "*", "Zoë's"] {
        assert_eq!(
            judge(&authority, "zoe", password).await,
            Decision::Rejected,
            "{password}"
        );
    }
    for login in ["nobody", "zo", "*", "zoe*", "hidden", "Zoë Müller"] {
        assert_eq!(
            judge(&authority, login, PASSWORD).await,
            Decision::UnknownUser,
            "{login}"
        );
    }
    let shared = judge(&authority, "twins@example.com", PASSWORD).await;
    assert_eq!(unavailable(shared), CauseKind::Ambiguous);
    // A user without a password has no right one.
    assert_eq!(
        judge(&authority, "no-password", PASSWORD).await,
        Decision::Rejected
    );
}

#[tokio::test]
async fn characters_that_mean_something_to_ldap_are_characters_of_a_name() {
    let slapd = slapd();
    let authority = authority(settings(&slapd.url()));
    for login in [r"a*b(c)\d", "日本語"] {
        let identity = accepted(judge(&authority, login, PASSWORD).await);
        assert_eq!(identity.user_name.as_deref(), Some(login));
        assert_eq!(
            judge(&authority, login, "wrong").await,
            Decision::Rejected,
            "{login}"
        );
    }
    for login in [
        r"a\2ab(c)\d",
        "x)(uid=zoe",
        "zoe)(|(uid=*",
        "*)(objectClass=*",
        "(",
        "\\",
    ] {
        assert_eq!(
            judge(&authority, login, PASSWORD).await,
            Decision::UnknownUser,
            "{login}"
        );
    }
}

#[tokio::test]
async fn empty_passwords_and_nul_never_reach_the_server() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let authority = authority(settings(&format!(
        "ldap://{}",
        server.local_addr().unwrap()
    )));
    for (login, password) in [
        ("zoe", ""),
        ("", "a"),
        ("zo\0e", "a"),
        ("zoe", "\0"),
        ("zoe", "a\0"),
    ] {
        assert_eq!(judge(&authority, login, password).await, Decision::Rejected);
    }
    let arrived = server.accept().unwrap_err();
    assert_eq!(arrived.kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn linked_user_is_judged_by_identifier_whatever_the_name() {
    let slapd = own_slapd();
    let authority = authority(settings(&slapd.url()));
    let id = accepted(judge(&authority, "zoe", PASSWORD).await).external_id;
    slapd
        .apply(
            "dn: cn=Zoë Müller,ou=people,dc=example,dc=com\nchangetype: modify\nreplace: uid\nuid: zoe.mueller\n\n\
             dn: uid=twin1,ou=people,dc=example,dc=com\nchangetype: modify\nadd: uid\nuid: zoe\n-\n\
             replace: userPassword\nuserPassword: other\n",
        )
        .unwrap();

    let renamed = accepted(judge_as(&authority, "zoe", PASSWORD, Some(&id)).await);
    assert_eq!(renamed.external_id, id);
    assert_eq!(renamed.user_name.as_deref(), Some("zoe.mueller"));
    let other = judge_as(&authority, "zoe", "other", Some(&id)).await;
    assert_eq!(other, Decision::Rejected);
    // Without the link, the name belongs to another user.
    assert_ne!(
        accepted(judge(&authority, "zoe", "other").await).external_id,
        id
    );

    slapd
        .apply("dn: cn=Zoë Müller,ou=people,dc=example,dc=com\nchangetype: delete\n")
        .unwrap();
    let deleted = judge_as(&authority, "zoe", "other", Some(&id)).await;
    assert_eq!(deleted, Decision::UnknownUser);
}

#[tokio::test]
async fn other_conditions_of_the_filter_apply_to_linked_users() {
    let slapd = slapd();
    let with_filter = |filter: &str| {
        let mut settings = settings(&slapd.url());
        settings.filter = Some(filter.to_owned());
        authority(settings)
    };
    let all = with_filter("(uid={login})");
    let id = accepted(judge(&all, "zoe", PASSWORD).await).external_id;
    for (filter, finds) in [
        ("(&(employeeNumber=4711)(uid={login}))", true),
        ("(&(employeeNumber=4712)(uid={login}))", false),
    ] {
        let decision = judge_as(&with_filter(filter), "zoe", PASSWORD, Some(&id)).await;
        let expected = if finds { "accepted" } else { "unknown_user" };
        assert_eq!(decision.name(), expected, "{filter}");
    }
}
