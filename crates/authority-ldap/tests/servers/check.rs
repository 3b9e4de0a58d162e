//! What `isogloss authority check` prints.

use isogloss_authority_ldap::{GroupRule, LdapSettings};
use isogloss_core::Role;
use isogloss_core::authority::{Authority, CheckStep};
use isogloss_testkit::servers::{PrivateCa, Slapd, free_port};

use crate::fixtures::{PASSWORD, authority, settings, slapd};

fn outcomes(steps: &[CheckStep]) -> Vec<(&str, Result<&str, &str>)> {
    steps
        .iter()
        .map(|step| {
            let outcome = step.outcome.as_deref();
            (step.name.as_str(), outcome.map_err(String::as_str))
        })
        .collect()
}

#[tokio::test]
async fn each_step_says_what_it_sees() {
    let slapd = slapd();
    let url = slapd.tls_url();
    let mut settings = settings(&url);
    settings.ca_file = Some(slapd.ca_file());
    settings.bind_dn = Some(Slapd::READER.to_owned());
    settings.bind_password = Some(Slapd::PASSWORD.into());
    settings.groups = vec![GroupRule {
        group: "cn=no-such-group,dc=example,dc=com".to_owned(),
        role: Some(Role::ProjectManager),
        ..GroupRule::default()
    }];
    let authority = authority(settings);
    let password = PASSWORD.into();
    let steps = authority.check(Some("zoe"), Some(&password)).await;
    let steps = outcomes(&steps);
    let names: Vec<_> = steps.iter().map(|(name, _)| *name).collect();
    let expected = [
        "resolve 127.0.0.1",
        &format!("connect to {url}"),
        &format!("TLS with {url}"),
        &format!("bind to {url}"),
        &format!("read the base at {url}"),
        "find the user",
        "read the attributes",
        "look up groups",
        "map groups",
        "judge the password",
    ];
    assert_eq!(names, expected);
    let text = steps
        .iter()
        .map(|(_, outcome)| outcome.unwrap())
        .collect::<Vec<_>>()
        .join("\n");
    for part in [
        "TLS 1.3, certificate of `CN=127.0.0.1`, valid until ",
        "as cn=reader,dc=example,dc=com",
        "cn=Zoë Müller,ou=people,dc=example,dc=com",
        "user_name zoe, email zoe@example.com, first_name Zoë, last_name Müller",
        "no such group",
        "role LINGUIST, organisation not mapped, units []",
        "\naccepted",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains(PASSWORD) && !text.contains(Slapd::PASSWORD),
        "{text}"
    );

    let steps = authority.check(Some("zoe"), Some(&"wrong".into())).await;
    let (name, outcome) = *outcomes(&steps).last().unwrap();
    assert_eq!(name, "judge the password");
    let expected = "rejected; a login with this password is refused";
    assert_eq!(outcome, Err(expected));
}

#[tokio::test]
async fn step_that_fails_says_what_to_do_and_another_server_is_tried() {
    let slapd = slapd();
    let other = PrivateCa::new().unwrap();
    let unused = format!("ldap://127.0.0.1:{}", free_port().unwrap());
    let check = async |change: &dyn Fn(&mut LdapSettings), login| {
        let mut settings = settings(&slapd.url());
        change(&mut settings);
        let steps = authority(settings).check(login, None).await;
        let outcomes = outcomes(&steps);
        let failed = outcomes
            .iter()
            .filter_map(|(name, outcome)| Some((*name, outcome.err()?)));
        let failed: Vec<_> = failed
            .map(|(name, problem)| format!("{name}: {problem}"))
            .collect();
        (failed.join("\n"), outcomes.last().unwrap().0.to_owned())
    };

    let (failed, last) = check(
        &|settings| settings.urls.insert(0, unused.parse().unwrap()),
        Some("zoe"),
    )
    .await;
    assert!(
        failed.starts_with(&format!("connect to {unused}: ")),
        "{failed}"
    );
    assert!(failed.contains("check the port in urls"), "{failed}");
    assert_eq!(last, "map groups");

    for (problem, advice, login) in [
        (0, "set ca_file", None),
        (1, "check bind_dn and bind_password_file", None),
        (2, "check base", None),
        (3, "check base, scope and filter", Some("nobody")),
        (
            4,
            "make filter find exactly one entry",
            Some("twins@example.com"),
        ),
        (
            5,
            "name one that every user has as external_id",
            Some("zoe"),
        ),
    ] {
        let change = |settings: &mut LdapSettings| match problem {
            0 => {
                settings.start_tls = true;
                settings.ca_file = Some(other.file());
            }
            1 => {
                settings.bind_dn = Some(Slapd::READER.to_owned());
                settings.bind_password = Some("wrong".into());
            }
            2 => settings.base = "ou=none,dc=example,dc=com".to_owned(),
            5 => settings.attributes.external_id = Some("ipaUniqueID".to_owned()),
            _ => {}
        };
        let (failed, _) = check(&change, login).await;
        assert!(failed.contains(advice), "{problem}: {failed}");
    }
}
