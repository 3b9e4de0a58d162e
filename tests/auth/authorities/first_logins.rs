//! First logins of users who are unknown here, and what becomes of them.

use super::*;

#[tokio::test]
async fn a_user_whom_an_authority_accepts_is_created_with_all_that_it_says() {
    let kim = Identity {
        email: Some("kim@example.com".to_owned()),
        first_name: Some("Kim".to_owned()),
        last_name: Some("Lee".to_owned()),
        units: Some(vec!["U1".to_owned()]),
        number: Some(4711),
        language: Some("de_at".to_owned()),
        ..identity("id-kim", "kim")
    };
    let corp = Scripted::new().with("kim", kim);
    let f = asking(vec![(settings("corp"), &corp)]).await;
    let user = f.login("kim", "there").await.unwrap();
    let seen = (&*user.user_name, user.email.as_deref(), &*user.first_name);
    assert_eq!(seen, ("kim", Some("kim@example.com"), "Kim"));
    let seen = (&*user.last_name, user.number, &*user.organisation.name);
    assert_eq!(seen, ("Lee", 4711, "ACME"));
    assert_eq!(
        (user.units.as_slice(), user.role),
        (&["U1".to_owned()][..], Role::Linguist)
    );
    assert_eq!(user.language.as_ref().map(Language::as_str), Some("de-AT"));
    assert!(
        !f.has_hash("kim").await,
        "nothing of the password is stored"
    );
    assert_eq!(f.login("kim@example.com", "there").await.unwrap(), user);
    assert_eq!(corp.asked(), 2, "it is asked each time");
}

#[tokio::test]
async fn an_adopted_user_is_ours_from_the_first_yes_on() {
    let old = with_kim();
    let f = asking(vec![(adopting("old"), &old)]).await;
    assert_eq!(refusal(f.login("kim", "wrong").await), INVALID);
    let user = f.login("kim", "there").await.unwrap();
    old.change("kim", |kim| kim.password = "changed there".to_owned());
    assert_eq!(f.login("kim", "there").await.unwrap(), user);
    assert_eq!(refusal(f.login("kim", "changed there").await), INVALID);
    assert_eq!(old.asked(), 2, "it is asked no more");
    old.change("kim@corp", |kim| kim.identity = identity("id-kim", "kim"));
    old.change("kim@corp", |kim| kim.password = "changed there".to_owned());
    let by_another_name = f.login("kim@corp", "changed there").await;
    assert_eq!(
        refusal(by_another_name),
        INVALID,
        "our own hash alone counts"
    );
}

#[tokio::test]
async fn a_password_that_bcrypt_cannot_hash_stays_with_the_authority() {
    let old = with_kim();
    let long = "x".repeat(100);
    old.change("kim", |kim| kim.password = "x".repeat(100));
    let f = asking(vec![(adopting("old"), &old)]).await;
    for asked in 1..3 {
        assert!(f.login("kim", &long).await.is_ok());
        assert_eq!(old.asked(), asked);
    }
}

#[tokio::test]
async fn an_imported_user_of_an_authority_is_judged_there_whatever_hash_was_imported() {
    for (settings, left) in [(settings("corp"), 2), (adopting("corp"), 1)] {
        let corp = with_kim();
        let f = asking(vec![(settings, &corp)]).await;
        let more = "authority = 'corp', external_id = 'id-kim', password = 'imported'";
        f.import("kim", more).await;
        assert_eq!(refusal(f.login("kim", "imported").await), INVALID);
        f.login("kim", "there").await.unwrap();
        f.login("kim", "there").await.unwrap();
        assert_eq!(corp.asked(), 1 + left);
    }
}

#[tokio::test]
async fn local_and_unknown_users_are_not_passed_on_where_only_known_ones_may_log_in() {
    let corp = with_kim().with("ada", identity("id-ada", "ada"));
    let known = AuthoritySettings {
        unknown_users: UnknownUsers::Known,
        ..settings("corp")
    };
    let f = asking(vec![(known, &corp)]).await;
    for name in ["kim", "ada", "nobody"] {
        assert_eq!(refusal(f.login(name, "there").await), INVALID);
    }
    assert!(f.login("ada", "ada-pw").await.is_ok());
    assert_eq!(corp.asked(), 0);
}

