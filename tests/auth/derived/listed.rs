//! Derived tokens in the list of sessions.

use super::*;

#[tokio::test]
async fn an_administrators_sessions_include_those_for_others() {
    let f = fixture().await;
    Family::of(&f).await;
    let admin = f.user("admin").await;
    let filter = SessionFilter {
        user: Some(admin.id),
        ..SessionFilter::default()
    };
    let listed = f.auth.sessions(&filter, 10).await.unwrap();
    let mut listed: Vec<_> = listed
        .iter()
        .map(|one| {
            (
                one.user_name.as_str(),
                one.purpose,
                one.actor_name.as_deref(),
            )
        })
        .collect();
    listed.sort_by_key(|(name, purpose, _)| (*name, *purpose as u8));
    assert_eq!(
        listed,
        [
            ("ada", Purpose::Access, Some("admin")),
            ("ada", Purpose::Impersonation, Some("admin")),
            ("admin", Purpose::Access, None),
        ]
    );
}

#[tokio::test]
async fn a_session_is_listed_with_its_login_and_parent() {
    let f = fixture().await;
    let family = Family::of(&f).await;
    let listed = f.auth.sessions(&family.handle("third"), 1).await.unwrap();
    let [third] = listed.as_slice() else {
        panic!("{listed:?}");
    };
    let remember = &family.get("remember").session;
    assert_eq!(third.root, remember.digest);
    assert_eq!(third.login_at, remember.issued_at());
    assert_eq!(third.parent, Some(family.get("second").session.digest));
    let listed = f.auth.sessions(&family.handle("other"), 1).await.unwrap();
    let other = &family.get("other").session;
    assert_eq!(listed[0].root, other.digest);
    assert_eq!(
        (listed[0].parent, listed[0].login_at),
        (None, other.issued_at())
    );
}
