//! The token core on a mock clock, with an embedded store and a SQLite directory.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use tempfile::TempDir;
use time::macros::datetime;

use super::*;
use crate::clock::MockClock;
use crate::directory::SqliteDirectory;
use crate::directory::file::{File, import};
use crate::password::PasswordSettings;
use crate::session::Lifetime;
use crate::store::EmbeddedStore;

const HERE: Realm = Realm::new("here");
const THERE: Realm = Realm::new("there");
const HOUR: Duration = Duration::from_hours(1);

const USERS: &str = r#"
organisations = [{ name = "ACME" }, { name = "OTHER" }]
users = [
    { user_name = "admin", organisation = "ACME", role = "ADMIN", password = "admin-pw" },
    { user_name = "ada", organisation = "ACME", password = "ada-pw", access_cards = [
        { code = "open-sesame" }, { identifier = "card", pass_code = "12345" } ] },
    { user_name = "guarded", organisation = "ACME", password = "guarded-pw", totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" },
    { user_name = "retired", organisation = "ACME", password = "retired-pw", disabled = true, access_cards = [ { code = "closed" } ] },
    { user_name = "stranger", organisation = "OTHER", password = "stranger-pw" },
]
keys = [
    { realm = "here", label = "app", key = "app-key" },
    { realm = "here", label = "robot", key = "robot-key", user = "ada" },
    { realm = "here", label = "off", key = "off-key", user = "retired" },
]
"#;

struct Fixture {
    auth: Auth,
    clock: Arc<MockClock>,
    directory: Arc<SqliteDirectory>,
    _folder: TempDir,
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let directory = SqliteDirectory::open(&folder.path().join("directory.db"))
        .await
        .unwrap();
    let passwords = Passwords::start(PasswordSettings {
        bcrypt_cost: 4,
        threads: NonZeroUsize::new(2),
        queue: 64,
    })
    .unwrap();
    let file = File::parse(Path::new("users.toml"), USERS).unwrap();
    import(&directory, &passwords, file, |_| {}).await.unwrap();
    let directory = Arc::new(directory);
    let clock = Arc::new(MockClock::at(datetime!(1970-01-01 00:00:59 UTC)));
    let auth = Auth::new(Parts {
        directory: directory.clone(),
        tokens: Arc::new(EmbeddedStore::in_memory(100).unwrap()),
        passwords,
        pepper: Pepper::new(b"0123456789abcdef".as_slice()).unwrap(),
        clock: clock.clone(),
    });
    Fixture {
        auth,
        clock,
        directory,
        _folder: folder,
    }
}

fn credentials(name: &str, password: &str) -> Credentials {
    Credentials {
        name: name.to_owned(),
        password: password.into(),
        code: None,
        organisation: None,
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, AuthError>) -> String {
    outcome.unwrap_err().to_string()
}

const INVALID: &str = "the credentials do not fit";
const DEAD: &str = "the token is not valid";

impl Fixture {
    async fn user(&self, name: &str) -> User {
        self.auth
            .login(credentials(name, &format!("{name}-pw")))
            .await
            .unwrap()
    }

    async fn token(&self, name: &str, terms: Terms) -> IssuedToken {
        self.auth
            .issue(HERE, &self.user(name).await, terms)
            .await
            .unwrap()
    }

    async fn is_live(&self, token: &Token, purpose: Purpose) -> bool {
        self.auth.validate(token, &[purpose]).await.is_ok()
    }
}

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
            let user = f.auth.login_by_card(card, &name).await;
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
        credentials.code = Some(code.into());
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
        let user = f.auth.login_by_card(card, &organisation).await;
        let user = user
            .map(|user| user.user_name)
            .map_err(|error| error.to_string());
        assert_eq!(user, outcome.map(str::to_owned).map_err(str::to_owned));
    }
}

