//! Which logins succeed, and as which user.

use super::*;
use isogloss_core::Scopes;
use isogloss_core::directory::{KeyDigest, KeyEntry, Keys as _};

#[tokio::test]
async fn the_right_password_logs_in_and_everything_else_does_not() {
    let f = fixture().await;
    assert_eq!(f.user("ada").await.user_name, "ada");
    for (name, password, reason) in [
        ("ada", "ada-pW", INVALID),
        ("ada", "", INVALID),
        ("nobody", "ada-pw", INVALID),
        ("retired", "wrong", INVALID),
        ("retired", "retired-pw", "the account is disabled"),
        ("guarded", "wrong", INVALID),
        (
            "guarded",
            "guarded-pw",
            "the second factor is missing or wrong",
        ),
    ] {
        assert_eq!(
            refusal(f.auth.login(credentials(name, password)).await),
            reason
        );
    }
}

#[tokio::test]
async fn the_organisation_counts_when_it_is_asked() {
    let f = fixture().await;
    for (organisation, exact, any_case) in [
        ("ACME", true, true),
        ("OTHER", false, false),
        ("acme", false, true),
        ("", false, false),
    ] {
        let name = organisation.to_owned();
        for (name, fits) in [
            (OrganisationName::Exact(name.clone()), exact),
            (OrganisationName::AnyCase(name), any_case),
        ] {
            let mut credentials = credentials("ada", "ada-pw");
            credentials.organisation = Some(name.clone());
            let user = f.auth.login(credentials).await;
            assert_eq!(user.is_ok(), fits, "{name:?}");
            let card = AccessCard::Code("open-sesame".into());
            let user = f.auth.login_by_card(card, &name, &ORIGIN).await;
            assert_eq!(user.is_ok(), fits, "{name:?}");
        }
    }
}

#[tokio::test]
async fn the_second_factor_is_asked_after_the_password() {
    let f = fixture().await;
    for (password, code, fits) in [
        ("guarded-pw", "287082", true),
        ("guarded-pw", "287083", false),
        ("wrong", "287082", false),
    ] {
        let mut credentials = credentials("guarded", password);
        credentials.factor = SecondFactor::Code(Some(code.into()));
        assert_eq!(
            f.auth.login(credentials).await.is_ok(),
            fits,
            "{password} {code}"
        );
    }
}

#[tokio::test]
async fn access_cards_log_their_user_in() {
    let f = fixture().await;
    let by_identifier = |identifier: &str, pass_code: &str| AccessCard::Identifier {
        identifier: identifier.to_owned(),
        pass_code: pass_code.into(),
    };
    for (card, organisation, outcome) in [
        (AccessCard::Code("open-sesame".into()), "ACME", Ok("ada")),
        (by_identifier("card", "12345"), "ACME", Ok("ada")),
        (by_identifier("card", "12346"), "ACME", Err(INVALID)),
        (by_identifier("cart", "12345"), "ACME", Err(INVALID)),
        (AccessCard::Code("sesame".into()), "ACME", Err(INVALID)),
        (
            AccessCard::Code("open-sesame".into()),
            "OTHER",
            Err(INVALID),
        ),
        (
            AccessCard::Code("closed".into()),
            "ACME",
            Err("the account is disabled"),
        ),
    ] {
        let organisation = OrganisationName::Exact(organisation.to_owned());
        let user = f.auth.login_by_card(card, &organisation, &ORIGIN).await;
        let user = user
            .map(|user| user.user_name)
            .map_err(|error| error.to_string());
        assert_eq!(user, outcome.map(str::to_owned).map_err(str::to_owned));
    }
}

#[tokio::test]
async fn only_administrators_impersonate_and_only_in_their_organisation() {
    let f = fixture().await;
    let admin = f
        .token("admin", Terms::new(Purpose::Access, HOUR))
        .await
        .session;
    let found = f
        .auth
        .impersonate(&admin, "ada", None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.user_name, "ada");
    assert!(
        f.auth
            .impersonate(&admin, "stranger", None)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        f.auth
            .impersonate(&admin, "nobody", None)
            .await
            .unwrap()
            .is_none()
    );
    let disabled = refusal(f.auth.impersonate(&admin, "retired", None).await);
    assert_eq!(disabled, "the account is disabled");
    let ada = f
        .token("ada", Terms::new(Purpose::Access, HOUR))
        .await
        .session;
    assert_eq!(
        refusal(f.auth.impersonate(&ada, "admin", None).await),
        "the user may not do this"
    );
}

