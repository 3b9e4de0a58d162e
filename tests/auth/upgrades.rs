//! Imported password hashes, and how they are replaced.

use secrecy::ExposeSecret;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::*;

/// Hash of "my password", from `PasswordHasherTest.cs` of ASP.NET Core.
const ASPNET: &str = "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==";

impl Fixture {
    async fn hash_of(&self, name: &str) -> String {
        let account = self.directory.account(name).await.unwrap().unwrap();
        account
            .password_hash
            .as_ref()
            .unwrap()
            .expose_secret()
            .to_owned()
    }

    async fn logs_in(&self, name: &str, password: &str) -> bool {
        match self.auth.login(credentials(name, password)).await {
            Ok(_) => true,
            Err(AuthError::InvalidCredentials(_)) => false,
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_hash_of_elsewhere_becomes_ours_at_a_login_and_no_token_ends() {
    let f = fixture().await;
    f.bring("net", ASPNET, "").await;
    let before = f.directory.account("net").await.unwrap().unwrap().user;
    let token = f
        .auth
        .issue(HERE, &before, Terms::new(Purpose::Access, HOUR))
        .await
        .unwrap();
    assert!(!f.logs_in("net", "another").await);
    assert_eq!(f.hash_of("net").await, ASPNET);
    assert!(f.logs_in("net", "my password").await);
    let ours = f.hash_of("net").await;
    assert!(ours.starts_with("$2b$04$"), "{ours}");
    assert!(f.is_live(&token.token, Purpose::Access).await);
    assert!(f.logs_in("net", "my password").await);
    assert!(!f.logs_in("net", "another").await);
    assert_eq!(f.hash_of("net").await, ours);
}

#[tokio::test]
async fn the_file_that_brought_a_hash_brings_nothing_back() {
    let f = fixture().await;
    f.bring("net", ASPNET, "").await;
    assert!(f.logs_in("net", "my password").await);
    let before = f.directory.account("net").await.unwrap().unwrap();
    f.bring("net", ASPNET, "").await;
    let after = f.directory.account("net").await.unwrap().unwrap();
    assert_eq!(
        f.hash_of("net").await,
        before.password_hash.as_ref().unwrap().expose_secret()
    );
    assert_eq!(after.user, before.user, "tokens have ended");
    // The password was changed here since the first import: the new one stays.
    f.directory
        .set_password(after.user.id, "$2b$04$")
        .await
        .unwrap();
    f.bring("net", ASPNET, "").await;
    assert_eq!(f.hash_of("net").await, "$2b$04$");
}

#[tokio::test]
async fn another_cost_and_another_version_become_ours_too() {
    let f = fixture().await;
    // From `wrapper.c` of `crypt_blowfish`.
    let costly = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    for (name, hash) in [("costly", costly), ("signed", &costly.replace("2a", "2x"))] {
        f.bring(name, hash, "").await;
        assert!(f.logs_in(name, "U*U").await);
        assert!(f.hash_of(name).await.starts_with("$2b$04$"));
    }
}

#[tokio::test]
async fn a_password_that_bcrypt_cannot_take_keeps_its_hash() {
    let f = fixture().await;
    // From Drepper's specification of SHA-crypt.
    let hash = "$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1";
    let long =
        "a very much longer text to encrypt.  This one even stretches over morethan one line.";
    f.bring("long", hash, "").await;
    assert!(f.logs_in("long", long).await);
    assert_eq!(f.hash_of("long").await, hash);
    assert!(!f.logs_in("long", &long[..72]).await);
}

#[tokio::test]
async fn a_hash_that_takes_blanks_around_the_password_stays() {
    let f = fixture().await;
    // Hash of "test", made with the algorithm of `wp_hash_password()` of WordPress 6.8.
    let hash = "$wp$2y$05$abcdefghijklmnopqrstuu0gEBJUvPGHSOPEWF02FA26rvpRXOh6a";
    f.bring("author", hash, "").await;
    for password in [" test ", "test", "test\n"] {
        assert!(f.logs_in("author", password).await, "{password:?}");
        assert_eq!(f.hash_of("author").await, hash);
    }
}

#[tokio::test]
async fn who_is_not_let_in_keeps_the_hash() {
    let f = fixture().await;
    f.bring("net", ASPNET, "disabled = true").await;
    let refused = f.auth.login(credentials("net", "my password")).await;
    assert!(matches!(refused, Err(AuthError::AccountDisabled(_))));
    assert_eq!(f.hash_of("net").await, ASPNET);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_to_lets_in_all_the_same() {
    let f = fixture().await;
    f.bring("net", ASPNET, "").await;
    let file = SqliteConnectOptions::new().filename(f.folder.path().join("directory.db"));
    let pool = SqlitePool::connect_with(file).await.unwrap();
    let away = "CREATE TRIGGER away BEFORE UPDATE ON users BEGIN SELECT RAISE(ABORT, 'away'); END";
    sqlx::query(away).execute(&pool).await.unwrap();
    assert!(f.logs_in("net", "my password").await);
    assert_eq!(f.hash_of("net").await, ASPNET);
}

#[tokio::test]
async fn a_card_s_pass_code_may_be_hashed_elsewhere() {
    let f = fixture().await;
    let card =
        format!("access_cards = [{{ identifier = 'brought', pass_code_hash = '{ASPNET}' }}]");
    f.bring("net", ASPNET, &card).await;
    let acme = OrganisationName::Exact("ACME".to_owned());
    for (pass_code, fits) in [("my password", true), ("another", false)] {
        let card = AccessCard::Identifier {
            identifier: "brought".to_owned(),
            pass_code: pass_code.into(),
        };
        let tried = f.auth.login_by_card(card, &acme, &ORIGIN).await;
        assert_eq!(tried.is_ok(), fits, "{tried:?}");
    }
}