#[tokio::test]
async fn a_token_opens_its_session_until_it_expires() {
    let f = fixture().await;
    let mut terms = Terms::new(Purpose::Access, HOUR);
    terms.client = Some("tablet".to_owned());
    terms.unit = Some("U1".to_owned());
    let issued = f.token("ada", terms).await;
    assert_eq!(issued.expires_in(), 3599);
    f.clock.advance(Duration::from_millis(3_599_999));
    let session = f
        .auth
        .validate(&issued.token, &[Purpose::Access])
        .await
        .unwrap();
    assert_eq!(session.user.user_name, "ada");
    assert_eq!(session.client.as_deref(), Some("tablet"));
    assert_eq!(session.unit.as_deref(), Some("U1"));
    assert_eq!(session.seconds_left(f.auth.now()), 0);
    f.clock.advance(Duration::from_millis(1));
    assert_eq!(
        refusal(f.auth.validate(&issued.token, &[Purpose::Access]).await),
        DEAD
    );
}

#[tokio::test]
async fn realm_and_purpose_must_fit() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let elsewhere = Token::from_hex(THERE, &issued.token.hex()).unwrap();
    assert!(!f.is_live(&elsewhere, Purpose::Access).await);
    assert!(!f.is_live(&issued.token, Purpose::Remember).await);
    assert_eq!(
        refusal(f.auth.redeem(&issued.token, Purpose::Handover).await),
        DEAD
    );
    assert!(f.is_live(&issued.token, Purpose::Access).await);
}

#[tokio::test]
async fn a_revoked_token_stays_dead() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let other = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    f.auth.revoke(&issued.token).await.unwrap();
    f.auth.revoke(&issued.token).await.unwrap();
    assert!(!f.is_live(&issued.token, Purpose::Access).await);
    assert!(f.is_live(&other.token, Purpose::Access).await);
}

