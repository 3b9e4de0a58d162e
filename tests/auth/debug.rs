//! Types with secrets can be formatted for a log, and show neither the secret nor its hash.

use std::fmt::Debug;

use isogloss_core::directory::{CardRef, KeyDigest};
use isogloss_core::{Concurrency, Email, RecoveryCode, TotpSecret};
use isogloss_directory_sql::PostgresSettings;
use isogloss_store_redis::RedisSettings;

use super::*;

const PASSWORD: &str = "Kq7RightPasswordXv9";
const CODE: &str = "Vd5CardCodeNp2";
const PASS_CODE: &str = "Bt1PassCodeRg4";
const KEY: &str = "Hf3ApiKeyLm6";
const RECOVERY: &str = "abcd-efgh-2345";
const TOTP: &str = "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U";
/// A token in hex, and how `Debug` output of its bytes would begin.
const HEX: &str = "35eb2b5e94b54d5aafa6b6a7b6e8de01";
const BYTES: &str = "53, 235, 43, 94";

/// Texts that no `Debug` output may contain.
struct Secrets(Vec<String>);

impl Secrets {
    fn assert_not_in(&self, shown: &dyn Debug) {
        for shown in [format!("{shown:?}"), format!("{shown:#?}")] {
            for secret in &self.0 {
                assert!(!shown.contains(secret.as_str()), "{secret} in {shown}");
            }
        }
    }
}

fn secrets() -> Secrets {
    let marked = [PASSWORD, CODE, PASS_CODE, KEY, TOTP, HEX, BYTES];
    // What every password hash begins with.
    let hashes = ["$2", "argon2", "pbkdf2", "scrypt"];
    Secrets(
        marked
            .iter()
            .chain(&hashes)
            .map(|secret| (*secret).to_owned())
            .collect(),
    )
}

fn file() -> File {
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let text = format!(
        r#"
organisations = [{{ name = "ACME" }}]
users = [
    {{ user_name = "ada", organisation = "ACME", password = "{PASSWORD}", totp_secret = "{TOTP}", access_cards = [
        {{ code = "{CODE}", allow_weak = true }}, {{ identifier = "card", pass_code = "{PASS_CODE}" }} ] }},
    {{ user_name = "eva", organisation = "ACME", password_hash = "{hash}", access_cards = [
        {{ identifier = "other", pass_code_hash = "{hash}" }} ] }},
]
keys = [{{ realm = "here", label = "app", key = "{KEY}", allow_weak = true }}]
"#
    );
    File::parse(Path::new("marked.toml"), &text).unwrap()
}

#[test]
fn what_comes_from_outside_shows_no_secret() {
    let secrets = secrets();
    secrets.assert_not_in(&file());
    secrets.assert_not_in(&Credentials {
        factor: SecondFactor::Code(Some(CODE.into())),
        ..credentials("ada", PASSWORD)
    });
    secrets.assert_not_in(&AccessCard::Code(CODE.into()));
    secrets.assert_not_in(&AccessCard::Identifier {
        identifier: "card".to_owned(),
        pass_code: PASS_CODE.into(),
    });
    secrets.assert_not_in(&Token::from_hex(HERE, HEX));
    let (recovery, digest) = (
        RecoveryCode::parse(RECOVERY).unwrap(),
        KeyDigest::of(RECOVERY).hex(),
    );
    let file = format!(
        "users = [{{ user_name = 'ada', organisation = 'ACME', \
         recovery_codes = [{{ digest = '{digest}' }}], \
         app_passwords = [{{ digest = '{digest}', dialect = 'here', made_at = '2026-11-22T09:00:00Z' }}] }}]"
    );
    let file = File::parse(Path::new("marked.toml"), &file).unwrap();
    let with_digest = Secrets(vec![RECOVERY.to_owned(), digest]);
    with_digest.assert_not_in(&recovery);
    with_digest.assert_not_in(&file);
    secrets.assert_not_in(&TotpSecret::from_base32(TOTP));
    secrets.assert_not_in(&Email {
        to: "ada@example.com".to_owned(),
        subject: "Your key".to_owned(),
        text: format!("The key is {HEX}"),
        html: Some(format!("<p>{HEX}")),
    });
}

#[test]
fn what_is_set_shows_no_secret() {
    let secrets = secrets();
    let url = format!("scheme://isogloss:{PASSWORD}@host/1");
    secrets.assert_not_in(&RedisSettings::at(url.as_str()));
    secrets.assert_not_in(&PostgresSettings {
        url: url.into(),
        connections: 1,
        timeout: HOUR,
        ca_file: None,
    });
    let peppers = Peppers {
        current: pepper(PASSWORD),
        previous: Some(pepper(HEX)),
    };
    secrets.assert_not_in(&peppers);
}

#[tokio::test]
async fn what_is_kept_shows_no_secret() {
    let secrets = secrets();
    let fixture = fixture().await;
    let directory = fixture.directory.as_ref();
    import(directory, &passwords(), file(), |_| {})
        .await
        .unwrap();
    secrets.assert_not_in(&directory.snapshot().await.unwrap());
    let account = directory.account("ada").await.unwrap().unwrap();
    secrets.assert_not_in(&account);
    for name in [
        CardRef::Code(KeyDigest::of(CODE)),
        CardRef::Identifier("card"),
    ] {
        let card = directory.card(name).await.unwrap();
        assert!(card.is_some());
        secrets.assert_not_in(&card);
    }
    let key = fixture.auth.key(HERE, KEY).await.unwrap();
    assert!(key.is_some());
    secrets.assert_not_in(&key);
}

#[tokio::test]
async fn what_is_issued_shows_no_secret() {
    let fixture = fixture().await;
    let user = fixture.user("ada").await;
    let terms = Terms {
        concurrency: Concurrency::Reuse { at_least: HOUR },
        ..Terms::new(Purpose::Access, HOUR * 2)
    };
    let issued = fixture.auth.issue(HERE, &user, terms).await.unwrap();
    let hex = issued.token.hex();
    let secrets = Secrets(vec![hex[..16].to_owned(), hex[16..].to_owned()]);
    secrets.assert_not_in(&issued);
    secrets.assert_not_in(&issued.token);
    let session = fixture
        .auth
        .validate(&issued.token, &[Purpose::Access])
        .await;
    secrets.assert_not_in(&session.unwrap());
    // Seed and pepper together yield the token.
    let record = fixture.tokens.get(issued.session.digest).await.unwrap();
    let shown = format!("{record:?}");
    assert!(shown.contains("seed: Some(Seed(…))"), "{shown}");
}
