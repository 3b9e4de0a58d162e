//! Users, units, cards and keys are found as the directory file defines them.

use isogloss_core::directory::{CardRef, Directory, KeyDigest, UserFilter};
use isogloss_core::{Role, UserState};
use secrecy::ExposeSecret;
use uuid::Uuid;

pub(super) async fn hold(directory: &dyn Directory) {
    users_are_found_by_name_and_address_in_any_case(directory).await;
    defaults_are_sensible(directory).await;
    units_are_listed_with_the_default_first(directory).await;
    names_that_no_database_could_hold_are_nobodys(directory).await;
    only_effective_cards_are_found(directory).await;
    a_key_opens_its_realm_only(directory).await;
}

async fn users_are_found_by_name_and_address_in_any_case(directory: &dyn Directory) {
    for login in ["Ada", " ada ", "ADA@example.COM"] {
        let account = directory.account(login).await.unwrap().unwrap();
        assert_eq!(account.user.user_name, "Ada");
        assert_eq!(account.user.number, 7);
        assert_eq!(account.user.role, Role::Admin);
        assert_eq!(account.user.organisation.name, "ACME");
        assert_eq!(account.user.units, ["U2", "U1"]);
        assert_eq!(account.user.default_unit.as_deref(), Some("U1"));
        assert_eq!(account.totp.unwrap().expose(), "JBSWY3DPEHPK3PXP");
        assert!(
            account
                .password_hash
                .as_ref()
                .unwrap()
                .expose_secret()
                .starts_with("$2b$04$")
        );
        let same = directory.user(account.user.id).await.unwrap().unwrap();
        assert_eq!(*same, account.user);
    }
    assert!(directory.account("").await.unwrap().is_none());
    assert!(directory.account("' OR 1=1 --").await.unwrap().is_none());
    assert!(directory.user(Uuid::new_v4()).await.unwrap().is_none());
}

async fn defaults_are_sensible(directory: &dyn Directory) {
    let bob = directory.account("bob").await.unwrap().unwrap().user;
    assert_eq!(bob.number, 8);
    assert_eq!(bob.role, Role::Linguist);
    assert_eq!(bob.state, UserState::Disabled);
    assert_eq!(bob.default_unit.as_deref(), Some("U2"));
    assert_eq!(bob.units, ["U2"]);
    let all = UserFilter::default();
    let page = directory.users(&all, 0, 1).await.unwrap();
    assert_eq!(page[0].user_name, "Ada");
    let rest = directory.users(&all, 7, 10).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].user, bob);
}

async fn units_are_listed_with_the_default_first(directory: &dyn Directory) {
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    let units = directory.units(&ada).await.unwrap();
    let units: Vec<_> = units.iter().map(|unit| (&*unit.id, &*unit.name)).collect();
    assert_eq!(units, [("U1", "One"), ("U2", "")]);
}

async fn names_that_no_database_could_hold_are_nobodys(directory: &dyn Directory) {
    for name in ["a\0da", "\0", "\u{feff}", &"a".repeat(100_000)] {
        assert!(directory.account(name).await.unwrap().is_none());
        let card = directory.card(CardRef::Identifier(name)).await;
        assert!(card.unwrap().is_none());
    }
}

async fn only_effective_cards_are_found(directory: &dyn Directory) {
    let code = KeyDigest::of("CCD4537CA4AD4EE8912FFBAE53110601");
    let card = directory.card(CardRef::Code(code)).await.unwrap().unwrap();
    assert_eq!(card.user.user_name, "Ada");
    assert!(card.pass_code_hash.is_none());
    let card = directory
        .card(CardRef::Identifier("ada"))
        .await
        .unwrap()
        .unwrap();
    assert!(card.pass_code_hash.is_some());
    for name in [
        CardRef::Identifier("asleep"),
        CardRef::Identifier("ADA"),
        CardRef::Code(KeyDigest::of("x")),
    ] {
        assert!(directory.card(name).await.unwrap().is_none(), "{name:?}");
    }
}

async fn a_key_opens_its_realm_only(directory: &dyn Directory) {
    let digest = KeyDigest::of("6c12345d9b0c4f3c23abb5721d098f7b");
    let key = directory.key("here", digest).await.unwrap().unwrap();
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    assert_eq!((key.label.as_str(), key.user), ("test", Some(ada.id)));
    assert!(directory.key("there", digest).await.unwrap().is_none());
}
