//! Tests of `Auth` on a mock clock, with an embedded token store and a SQLite directory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account_links;
mod app_passwords;
mod audited;
mod authorities;
mod causes;
mod clients;
mod debug;
mod derived;
mod factors;
mod impersonation;
mod letters;
mod lifetimes;
mod logins;
mod longest;
mod memory_throttle;
mod once;
mod peppers;
mod readme_example;
mod recording;
mod redis_server;
mod sessions;
mod shares;
mod surplus;
mod throttled;
mod timing;
mod unanswered;
mod unconfirmed;
mod unrecorded;
mod upgrades;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use isogloss_core::audit::Audit;
use isogloss_core::authority::Authorities;
use isogloss_core::directory::file::{File, import};
use isogloss_core::directory::{DigestKeys, Directory as _};
use isogloss_core::store::{SessionLimits, TokenStore};
use isogloss_core::throttle::{LoginOrigin, LoginThrottle, ThrottledBucket};
use isogloss_core::{
    AccessCard, Auth, AuthComponents, AuthError, Concurrency, Credentials, IssuedToken, MockClock,
    OrganisationName, PasswordSettings, Passwords, Pepper, Peppers, Purpose, Reach, Realm,
    SecondFactor, SecondFactorRule, SecondUse, SessionFilter, StoreError, Terms, ThrottleFilter,
    ThrottlePageQuery, Token, User,
};
use isogloss_directory_sql::SqliteDirectory;
use isogloss_store_embedded::EmbeddedStore;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

const HERE: Realm = Realm::new("here");
const THERE: Realm = Realm::new("there");
const HOUR: Duration = Duration::from_hours(1);

const USERS: &str = r#"
organisations = [{ name = "ACME", units = [{ id = "U1" }] }, { name = "OTHER" }]
users = [
    { user_name = "admin", organisation = "ACME", role = "ADMIN", password = "admin-pw" },
    { user_name = "ada", organisation = "ACME", units = ["U1"], password = "ada-pw", access_cards = [
        { code = "open-sesame", allow_weak = true }, { identifier = "card", pass_code = "12345" } ] },
    { user_name = "guarded", email = "guarded@example.com", organisation = "ACME", password = "guarded-pw", totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" },
    { user_name = "retired", organisation = "ACME", password = "retired-pw", disabled = true, access_cards = [ { code = "closed", allow_weak = true } ] },
    { user_name = "stranger", organisation = "OTHER", password = "stranger-pw" },
]
keys = [
    { realm = "here", label = "app", key = "app-key", allow_weak = true },
    { realm = "here", label = "robot", key = "robot-key", allow_weak = true, user = "ada" },
    { realm = "here", label = "off", key = "off-key", allow_weak = true, user = "retired" },
]
"#;

struct Fixture {
    auth: Auth,
    tokens: Arc<EmbeddedStore>,
    clock: Arc<MockClock>,
    directory: Arc<SqliteDirectory>,
    passwords: Passwords,
    folder: TempDir,
}

const CAPS: SessionLimits = SessionLimits {
    per_user: 100,
    per_client: 5,
    one_time_per_user: 5,
};

fn pepper(text: &str) -> Pepper {
    Pepper::new(text.as_bytes()).unwrap()
}

fn hashing() -> PasswordSettings {
    PasswordSettings {
        bcrypt_cost: 4,
        threads: NonZeroUsize::new(2),
        queue: 64,
        ..PasswordSettings::default()
    }
}

fn passwords() -> Passwords {
    Passwords::start(hashing()).unwrap()
}

async fn fixture() -> Fixture {
    guarded_by(None).await
}

/// Returns the counted attempts that match.
async fn counted(auth: &Auth, filter: ThrottleFilter) -> Vec<ThrottledBucket> {
    let query = ThrottlePageQuery {
        filter,
        kind: None,
        part: None,
        after: None,
        limit: 1000,
    };
    let page = auth.throttle_page(&query).await.unwrap();
    assert_eq!(page.next, None);
    page.buckets
}

async fn guarded_by(guard: Option<LoginThrottle>) -> Fixture {
    watched(guard, Audit::default()).await
}

async fn watched(guard: Option<LoginThrottle>, audit: Audit) -> Fixture {
    made_of(guard, audit, passwords()).await
}

async fn made_of(guard: Option<LoginThrottle>, audit: Audit, passwords: Passwords) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let directory = SqliteDirectory::open(&folder.path().join("directory.db"))
        .await
        .unwrap();
    let file = File::parse(Path::new("users.toml"), USERS).unwrap();
    let clock = Arc::new(MockClock::at(datetime!(1970-01-01 00:00:59 UTC)));
    let digests = DigestKeys::under(pepper("0123456789abcdef").into(), clock.clone());
    let directory = directory.with_digest_keys(digests);
    import(&directory, &passwords, file, |_| {}).await.unwrap();
    let directory = Arc::new(directory);
    let tokens = Arc::new(EmbeddedStore::in_memory(CAPS).unwrap());
    let auth = Auth::new(AuthComponents {
        directory: directory.clone(),
        tokens: tokens.clone(),
        passwords: passwords.clone(),
        peppers: pepper("0123456789abcdef").into(),
        second_use: SecondUse::EndSession,
        throttle: guard,
        authorities: Authorities::default(),
        audit,
        clock: clock.clone(),
    });
    Fixture {
        auth,
        tokens,
        clock,
        directory,
        passwords,
        folder,
    }
}

fn credentials(name: &str, password: &str) -> Credentials {
    Credentials {
        name: name.to_owned(),
        password: password.into(),
        factor: SecondFactor::Code(None),
        organisation: None,
        origin: ORIGIN,
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, AuthError>) -> String {
    outcome.unwrap_err().to_string()
}

const ORIGIN: LoginOrigin = LoginOrigin {
    realm: HERE,
    source: None,
    client: None,
    device_tokens: Vec::new(),
    requested: None,
};

const INVALID: &str = "the credentials do not fit";
const DEAD: &str = "the token is not valid";

impl Fixture {
    /// Returns an `Auth` on another token store, with the same directory and clock.
    fn on_store(&self, tokens: Arc<dyn TokenStore>) -> Auth {
        Auth::new(AuthComponents {
            directory: self.directory.clone(),
            tokens,
            passwords: passwords(),
            peppers: pepper("0123456789abcdef").into(),
            second_use: SecondUse::EndSession,
            throttle: None,
            authorities: Authorities::default(),
            audit: Audit::default(),
            clock: self.clock.clone(),
        })
    }

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

    /// Imports a user with a hash that was made elsewhere. `more` holds further members of the directory entry.
    async fn bring(&self, name: &str, password_hash: &str, more: &str) {
        let text = format!(
            "users = [{{ user_name = '{name}', organisation = 'ACME', password_hash = '{password_hash}', {more} }}]"
        );
        let file = File::parse(Path::new("users.toml"), &text).unwrap();
        import(self.directory.as_ref(), &passwords(), file, |_| {})
            .await
            .unwrap();
    }
}
