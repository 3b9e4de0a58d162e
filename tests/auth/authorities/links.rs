//! Which user here is which user there, and what an authority may change.

use super::*;

#[tokio::test]
async fn a_user_who_was_renamed_there_is_renamed_here() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    let user = f.login("kim", "there").await.unwrap();
    let renamed = identity("id-kim", "kim.lee");
    corp.people.lock().unwrap().clear();
    let corp = corp.with("kim.lee", renamed);
    let by_new_name = f.login("kim.lee", "there").await.unwrap();
    assert_eq!(by_new_name.id, user.id);
    assert_eq!(by_new_name.user_name, "kim.lee");
    assert_eq!(refusal(f.login("kim", "there").await), INVALID);
    assert_eq!(corp.asked(), 3);
}

#[tokio::test]
async fn the_language_is_the_one_that_the_authority_said_last_and_fails_no_login() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    for (said, expected) in [
        (Some("german"), None),
        (Some("de"), Some("de")),
        (None, Some("de")),
        (Some("german"), Some("de")),
        (Some("pt_BR"), Some("pt-BR")),
        (Some(""), None),
    ] {
        corp.change("kim", |kim| kim.identity.language = said.map(str::to_owned));
        let user = f.login("kim", "there").await.unwrap();
        let language = user.language.as_ref().map(Language::as_str);
        assert_eq!(language, expected, "{said:?}");
    }
}

#[tokio::test]
async fn a_name_that_was_given_to_somebody_else_there_opens_no_account_here() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.login("kim", "there").await.unwrap();
    // An authority that cannot search by its identifier answers for the name.
    corp.change("kim", |kim| {
        kim.identity.external_id = "id-of-another-kim".to_owned();
    });
    *corp.fault.lock().unwrap() = Some(Decision::Accepted(Box::new(identity(
        "id-of-another-kim",
        "kim",
    ))));
    assert!(is_unavailable(&f.login("kim", "there").await));
}

#[tokio::test]
async fn a_local_users_name_or_address_links_nobody() {
    let corp = Scripted::new()
        .with("someone", identity("id-1", "ada"))
        .with(
            "other",
            Identity {
                email: Some("guarded@example.com".to_owned()),
                ..identity("id-2", "other")
            },
        );
    let matching = AuthoritySettings {
        match_by: Some(MatchBy::UserName),
        ..settings("corp")
    };
    let f = asking(vec![(matching, &corp)]).await;
    for name in ["someone", "other"] {
        assert!(is_unavailable(&f.login(name, "there").await), "{name}");
    }
    assert!(f.login("ada", "ada-pw").await.is_ok());
}

#[tokio::test]
async fn an_imported_user_without_an_identifier_is_linked_only_if_the_operator_says_how() {
    for (match_by, email, is_linked) in [
        (None, "kim@example.com", false),
        (Some(MatchBy::UserName), "", true),
        (Some(MatchBy::Email), "Kim@Example.com", true),
        (Some(MatchBy::Email), "other@example.com", false),
    ] {
        let corp = with_kim();
        corp.change("kim", |kim| kim.identity.email = Some(email.to_owned()));
        let matching = AuthoritySettings {
            match_by,
            unknown_users: UnknownUsers::Known,
            ..settings("corp")
        };
        let f = asking(vec![(matching, &corp)]).await;
        f.import("kim", "authority = 'corp', email = 'kim@example.com'")
            .await;
        let outcome = f.login("kim", "there").await;
        assert_eq!(
            outcome.is_ok(),
            is_linked,
            "{match_by:?} {email}: {outcome:?}"
        );
        assert_eq!(is_unavailable(&outcome), !is_linked);
        if is_linked {
            let account = f.directory.account("kim").await.unwrap().unwrap();
            assert_eq!(account.link.unwrap().external_id.as_deref(), Some("id-kim"));
        }
    }
}

#[tokio::test]
async fn an_administrator_is_never_linked_by_a_name() {
    let corp = with_kim();
    let matching = AuthoritySettings {
        match_by: Some(MatchBy::UserName),
        highest_role: Role::Admin,
        ..settings("corp")
    };
    let f = asking(vec![(matching, &corp)]).await;
    f.import("kim", "authority = 'corp', role = 'ADMIN'").await;
    assert!(is_unavailable(&f.login("kim", "there").await));
}

#[tokio::test]
async fn no_mapping_grants_more_than_the_highest_role() {
    for (highest, granted) in [
        (Role::Linguist, Role::Linguist),
        (Role::ProjectManager, Role::ProjectManager),
        (Role::Admin, Role::Admin),
    ] {
        let corp = with_kim();
        corp.change("kim", |kim| kim.identity.role = Some(Role::Admin));
        let limited = AuthoritySettings {
            highest_role: highest,
            ..settings("corp")
        };
        let f = asking(vec![(limited, &corp)]).await;
        assert_eq!(f.login("kim", "there").await.unwrap().role, granted);
    }
}

#[tokio::test]
async fn rights_that_were_taken_away_there_are_gone_at_the_next_login() {
    let corp = with_kim();
    corp.change("kim", |kim| {
        kim.identity.role = Some(Role::ProjectManager);
        kim.identity.units = Some(vec!["U1".to_owned()]);
    });
    let generous = AuthoritySettings {
        highest_role: Role::Admin,
        ..settings("corp")
    };
    let f = asking(vec![(generous, &corp)]).await;
    let before = f.login("kim", "there").await.unwrap();
    assert_eq!((before.role, before.units.len()), (Role::ProjectManager, 1));
    corp.change("kim", |kim| {
        kim.identity.role = Some(Role::Linguist);
        kim.identity.units = Some(Vec::new());
    });
    let after = f.login("kim", "there").await.unwrap();
    assert_eq!(
        (after.id, after.role, after.units.len()),
        (before.id, Role::Linguist, 0)
    );
    corp.change("kim", |kim| {
        kim.identity.organisation = Some("NONE".to_owned());
    });
    let nowhere = f.login("kim", "there").await;
    assert!(is_unavailable(&nowhere), "{nowhere:?}");
}

#[tokio::test]
async fn a_name_that_cannot_be_stored_does_not_keep_the_user_out() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    let before = f.login("kim", "there").await.unwrap();
    corp.change("kim", |kim| {
        kim.identity.email = Some("guarded@example.com".to_owned());
    });
    assert_eq!(f.login("kim", "there").await.unwrap(), before);
}

#[tokio::test]
async fn what_the_authority_does_not_say_stays() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.import("kim", "authority = 'corp', external_id = 'id-kim', email = 'kim@example.com', first_name = 'Kim', units = ['U1'], role = 'ADMIN'").await;
    let user = f.login("kim", "there").await.unwrap();
    assert_eq!(
        (user.email.as_deref(), &*user.first_name),
        (Some("kim@example.com"), "Kim")
    );
    assert_eq!((user.units.len(), user.role), (1, Role::Admin));
}

#[tokio::test]
async fn our_own_no_counts_more_than_every_yes() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    let user = f.login("kim", "there").await.unwrap();
    f.directory
        .set_state(user.id, UserState::Disabled)
        .await
        .unwrap();
    assert_eq!(
        refusal(f.login("kim", "there").await),
        "the account is disabled"
    );
    assert_eq!(refusal(f.login("kim", "wrong").await), INVALID);
    f.directory.erase(user.id).await.unwrap();
    assert!(
        f.login("kim", "there").await.is_err(),
        "an erased user is not created again"
    );
    assert!(f.directory.account("kim").await.unwrap().is_none());
}
