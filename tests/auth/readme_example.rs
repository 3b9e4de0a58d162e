//! The example in the README of `isogloss-core`. It stands here because core depends on no store, not even in tests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use isogloss_core::audit::Audit;
use isogloss_core::authority::Authorities;
use isogloss_core::directory::file::{File, import};
use isogloss_core::store::SessionLimits;
use isogloss_core::{
    Auth, AuthComponents, AuthError, Credentials, LoginOrigin, MockClock, PasswordSettings,
    Passwords, Pepper, Purpose, Realm, SecondFactor, SecondUse, Terms,
};
use isogloss_directory_sql::SqliteDirectory;
use isogloss_store_embedded::EmbeddedStore;
use time::macros::datetime;

#[tokio::test]
async fn the_example_logs_in_and_out() -> Result<(), Box<dyn std::error::Error>> {
    const REALM: Realm = Realm::new("example");
    const USERS: &str = r#"
        organisations = [{ name = "ACME" }]
        users = [{ user_name = "ada", organisation = "ACME", password = "ada-password" }]
    "#;

    let folder = tempfile::tempdir()?;
    let directory = SqliteDirectory::open(&folder.path().join("directory.db")).await?;
    let passwords = Passwords::start(PasswordSettings {
        bcrypt_cost: 4, // For a test. The default resists guessing.
        ..PasswordSettings::default()
    })?;
    let users = File::parse(Path::new("users.toml"), USERS)?;
    import(&directory, &passwords, users, |_progress| {}).await?;

    let clock = Arc::new(MockClock::at(datetime!(2026-01-01 12:00 UTC)));
    let auth = Auth::new(AuthComponents {
        directory: Arc::new(directory),
        tokens: Arc::new(EmbeddedStore::in_memory(SessionLimits::default())?),
        passwords,
        peppers: Pepper::new("a secret of 16 bytes or more")
            .ok_or("too short")?
            .into(),
        second_use: SecondUse::EndSession,
        throttle: None,
        authorities: Authorities::default(),
        audit: Audit::default(),
        clock: clock.clone(),
    });

    let user = auth
        .login(Credentials {
            name: "ada".to_owned(),
            password: "ada-password".into(),
            factor: SecondFactor::Code(None),
            organisation: None,
            origin: LoginOrigin::new(REALM, None),
        })
        .await?;
    let terms = Terms::new(Purpose::Access, Duration::from_mins(30));
    let issued = auth.issue(REALM, &user, terms).await?;

    clock.advance(Duration::from_mins(29));
    let session = auth.validate(&issued.token, &[Purpose::Access]).await?;
    assert_eq!(session.user.user_name, "ada");

    auth.revoke(&issued.token, Purpose::Access).await?;
    let ended = auth.validate(&issued.token, &[Purpose::Access]).await;
    assert!(matches!(ended, Err(AuthError::InvalidToken(_))));
    Ok(())
}

/// Returns the code without white space and without commas at the end of a list.
fn compact(code: &str) -> String {
    let dense: String = code.split_whitespace().collect();
    dense.replace(",}", "}").replace(",)", ")")
}

#[test]
fn the_readme_shows_this_example() {
    let readme = include_str!("../../crates/core/README.md");
    let (_, rest) = readme.split_once("```rust,ignore\n").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let (imports, statements) = shown.split_once("\n\nconst").unwrap();
    let (_, here) = include_str!("readme_example.rs")
        .split_once("\n\n")
        .unwrap();
    let (imports_here, rest) = here.split_once("\n\n#[tokio::test]").unwrap();
    let (_, rest) = rest.split_once("const").unwrap();
    let (statements_here, _) = rest.split_once("    Ok(())\n}\n").unwrap();
    assert_eq!(compact(imports), compact(imports_here));
    assert_eq!(compact(statements), compact(statements_here));
}
