//! What administrators see of users: authority, kind of password, last login, and counts.

use isogloss_core::UserState;
use isogloss_core::directory::{Directory, PasswordKind, UserFilter, UserGroup, UserRecord};
use uuid::Uuid;

use super::{NOW, account, link, person};

pub(super) async fn hold(directory: &dyn Directory) {
    a_record_says_what_is_stored(directory).await;
    users_are_found_by_authority_and_login(directory).await;
    groups_count_every_user_once(directory).await;
}

async fn all(directory: &dyn Directory, filter: UserFilter) -> Vec<UserRecord> {
    directory.users(&filter, i64::MIN, 1000).await.unwrap()
}

async fn a_record_says_what_is_stored(directory: &dyn Directory) {
    let mut foreign = person("foreign");
    foreign.password_hash = Some("$2x$04$none".to_owned());
    super::add(directory, foreign).await.unwrap();
    for (name, kind) in [
        ("foreign", PasswordKind::Foreign),
        ("cleo", PasswordKind::Current),
        ("waiting", PasswordKind::None),
    ] {
        let known = account(directory, name).await;
        let record = directory.user_record(known.user.id).await.unwrap().unwrap();
        assert_eq!(record.password, kind, "{name}");
        assert_eq!((&record.user, &record.link), (&known.user, &known.link));
    }
    let none = directory.user_record(Uuid::new_v4()).await.unwrap();
    assert_eq!(none, None);
}

async fn users_are_found_by_authority_and_login(directory: &dyn Directory) {
    let everybody = all(directory, UserFilter::default()).await;
    let of = |authority: &str| UserFilter {
        authority: Some(authority.to_owned()),
        ..UserFilter::default()
    };
    for authority in ["corp", "other", "nowhere", "corp\0"] {
        let is_of = |record: &&UserRecord| {
            let link = record.link.as_ref();
            link.is_some_and(|link| link.authority == authority)
        };
        let expected: Vec<_> = everybody.iter().filter(is_of).cloned().collect();
        assert_eq!(all(directory, of(authority)).await, expected, "{authority}");
    }
    assert!(link(&account(directory, "amy").await).unwrap().2);
    let adopted = all(directory, of("corp")).await;
    assert!(adopted.iter().any(|record| record.user_name == "amy"));
    let never = UserFilter {
        never_logged_in: true,
        ..UserFilter::default()
    };
    let never = all(directory, never).await;
    assert_eq!(never.len(), everybody.len() - 1);
    assert!(never.iter().all(|record| record.user_name != "stored"));
    let stored = account(directory, "stored").await.user.id;
    let stored = directory.user_record(stored).await.unwrap().unwrap();
    assert_eq!(stored.last_login_at, Some(NOW + time::Duration::DAY));
}

async fn groups_count_every_user_once(directory: &dyn Directory) {
    let disabled = account(directory, "waiting").await.user.id;
    directory
        .set_state(disabled, UserState::Disabled)
        .await
        .unwrap();
    let mut expected: Vec<UserGroup> = Vec::new();
    let mut records = all(directory, UserFilter::default()).await;
    let key = |record: &UserRecord| {
        let link = record.link.as_ref();
        let authority = link.map(|link| link.authority.clone());
        let is_disabled = record.state == UserState::Disabled;
        (
            authority,
            link.is_some_and(|link| link.is_adopted),
            is_disabled,
        )
    };
    records.sort_by_key(key);
    for same in records.chunk_by(|one, other| key(one) == key(other)) {
        let count = |what: fn(&UserRecord) -> bool| {
            same.iter().filter(|record| what(record)).count() as u64
        };
        let (authority, is_adopted, _) = key(&same[0]);
        expected.push(UserGroup {
            authority,
            is_adopted,
            state: same[0].state,
            users: count(|_| true),
            without_password: count(|one| one.password == PasswordKind::None),
            with_foreign_hash: count(|one| one.password == PasswordKind::Foreign),
            never_logged_in: count(|one| one.last_login_at.is_none()),
        });
    }
    assert!(expected.len() > 4, "{expected:?}");
    assert_eq!(directory.user_groups().await.unwrap(), expected);
    directory
        .set_state(disabled, UserState::Active)
        .await
        .unwrap();
}