#[tokio::test]
async fn keys_are_known_by_realm() {
    let f = fixture().await;
    assert_eq!(
        f.auth.key(HERE, "app-key").await.unwrap().unwrap().label,
        "app"
    );
    assert!(f.auth.key(THERE, "app-key").await.unwrap().is_none());
    assert!(f.auth.key(HERE, "APP-KEY").await.unwrap().is_none());
}

#[tokio::test]
async fn a_key_opens_nothing_from_its_end_on() {
    let f = fixture().await;
    let key = KeyEntry {
        realm: HERE.name().to_owned(),
        label: "short".to_owned(),
        digest: KeyDigest::of("short-key"),
        user: Some("ada".to_owned()),
        scopes: Scopes::ALL,
        expires_at: Some(f.auth.now() + HOUR),
    };
    f.directory.add_key(&key).await.unwrap();
    assert!(f.auth.key(HERE, "short-key").await.unwrap().is_some());
    assert!(f.auth.login_by_key("short-key", &ORIGIN).await.is_ok());
    f.clock.advance(HOUR);
    assert!(f.auth.key(HERE, "short-key").await.unwrap().is_none());
    assert_eq!(
        refusal(f.auth.login_by_key("short-key", &ORIGIN).await),
        INVALID
    );
}

#[tokio::test]
async fn a_key_with_a_user_logs_in() {
    let f = fixture().await;
    let login = f.auth.login_by_key("robot-key", &ORIGIN).await.unwrap();
    assert_eq!(login.user.user_name, "ada");
    assert_eq!(login.label, "robot");
    for (realm, key) in [(HERE, "app-key"), (HERE, "nope"), (THERE, "robot-key")] {
        assert_eq!(
            refusal(
                f.auth
                    .login_by_key(key, &LoginOrigin::new(realm, None))
                    .await
            ),
            INVALID
        );
    }
    assert_eq!(
        refusal(f.auth.login_by_key("off-key", &ORIGIN).await),
        "the account is disabled"
    );
}

#[tokio::test]
async fn a_new_password_is_the_only_one_and_ends_every_token() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let key = f.token("ada", Terms::new(Purpose::Reset, HOUR)).await.token;
    assert!(f.auth.reset_password(&key, "".into()).await.is_err());
    f.auth
        .reset_password(&key, "analytical".into())
        .await
        .unwrap();
    assert!(!f.is_live(&issued.token, Purpose::Access).await);
    assert_eq!(
        refusal(f.auth.login(credentials("ada", "ada-pw")).await),
        INVALID
    );
    assert!(f.auth.login(credentials("ada", "analytical")).await.is_ok());
}

#[tokio::test]
async fn only_those_who_may_log_in_are_found() {
    let f = fixture().await;
    assert!(f.auth.find("ADA").await.unwrap().is_some());
    assert!(f.auth.find("retired").await.unwrap().is_none());
    assert!(f.auth.find("nobody").await.unwrap().is_none());
}

#[tokio::test]
async fn a_letter_goes_round_no_second_factor() {
    let f = fixture().await;
    let found = |name| f.auth.find_without_second_factor(name);
    assert!(f.auth.find("guarded").await.unwrap().is_some());
    assert!(found("guarded").await.unwrap().is_none());
    assert!(found("ADA").await.unwrap().is_some());
    assert!(found("retired").await.unwrap().is_none());
}

#[tokio::test]
async fn a_reset_key_sets_one_password_and_is_not_spent_on_a_bad_one() {
    let f = fixture().await;
    let key = f.token("ada", Terms::new(Purpose::Reset, HOUR)).await.token;
    let too_long = f.auth.reset_password(&key, "x".repeat(73).into()).await;
    assert_eq!(
        too_long.unwrap_err().to_string(),
        "a password may have 72 bytes at most"
    );
    let user = f.auth.reset_password(&key, "analytical".into()).await;
    assert_eq!(user.unwrap().user_name, "ada");
    assert!(f.auth.login(credentials("ada", "analytical")).await.is_ok());
    let again = f.auth.reset_password(&key, "difference".into()).await;
    assert_eq!(again.unwrap_err().to_string(), DEAD);
    let access = f.token("admin", Terms::new(Purpose::Access, HOUR)).await;
    let no_key = f.auth.reset_password(&access.token, "x".into()).await;
    assert_eq!(no_key.unwrap_err().to_string(), DEAD);
}
