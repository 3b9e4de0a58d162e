//! Directory files and single changes follow the same rules; tested with each backend.

use isogloss_core::directory::{CardRef, Change, Directory, Patch, UserEdit};
use uuid::Uuid;

use super::changes::person;
use super::load;

/// "zoé" in NFD and in NFC.
const NFD: &str = "zoe\u{301}";
const NFC: &str = "zo\u{e9}";

pub(super) async fn hold(directory: &dyn Directory) {
    empty_addresses_are_absent(directory).await;
    a_value_has_one_verdict_at_each_door(directory).await;
    a_name_is_found_in_either_normal_form(directory).await;
    what_is_older_than_a_rule_stays(directory).await;
    labels_and_cards_have_the_rule_of_names(directory).await;
    a_card_of_another_user_is_named(directory).await;
}

fn entry(name: &str, more: &str) -> String {
    format!(
        "[[users]]\nuser_name = '{name}'\norganisation = 'ACME'\npassword = 'ruled-by-rules'\n{more}\n"
    )
}

async fn empty_addresses_are_absent(directory: &dyn Directory) {
    let two = ["ruled1", "ruled2"].map(|name| entry(name, "email = ' '"));
    load(directory, &two.concat()).await.unwrap();
    for name in ["ruled1", "ruled2"] {
        assert_eq!(shown(directory, name).await.0, None);
    }
}

async fn a_value_has_one_verdict_at_each_door(directory: &dyn Directory) {
    let long = "x".repeat(256);
    let address = format!("{}@example.com", "x".repeat(65));
    let address_of = Some("the e-mail address is not like name@example.com");
    let number_of = Some("the number is not between 1 and 9007199254740991");
    for (email, first_name, number, reason) in [
        ("", " Ada ", 70_001, None),
        (" ruled@example.com", "", 70_002, None),
        ("ruled@münchen.example", "A\u{308}da", 70_003, None),
        ("ruled", "", 70_004, address_of),
        ("a@b@example.com", "", 70_005, address_of),
        ("ruled@example..com", "", 70_006, address_of),
        ("ru led@example.com", "", 70_007, address_of),
        (&address, "", 70_008, address_of),
        (
            "",
            &long,
            70_009,
            Some("the first name has more than 255 characters"),
        ),
        (
            "",
            "a\u{202e}",
            70_010,
            Some("the first name holds a control character, U+202E"),
        ),
        ("", "", 0, number_of),
        ("", "", -1, number_of),
        ("", "", i64::MAX, number_of),
    ] {
        let edit = Box::new(UserEdit {
            email: Patch::Set(email.to_owned()),
            first_name: Some(first_name.to_owned()),
            number: Some(number),
            ..UserEdit::default()
        });
        let user = id(directory, "ruled1").await;
        let by_change = directory.change(Change::EditUser { user, edit }).await;
        let by_change = by_change
            .map(drop)
            .map_err(|error| format!("user ruled2: {error}"));
        let expected = reason.map_or(Ok(()), |reason| Err(format!("user ruled2: {reason}")));
        assert_eq!(by_change, expected, "{email:?}, {first_name:?}, {number}");
        let changed = shown(directory, "ruled1").await;
        load(directory, &values("ruled1", "", "", 70_000))
            .await
            .unwrap();
        let by_file = load(directory, &values("ruled2", email, first_name, number)).await;
        let by_file = by_file.map(drop);
        assert_eq!(by_file, by_change, "{email:?}, {first_name:?}, {number}");
        if by_file.is_ok() {
            assert_eq!(shown(directory, "ruled2").await, changed);
        }
        load(directory, &values("ruled2", "", "", 69_999))
            .await
            .unwrap();
    }
}

fn values(name: &str, email: &str, first_name: &str, number: i64) -> String {
    format!(
        "[[users]]\nuser_name = '{name}'\nemail = '{email}'\nfirst_name = '{first_name}'\nnumber = {number}\n"
    )
}

async fn a_name_is_found_in_either_normal_form(directory: &dyn Directory) {
    load(directory, &entry(NFD, "")).await.unwrap();
    let stored = directory.account(NFC).await.unwrap().unwrap().user;
    assert_eq!(stored.user_name, NFC);
    assert_eq!(id(directory, NFD).await, stored.id);
    let again = Change::AddUser {
        user: person(&NFD.to_uppercase()),
        number: None,
    };
    let refused = directory.change(again).await.unwrap_err().to_string();
    let reason = format!("user {NFC} logs in by the same name or e-mail address");
    assert_eq!(refused, reason);
}

