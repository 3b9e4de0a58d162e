//! Adding and editing users, and rejected changes.

use futures_util::future::join_all;
use isogloss_core::directory::{Change, Directory, InvalidChange, Patch, UserEdit};
use isogloss_core::{Language, Role, User};
use uuid::Uuid;

use super::{edit, person, umbrella, unfit, user};

pub(super) async fn are_added(directory: &dyn Directory) {
    let add = async |name: &str, number| {
        let user = person(name);
        directory
            .change(Change::AddUser { user, number })
            .await
            .unwrap();
        super::user(directory, name).await.number
    };
    assert_eq!(add("alice", Some(500)).await, 500);
    assert_eq!(add("wesker", None).await, 501, "the next one");
    assert_eq!(user(directory, "alice").await.units, ["R1"]);
}

pub(super) async fn are_edited(directory: &dyn Directory) {
    let before = user(directory, "alice").await;
    let same = edit(directory, "alice", UserEdit::default()).await;
    assert_eq!(same, Ok(before.clone()));
    let all = UserEdit {
        number: Some(502),
        user_name: Some("Alice".to_owned()),
        email: Patch::Set("Alice@Example.com".to_owned()),
        first_name: Some("Alice".to_owned()),
        last_name: Some("Abernathy".to_owned()),
        image_url: Some("https://example.com/alice.png".to_owned()),
        language: Patch::Set(Language::parse("de-AT").unwrap()),
        role: Some(Role::Admin),
        default_unit: Patch::Set("R2".to_owned()),
        ..UserEdit::default()
    };
    let edited = edit(directory, "alice", all).await.unwrap();
    let expected = User {
        number: 502,
        user_name: "Alice".to_owned(),
        email: Some("Alice@Example.com".to_owned()),
        first_name: "Alice".to_owned(),
        last_name: "Abernathy".to_owned(),
        image_url: "https://example.com/alice.png".to_owned(),
        language: Language::parse("de-AT").ok(),
        role: Role::Admin,
        units: vec!["R1".to_owned(), "R2".to_owned()],
        default_unit: Some("R2".to_owned()),
        ..before.clone()
    };
    assert_eq!(edited, expected, "and no token ended");
    assert_eq!(user(directory, "alice@example.com").await.id, before.id);
    let renamed = UserEdit {
        user_name: Some("abernathy".to_owned()),
        email: Patch::Remove,
        ..UserEdit::default()
    };
    let renamed = edit(directory, "alice", renamed).await.unwrap();
    assert_eq!(renamed.language, expected.language, "it stays");
    let removed = UserEdit {
        language: Patch::Remove,
        ..UserEdit::default()
    };
    let removed = edit(directory, "abernathy", removed).await.unwrap();
    assert_eq!(removed.language, None);
    for gone in ["alice", "alice@example.com"] {
        assert!(directory.account(gone).await.unwrap().is_none(), "{gone}");
    }
    // Values that the edit does not set stay.
    let ada = user(directory, "ada").await;
    let enrolled = directory.enrolment(ada.id).await.unwrap().is_some();
    let edited = UserEdit {
        first_name: Some("Augusta".to_owned()),
        ..UserEdit::default()
    };
    edit(directory, "ada", edited).await.unwrap();
    let card = isogloss_core::directory::CardRef::Identifier("ada");
    assert!(directory.card(card).await.unwrap().is_some());
    let still = directory.enrolment(ada.id).await.unwrap().is_some();
    assert_eq!(still, enrolled);
}

pub(super) async fn a_move_and_a_unit_less_end_tokens(directory: &dyn Directory) {
    let generation = user(directory, "wesker").await.generation;
    let units = |units: &[&str]| UserEdit {
        units: Some(units.iter().copied().map(str::to_owned).collect()),
        ..UserEdit::default()
    };
    let one_more = edit(directory, "wesker", units(&["R1", "R2"])).await;
    assert_eq!(one_more.unwrap().generation, generation);
    let one_less = edit(directory, "wesker", units(&["R2"])).await;
    assert_eq!(one_less.unwrap().generation, generation + 1);
    let moved = UserEdit {
        organisation: Some("ACME".to_owned()),
        units: Some(vec!["U1".to_owned()]),
        ..UserEdit::default()
    };
    let moved = edit(directory, "wesker", moved).await.unwrap();
    assert_eq!(
        (moved.organisation.name.as_str(), moved.generation),
        ("ACME", generation + 2)
    );
}

