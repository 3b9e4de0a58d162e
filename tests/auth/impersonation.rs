//! Impersonation by administrators: its tokens end with whatever ends the administrator's own.

use super::*;
use isogloss_core::UserState;

/// Issues a token with which `admin` acts as `ada`.
async fn impersonating(f: &Fixture) -> IssuedToken {
    let access = f.token("admin", Terms::new(Purpose::Access, HOUR)).await;
    let ada = f
        .auth
        .impersonate(&access.session, "ada", None)
        .await
        .unwrap();
    let terms = Terms {
        actor: Some(access.session.acting()),
        ..Terms::new(Purpose::Impersonation, HOUR)
    };
    f.auth.issue(HERE, &ada.unwrap(), terms).await.unwrap()
}

async fn is_live(f: &Fixture, token: &Token) -> bool {
    f.is_live(token, Purpose::Impersonation).await
}

#[tokio::test]
async fn the_administrator_is_kept_and_listed() {
    let f = fixture().await;
    let issued = impersonating(&f).await;
    let admin = f.user("admin").await;
    let purposes = [Purpose::Impersonation];
    let session = f.auth.validate(&issued.token, &purposes).await.unwrap();
    assert_eq!(session.user.user_name, "ada");
    assert_eq!(session.acting().id, admin.id);
    let filter = SessionFilter {
        user: Some(session.user.id),
        ..SessionFilter::default()
    };
    let listed = f.auth.sessions(&filter, 10).await.unwrap();
    let [listed] = listed.as_slice() else {
        panic!("{listed:?}");
    };
    assert_eq!(listed.actor, Some(admin.id));
    assert_eq!(listed.actor_name.as_deref(), Some("admin"));
}

#[tokio::test]
async fn it_ends_when_the_administrator_is_disabled() {
    let f = fixture().await;
    let issued = impersonating(&f).await;
    let admin = f.user("admin").await;
    assert!(is_live(&f, &issued.token).await);
    let disabled = UserState::Disabled;
    f.directory.set_state(admin.id, disabled).await.unwrap();
    assert!(!is_live(&f, &issued.token).await);
    assert!(
        f.auth
            .sessions(&SessionFilter::default(), 10)
            .await
            .unwrap()
            .is_empty()
    );
    let enabled = UserState::Active;
    f.directory.set_state(admin.id, enabled).await.unwrap();
    assert!(!is_live(&f, &issued.token).await, "it comes back to life");
}

#[tokio::test]
async fn it_ends_when_the_administrator_has_a_new_password() {
    let f = fixture().await;
    let issued = impersonating(&f).await;
    let admin = f.user("admin").await;
    f.directory.set_password(admin.id, "$2b$04$").await.unwrap();
    assert!(!is_live(&f, &issued.token).await);
}

#[tokio::test]
async fn it_ends_when_the_administrator_is_one_no_more() {
    let f = fixture().await;
    let issued = impersonating(&f).await;
    let demoted = "users = [{ user_name = 'admin', organisation = 'ACME', role = 'LINGUIST' }]";
    let file = File::parse(Path::new("users.toml"), demoted).unwrap();
    import(f.directory.as_ref(), &passwords(), file, |_| {})
        .await
        .unwrap();
    assert!(!is_live(&f, &issued.token).await);
}

#[tokio::test]
async fn it_outlives_the_administrators_own_session() {
    let f = fixture().await;
    let access = f.token("admin", Terms::new(Purpose::Access, HOUR)).await;
    let issued = impersonating(&f).await;
    f.auth
        .revoke_by_digest(access.session.digest)
        .await
        .unwrap();
    assert!(is_live(&f, &issued.token).await);
}

#[tokio::test]
async fn only_administrators_may_and_only_within_their_organisation() {
    let f = fixture().await;
    for name in ["ada", "stranger"] {
        let access = f.token(name, Terms::new(Purpose::Access, HOUR)).await;
        let outcome = f.auth.impersonate(&access.session, "admin", None).await;
        assert_eq!(refusal(outcome), "the user may not do this");
    }
    let access = f.token("admin", Terms::new(Purpose::Access, HOUR)).await;
    let found = async |name| f.auth.impersonate(&access.session, name, None).await;
    assert!(found("stranger").await.unwrap().is_none());
    assert!(found("nobody").await.unwrap().is_none());
    assert_eq!(refusal(found("retired").await), "the account is disabled");
    // The impersonated user's rights apply, so an administrator cannot be impersonated from there.
    let ada = impersonating(&f).await;
    let outcome = f.auth.impersonate(&ada.session, "admin", None).await;
    assert_eq!(refusal(outcome), "the user may not do this");
}
