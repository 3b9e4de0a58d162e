//! Application passwords: valid in one dialect, in place of the password and the second factor.

use super::*;
use isogloss_core::AppPassword;
use isogloss_core::directory::{AppPasswords as _, KnownAppPassword};

impl Fixture {
    /// Stores a new application password of the user `name` for `realm`, and returns it.
    async fn app_password(&self, name: &str, realm: Realm) -> AppPassword {
        let password = AppPassword::random().unwrap();
        let account = self.directory.account(name).await.unwrap().unwrap();
        let known = KnownAppPassword {
            digest: password.digest(),
            realm: realm.name().to_owned(),
            label: String::new(),
            made_at: self.auth.now(),
            used_on: None,
        };
        let added = self.directory.add_app_password(account.user.id, &known);
        added.await.unwrap();
        password
    }

    async fn in_realm(&self, realm: Realm, name: &str, password: &str) -> String {
        let mut credentials = credentials(name, password);
        credentials.origin.realm = realm;
        match self.auth.login(credentials).await {
            Ok(user) => user.user_name,
            Err(error) => error.to_string(),
        }
    }
}

#[tokio::test]
async fn it_logs_its_user_in_at_its_dialect_and_nobody_anywhere_else() {
    let f = fixture().await;
    for name in ["ada", "guarded"] {
        let password = f.app_password(name, HERE).await.expose();
        assert_eq!(f.in_realm(HERE, name, &password).await, name);
        let typed = password.to_uppercase().replace('-', "");
        assert_eq!(f.in_realm(HERE, name, &typed).await, name);
        assert_eq!(f.in_realm(THERE, name, &password).await, INVALID);
        assert_eq!(f.in_realm(HERE, "admin", &password).await, INVALID);
        assert_eq!(f.in_realm(HERE, "nobody", &password).await, INVALID);
        assert_eq!(f.in_realm(HERE, name, &password[1..]).await, INVALID);
    }
    // The password itself stays valid.
    assert_eq!(f.in_realm(HERE, "ada", "ada-pw").await, "ada");
}

#[tokio::test]
async fn it_opens_no_account_that_is_off_or_of_another_organisation() {
    let f = fixture().await;
    let retired = f.app_password("retired", HERE).await.expose();
    let outcome = f.in_realm(HERE, "retired", &retired).await;
    assert_eq!(outcome, "the account is disabled");
    let ada = f.app_password("ada", HERE).await.expose();
    let mut elsewhere = credentials("ada", &ada);
    elsewhere.organisation = Some(OrganisationName::Exact("OTHER".to_owned()));
    assert_eq!(refusal(f.auth.login(elsewhere).await), INVALID);
}

#[tokio::test]
async fn a_password_of_its_shape_is_a_password_still() {
    let f = fixture().await;
    let shaped = "abcd-efgh-ijkl-mnop-qrst-uvwx";
    let ada = f.auth.find("ada").await.unwrap().unwrap();
    let hash = passwords().hash(shaped.into()).await.unwrap();
    f.directory.set_password(ada.id, &hash).await.unwrap();
    assert_eq!(f.in_realm(HERE, "ada", shaped).await, "ada");
    assert_eq!(
        f.in_realm(HERE, "ada", "abcdefghijklmnopqrstuvwx").await,
        INVALID
    );
}

#[tokio::test]
async fn its_end_is_the_end_of_the_users_tokens() {
    let f = fixture().await;
    let password = f.app_password("ada", HERE).await;
    let login = f.auth.login(credentials("ada", &password.expose()));
    let user = login.await.unwrap();
    let terms = Terms::new(Purpose::Access, HOUR);
    let token = f.auth.issue(HERE, &user, terms).await.unwrap().token;
    assert!(f.is_live(&token, Purpose::Access).await);
    let removed = f.directory.remove_app_password(user.id, password.digest());
    assert!(removed.await.unwrap());
    assert!(!f.is_live(&token, Purpose::Access).await);
    assert_eq!(f.in_realm(HERE, "ada", &password.expose()).await, INVALID);
}

#[tokio::test]
async fn its_last_use_is_noted_to_the_day() {
    let f = fixture().await;
    let password = f.app_password("ada", HERE).await.expose();
    let ada = f.auth.find("ada").await.unwrap().unwrap();
    let used_on = async || f.directory.app_passwords(ada.id).await.unwrap()[0].used_on;
    assert_eq!(used_on().await, None);
    for _ in 0..2 {
        assert_eq!(f.in_realm(HERE, "ada", &password).await, "ada");
        assert_eq!(used_on().await, Some(f.auth.now().date()));
        f.clock.advance(HOUR * 24);
    }
}