#[tokio::test]
async fn a_local_user_is_never_passed_on() {
    let corp = Scripted::new().with("ada", identity("id-ada", "ada"));
    let f = asking(vec![(settings("corp"), &corp)]).await;
    assert_eq!(refusal(f.login("ada", "there").await), INVALID);
    assert!(f.login("ada", "ada-pw").await.is_ok());
    assert_eq!(corp.asked(), 0);
}

#[tokio::test]
async fn the_next_authority_is_asked_only_if_the_one_before_does_not_know_the_user() {
    let first = with_kim();
    let second = with_kim().with("lou", identity("id-lou", "lou"));
    second.change("kim", |kim| kim.password = "second".to_owned());
    let both = vec![(settings("first"), &first), (settings("second"), &second)];
    let f = asking(both).await;
    assert!(f.login("lou", "there").await.is_ok());
    assert_eq!((first.asked(), second.asked()), (1, 1));
    assert_eq!(refusal(f.login("kim", "second").await), INVALID);
    first.fail(CauseKind::Timeout);
    assert!(is_unavailable(&f.login("kim", "third").await));
    assert_eq!((first.asked(), second.asked()), (3, 1));
    assert!(
        f.login("lou", "there").await.is_ok(),
        "it belongs to the second"
    );
    assert_eq!((first.asked(), second.asked()), (3, 2));
}

#[tokio::test]
async fn a_login_that_names_an_organisation_is_judged_by_its_authorities() {
    let (acme, other) = (with_kim(), with_kim());
    let of_other = AuthoritySettings {
        organisation: None,
        mapped_organisations: vec!["OTHER".to_owned()],
        ..settings("other")
    };
    other.change("kim", |kim| {
        kim.identity.organisation = Some("OTHER".to_owned());
    });
    let f = asking(vec![(settings("acme"), &acme), (of_other, &other)]).await;
    let named = |organisation: &str| Credentials {
        organisation: Some(OrganisationName::Exact(organisation.to_owned())),
        ..credentials("kim", "there")
    };
    assert_eq!(refusal(f.auth.login(named("NONE")).await), INVALID);
    assert_eq!((acme.asked(), other.asked()), (0, 0));
    let user = f.auth.login(named("OTHER")).await.unwrap();
    assert_eq!(user.organisation.name, "OTHER");
    assert_eq!((acme.asked(), other.asked()), (0, 1));
    assert_eq!(refusal(f.auth.login(named("ACME")).await), INVALID);
}

#[tokio::test]
async fn an_authority_that_says_each_users_organisation_is_asked_whichever_the_login_names() {
    let corp = with_kim();
    corp.change("kim", |kim| {
        kim.identity.organisation = Some("OTHER".to_owned());
    });
    let any = AuthoritySettings {
        any_organisation: true,
        ..settings("corp")
    };
    let f = asking(vec![(any, &corp)]).await;
    let named = |organisation: &str| Credentials {
        organisation: Some(OrganisationName::Exact(organisation.to_owned())),
        ..credentials("kim", "there")
    };
    assert_eq!(refusal(f.auth.login(named("ACME")).await), INVALID);
    let user = f.auth.login(named("OTHER")).await.unwrap();
    assert_eq!(user.organisation.name, "OTHER");
}

#[tokio::test]
async fn of_many_first_logins_at_once_one_creates_the_user_and_all_get_in() {
    for settings in [settings("corp"), adopting("corp")] {
        let corp = with_kim();
        let f = asking(vec![(settings, &corp)]).await;
        let logins = join_all((0..6).map(|_| f.login("kim", "there"))).await;
        let first = logins[0].as_ref().unwrap().id;
        for login in logins {
            assert_eq!(login.unwrap().id, first);
        }
    }
}

#[tokio::test]
async fn what_no_directory_server_takes_for_a_password_is_never_passed_on() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    for (name, password) in [
        ("kim", ""),
        ("", "there"),
        (" ", "there"),
        ("kim\0", "there"),
        ("kim", "there\0"),
    ] {
        assert_eq!(refusal(f.login(name, password).await), INVALID);
    }
    assert_eq!(corp.asked(), 0);
}