#[tokio::test]
async fn one_of_many_redeems() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Handover, HOUR)).await;
    let redeemed = join_all((0..16).map(|_| f.auth.redeem(&issued.token, Purpose::Handover))).await;
    assert_eq!(redeemed.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn what_comes_from_a_revoked_token_is_not_redeemed() {
    let f = fixture().await;
    let parent = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let mut terms = Terms::new(Purpose::Handover, HOUR);
    terms.parent = Some(parent.session.digest);
    let child = f.token("ada", terms).await;
    f.auth.revoke(&parent.token).await.unwrap();
    assert_eq!(
        refusal(f.auth.redeem(&child.token, Purpose::Handover).await),
        DEAD
    );
}

#[tokio::test]
async fn one_token_per_client_replaces_the_one_before() {
    let f = fixture().await;
    let terms = |client: &str| Terms {
        client: Some(client.to_owned()),
        concurrency: Concurrency::OnePerClient,
        ..Terms::new(Purpose::Remember, HOUR)
    };
    let first = f.token("ada", terms("tablet")).await;
    let elsewhere = f.token("ada", terms("phone")).await;
    let other_user = f.token("admin", terms("tablet")).await;
    let second = f.token("ada", terms("tablet")).await;
    assert!(!f.is_live(&first.token, Purpose::Remember).await);
    for live in [elsewhere, other_user, second] {
        assert!(f.is_live(&live.token, Purpose::Remember).await);
    }
}

#[tokio::test]
async fn a_new_password_or_a_disabling_ends_every_token() {
    let f = fixture().await;
    for purpose in [Purpose::Access, Purpose::Remember, Purpose::Handover] {
        let issued = f.token("ada", Terms::new(purpose, HOUR)).await;
        let id = issued.session.user.id;
        f.directory
            .set_state(id, UserState::Disabled)
            .await
            .unwrap();
        assert!(!f.is_live(&issued.token, purpose).await);
        f.directory.set_state(id, UserState::Active).await.unwrap();
        assert!(!f.is_live(&issued.token, purpose).await);
    }
}

/// A login that was under way when the password changed must not outlive the change.
#[tokio::test]
async fn a_token_of_an_overtaken_login_is_dead_at_birth() {
    let f = fixture().await;
    let user = f.user("ada").await;
    f.directory
        .set_password(user.id, "$2b$04$changed")
        .await
        .unwrap();
    let issued = f
        .auth
        .issue(HERE, &user, Terms::new(Purpose::Access, HOUR))
        .await
        .unwrap();
    assert!(!f.is_live(&issued.token, Purpose::Access).await);
}

#[tokio::test]
async fn only_administrators_impersonate_and_only_in_their_organisation() {
    let f = fixture().await;
    let admin = f
        .token("admin", Terms::new(Purpose::Access, HOUR))
        .await
        .session;
    let found = f.auth.impersonate(&admin, "ada").await.unwrap().unwrap();
    assert_eq!(found.user_name, "ada");
    assert!(
        f.auth
            .impersonate(&admin, "stranger")
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        f.auth
            .impersonate(&admin, "nobody")
            .await
            .unwrap()
            .is_none()
    );
    let disabled = refusal(f.auth.impersonate(&admin, "retired").await);
    assert_eq!(disabled, "the account is disabled");
    let ada = f
        .token("ada", Terms::new(Purpose::Access, HOUR))
        .await
        .session;
    assert_eq!(
        refusal(f.auth.impersonate(&ada, "admin").await),
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
async fn a_key_with_a_user_logs_in() {
    let f = fixture().await;
    let user = f.auth.login_by_key(HERE, "robot-key").await.unwrap();
    assert_eq!(user.user_name, "ada");
    for (realm, key) in [(HERE, "app-key"), (HERE, "nope"), (THERE, "robot-key")] {
        assert_eq!(refusal(f.auth.login_by_key(realm, key).await), INVALID);
    }
    assert_eq!(
        refusal(f.auth.login_by_key(HERE, "off-key").await),
        "the account is disabled"
    );
}

#[tokio::test]
async fn an_idle_token_lives_by_its_use() {
    let f = fixture().await;
    let terms = Terms::new(Purpose::Access, Lifetime::Idle(HOUR));
    let used = f.token("ada", terms.clone()).await;
    let unused = f.token("ada", terms).await;
    for _ in 0..3 {
        f.clock.advance(HOUR / 2);
        assert!(f.is_live(&used.token, Purpose::Access).await);
    }
    // A use of another purpose is none.
    assert!(!f.is_live(&used.token, Purpose::Remember).await);
    assert!(!f.is_live(&unused.token, Purpose::Access).await);
    f.clock.advance(HOUR);
    assert!(!f.is_live(&used.token, Purpose::Access).await);
}

#[tokio::test]
async fn a_token_is_handed_out_again_while_it_is_fresh_enough() {
    let f = fixture().await;
    let terms = Terms {
        concurrency: Concurrency::Reuse { at_least: HOUR },
        ..Terms::new(Purpose::Access, HOUR * 24)
    };
    let first = f.token("ada", terms.clone()).await;
    f.clock.advance(HOUR * 23);
    let second = f.token("ada", terms.clone()).await;
    assert_eq!(second.token.hex(), first.token.hex());
    assert_eq!(second.session.expires_at, first.session.expires_at);
    assert_eq!(second.expires_in(), 3599);
    f.clock.advance(Duration::from_millis(1));
    let third = f.token("ada", terms.clone()).await;
    assert_ne!(third.token.hex(), first.token.hex());
    for live in [&first, &third] {
        assert!(f.is_live(&live.token, Purpose::Access).await);
    }
    f.auth.revoke(&third.token).await.unwrap();
    let fourth = f.token("ada", terms.clone()).await;
    assert_ne!(fourth.token.hex(), third.token.hex());
    let id = fourth.session.user.id;
    f.directory
        .set_password(id, &bcrypt::hash("ada-pw", 4).unwrap())
        .await
        .unwrap();
    assert_ne!(f.token("ada", terms).await.token.hex(), fourth.token.hex());
}

#[tokio::test]
async fn a_new_password_is_the_only_one_and_ends_every_token() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let user = &issued.session.user;
    f.auth
        .set_password(user, "analytical".into())
        .await
        .unwrap();
    assert!(!f.is_live(&issued.token, Purpose::Access).await);
    assert_eq!(
        refusal(f.auth.login(credentials("ada", "ada-pw")).await),
        INVALID
    );
    assert!(f.auth.login(credentials("ada", "analytical")).await.is_ok());
    assert!(f.auth.set_password(user, "".into()).await.is_err());
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