pub(super) async fn what_makes_no_sense_changes_nothing(directory: &dyn Directory) {
    let before = directory.snapshot().await.unwrap();
    let invalid = |reason: &str| Err(InvalidChange::Invalid(reason.to_owned()));
    let with = |set: fn(&mut UserEdit)| {
        let mut edit = UserEdit::default();
        set(&mut edit);
        edit
    };
    for (edited, reason) in [
        (
            with(|edit| edit.user_name = Some(" ".into())),
            "the user name is empty",
        ),
        (
            with(|edit| edit.number = Some(0)),
            "the number is not between 1 and 9007199254740991",
        ),
        (
            with(|edit| edit.email = Patch::Set("abernathy".into())),
            "the e-mail address is not like name@example.com",
        ),
        (
            with(|edit| edit.last_name = Some("a\0".into())),
            "the last name holds a control character, U+0000",
        ),
        (
            with(|edit| edit.organisation = Some("Moon".into())),
            "there is no organisation Moon",
        ),
        (
            with(|edit| edit.organisation = Some("\0".into())),
            "the organisation holds a control character, U+0000",
        ),
        (
            with(|edit| edit.units = Some(vec!["U1".into()])),
            "Umbrella has no unit U1",
        ),
        (
            with(|edit| edit.default_unit = Patch::Set("R9".into())),
            "Umbrella has no unit R9",
        ),
        (
            with(|edit| edit.organisation = Some("ACME".into())),
            "ACME has no unit R1",
        ),
    ] {
        let refused = edit(directory, "abernathy", edited).await.map(drop);
        assert_eq!(refused, invalid(reason));
    }
    let nobody = Uuid::new_v4();
    let edit = Box::default();
    let refused = unfit(directory, Change::EditUser { user: nobody, edit }).await;
    let no = InvalidChange::NotFound(format!("{nobody}: no such user"));
    assert_eq!(refused, Err(no));
    assert_eq!(directory.snapshot().await.unwrap(), before);
}

pub(super) async fn who_is_in_the_way_keeps_it(directory: &dyn Directory) {
    let conflict = |reason: &str| Err(InvalidChange::Conflict(reason.to_owned()));
    let add = |name: &str, number| Change::AddUser {
        user: person(name),
        number,
    };
    let same_login = "user Ada logs in by the same name or e-mail address";
    for name in ["ADA", "ada@example.com"] {
        assert_eq!(
            unfit(directory, add(name, None)).await,
            conflict(same_login)
        );
    }
    let refused = unfit(directory, add("birkin", Some(7))).await;
    assert_eq!(refused, conflict("user Ada has the same number"));
    let taken = UserEdit {
        user_name: Some("ada".to_owned()),
        ..UserEdit::default()
    };
    let refused = edit(directory, "abernathy", taken).await.map(drop);
    assert_eq!(refused, conflict(same_login));
}

/// Of many concurrent calls that add a user with the same name, one succeeds and the others are rejected.
pub(in crate::tests) async fn one_of_many_adds_a_user(one: &dyn Directory, other: &dyn Directory) {
    one.change(Change::AddOrganisation(umbrella(Uuid::new_v4())))
        .await
        .unwrap();
    let tries = (0..16).map(|try_number| {
        let directory = if try_number % 2 == 0 { one } else { other };
        let (user, number) = (person("redfield"), None);
        unfit(directory, Change::AddUser { user, number })
    });
    let (done, refused): (Vec<_>, Vec<_>) =
        join_all(tries).await.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 1);
    let reason = "user redfield logs in by the same name or e-mail address";
    let conflict = Err(InvalidChange::Conflict(reason.to_owned()));
    assert!(
        refused.iter().all(|refused| *refused == conflict),
        "{refused:?}"
    );
}