async fn what_is_older_than_a_rule_stays(directory: &dyn Directory) {
    let old = "email = 'no address'\nnumber = 0";
    let refused = load(directory, &entry("elder", old)).await.unwrap_err();
    assert_eq!(
        refused,
        "user elder: the e-mail address is not like name@example.com"
    );
    let marked = format!("{old}\ngrandfathered = true");
    load(directory, &entry("elder", &marked)).await.unwrap();
    let exported = directory.snapshot().await.unwrap();
    let exported = exported.users.iter().filter(|user| user.grandfathered);
    let exported: Vec<_> = exported.map(|user| user.user_name.as_str()).collect();
    assert_eq!(exported, ["elder"]);
    assert_eq!(
        id(directory, "no address").await,
        id(directory, "elder").await
    );
    let edit = Box::new(UserEdit {
        last_name: Some("Old".to_owned()),
        ..UserEdit::default()
    });
    let user = id(directory, "elder").await;
    directory
        .change(Change::EditUser { user, edit })
        .await
        .unwrap();
}

async fn id(directory: &dyn Directory, name: &str) -> Uuid {
    directory.account(name).await.unwrap().unwrap().user.id
}

async fn shown(directory: &dyn Directory, name: &str) -> (Option<String>, String) {
    let user = directory.account(name).await.unwrap().unwrap().user;
    (user.email, user.first_name)
}

async fn labels_and_cards_have_the_rule_of_names(directory: &dyn Directory) {
    let long = "x".repeat(256);
    for (text, reason) in [
        (long.as_str(), "has more than 255 characters"),
        ("a\u{1b}b", "holds a control character, U+001B"),
        ("a\u{202e}b", "holds a control character, U+202E"),
        ("a\u{200b}b", "holds an invisible character, U+200B"),
    ] {
        let text = serde_json::to_string(text).unwrap();
        let key = format!(
            "[[keys]]\nrealm = 'here'\nlabel = {text}\nkey = '0fd1c21b-7f2e-4a58-9d2c-5b9e1f0a7c33'\n"
        );
        let refused = load(directory, &key).await.unwrap_err();
        assert!(
            refused.ends_with(&format!(": the label {reason}")),
            "{refused}"
        );
        let digest = "ab".repeat(32);
        let password = format!(
            "app_passwords = [{{ digest = '{digest}', dialect = 'here', label = {text}, \
             made_at = '2026-01-01T00:00:00Z' }}]"
        );
        let refused = load(directory, &entry("ruled1", &password)).await;
        assert_eq!(refused, Err(format!("user ruled1: the label {reason}")));
        let card = format!("access_cards = [{{ identifier = {text}, pass_code = '24680' }}]");
        let refused = load(directory, &entry("ruled1", &card)).await.unwrap_err();
        assert!(refused.starts_with("user ruled1"), "{refused}");
        assert!(
            refused.ends_with(&format!(": the identifier {reason}")),
            "{refused}"
        );
        let marked = format!("grandfathered = true\n{card}");
        load(directory, &entry("carded", &marked)).await.unwrap();
        let exported = directory.snapshot().await.unwrap();
        let mut users = exported.users.iter();
        assert!(users.any(|user| user.user_name == "carded" && user.grandfathered));
    }
}

async fn a_card_of_another_user_is_named(directory: &dyn Directory) {
    let card = "access_cards = [{ identifier = 'badge-\u{e9}', pass_code = '24680' }]";
    load(directory, &entry("ruled1", card)).await.unwrap();
    for same in [card.to_owned(), card.replace('\u{e9}', "e\u{301}")] {
        let refused = load(directory, &entry("ruled2", &same)).await;
        let reason = "user ruled1 has an access card of the same identifier, badge-\u{e9}";
        assert_eq!(refused, Err(format!("user ruled2: {reason}")));
    }
    let two = [entry("ruled3", card), entry("ruled4", card)].concat();
    let two = two.replace("badge", "token");
    let refused = load(directory, &two).await.unwrap_err();
    let reason = "user ruled3 has an access card of the same identifier, token-\u{e9}";
    assert_eq!(refused, format!("user ruled4: {reason}"));
    for identifier in ["badge-\u{e9}", "badge-e\u{301}"] {
        let card = directory.card(CardRef::Identifier(identifier)).await;
        assert_eq!(card.unwrap().unwrap().user.user_name, "ruled1");
    }
}
