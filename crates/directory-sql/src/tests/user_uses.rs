//! Who uses a dialect, by name, in the directory's database.

use isogloss_core::directory::Directory;
use isogloss_core::usage::{NamedUse, UsageBatch, UseCursor, UseFilter, UseOf, UserUse};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const START: OffsetDateTime = datetime!(2026-11-26 09:00 UTC);

fn used(user: Uuid, minutes: i64, is_login: bool) -> UserUse {
    let at = START + Duration::minutes(minutes);
    UserUse {
        user,
        dialect: "toy",
        first_used_at: at,
        last_used_at: at,
        last_login_at: is_login.then_some(at),
        address: Some("192.0.2.7".to_owned()),
        client: Some(format!("at {minutes}")),
        user_agent: "okhttp/4".to_owned(),
    }
}

/// Adds uses by users to the directory.
pub(super) async fn add(directory: &dyn Directory, uses: impl IntoIterator<Item = UserUse>) {
    let mut batch = UsageBatch::new(10, 10);
    assert_eq!(batch.add_users(uses), 0);
    directory.add_usage(&batch, 10).await.unwrap();
}

/// Returns the uses of the dialect `toy`.
pub(super) async fn of_toy(directory: &dyn Directory) -> Vec<NamedUse> {
    directory.user_uses(&filter()).await.unwrap()
}

fn filter() -> UseFilter {
    UseFilter {
        of: UseOf::Dialect("toy".to_owned()),
        since: None,
        after: None,
        limit: 100,
    }
}

/// Records a use of the dialect `toy` by a user.
pub(super) async fn add_one(directory: &dyn Directory, user: Uuid) {
    add(directory, [used(user, 0, true)]).await;
}

async fn a_use_is_stored_with_the_names_of_its_user(directory: &dyn Directory, ada: Uuid) {
    // There is no user with the second identifier.
    add(
        directory,
        [used(ada, 0, true), used(Uuid::from_u128(1), 0, true)],
    )
    .await;
    let uses = of_toy(directory).await;
    assert_eq!(uses.len(), 1);
    let one = &uses[0];
    assert_eq!(
        (one.user, one.user_name.as_str(), one.number),
        (ada, "Ada", 7)
    );
    assert_eq!(
        (one.organisation.as_str(), one.first_name.as_str()),
        ("ACME", "Ada")
    );
    assert_eq!(one.last_login_at, Some(START));
    assert_eq!(one.address.as_deref(), Some("192.0.2.7"));
}

async fn a_use_within_an_hour_is_stored_only_for_a_login(directory: &dyn Directory, ada: Uuid) {
    for (minutes, is_login, stored, login) in [
        (59, false, 0, 0),
        (60, false, 60, 0),
        (61, true, 61, 61),
        (90, false, 61, 61),
        (30, true, 61, 61),
    ] {
        add(directory, [used(ada, minutes, is_login)]).await;
        let one = of_toy(directory).await.remove(0);
        assert_eq!(one.first_used_at, START, "{minutes}");
        assert_eq!(
            one.last_used_at,
            START + Duration::minutes(stored),
            "{minutes}"
        );
        assert_eq!(
            one.last_login_at,
            Some(START + Duration::minutes(login)),
            "{minutes}"
        );
    }
}

async fn uses_are_listed_by_page_and_by_user(directory: &dyn Directory, ada: Uuid) {
    let bob = directory.account("bob").await.unwrap().unwrap().user.id;
    add(directory, [used(bob, 500, false)]).await;
    let all = of_toy(directory).await;
    assert_eq!(
        all.iter().map(|one| one.user).collect::<Vec<_>>(),
        [bob, ada]
    );
    assert_eq!(all[0].last_login_at, None);
    let page = |after, since| UseFilter {
        after,
        since,
        limit: 1,
        ..filter()
    };
    let first = directory.user_uses(&page(None, None)).await.unwrap();
    assert_eq!(first, all[..1]);
    let after = UseCursor {
        at: first[0].last_used_at,
        user: first[0].user,
    };
    let second = directory.user_uses(&page(Some(after), None)).await.unwrap();
    assert_eq!(second, all[1..]);
    let late = Some(START + Duration::minutes(100));
    assert_eq!(
        directory.user_uses(&page(Some(after), late)).await.unwrap(),
        []
    );
    let of_ada = UseFilter {
        of: UseOf::User(ada),
        ..filter()
    };
    assert_eq!(directory.user_uses(&of_ada).await.unwrap(), all[1..]);
    let last = directory.last_uses(&["toy".to_owned()]).await.unwrap();
    assert_eq!(last[0].last_used, Some(START + Duration::minutes(500)));
}

pub(super) async fn hold(directory: &dyn Directory) {
    let ada = directory.account("ada").await.unwrap().unwrap().user.id;
    a_use_is_stored_with_the_names_of_its_user(directory, ada).await;
    a_use_within_an_hour_is_stored_only_for_a_login(directory, ada).await;
    uses_are_listed_by_page_and_by_user(directory, ada).await;
}
