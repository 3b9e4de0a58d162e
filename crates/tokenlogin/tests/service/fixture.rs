//! A dialect under test: three users, a mock clock, and a mailer whose e-mails can be read.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{Data, scope};
use actix_web::{App, rt};
use async_trait::async_trait;
use isogloss_core::audit::Audit;
use isogloss_core::authority::Authorities;
use isogloss_core::directory::file::{File, import};
use isogloss_core::store::{SessionLimits, TokenStore};
use isogloss_core::{
    Auth, AuthComponents, Email, Mailer, MockClock, Outbox, PasswordSettings, Passwords, Pepper,
    Purpose, Realm, SecondUse, StoreError, Terms,
};
use isogloss_dialect::Dialect as _;
use isogloss_directory_sql::SqliteDirectory;
use isogloss_store_embedded::EmbeddedStore;
use isogloss_tokenlogin::{Settings, TokenLogin};
use serde_json::Value;
use tempfile::TempDir;
use time::macros::datetime;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::requests::Answer;

pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// The smallest step of the clock.
pub(crate) const INSTANT: Duration = Duration::from_millis(1);

/// Returns `span` less one step of the clock.
pub(crate) fn just_short_of(span: Duration) -> Duration {
    span.saturating_sub(INSTANT)
}

const DIRECTORY: &str = r#"
organisations = [{ name = "ACME" }]
users = [
    { user_name = "ada", email = "ada@example.com", organisation = "ACME", password = "ada-password" },
    { user_name = "bob@example.com", organisation = "ACME", password = "bob-password" },
    { user_name = "carol", organisation = "ACME", password = "carol-password" },
    { user_name = "guarded", email = "guarded@example.com", organisation = "ACME", password = "guarded-password", totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" },
    { user_name = "retired", email = "retired@example.com", organisation = "ACME", password = "retired-password", disabled = true },
]
keys = [{ realm = "tokenlogin", label = "app", key = "app-key", allow_weak = true }]
"#;

/// The application under test, with its clock and its e-mails.
pub(crate) struct World {
    pub(crate) clock: Arc<MockClock>,
    auth: Auth,
    settings: Settings,
    /// Sends e-mails after the application of a request is dropped.
    outbox: Outbox,
    letters: Mutex<UnboundedReceiver<Email>>,
    _folder: TempDir,
}

/// What differs between the worlds of the tests.
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) tokens: Arc<dyn TokenStore>,
    /// Replaces the mailer whose e-mails can be read.
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    /// How many logins may wait for a hashing thread.
    pub(crate) queue: usize,
    pub(crate) bcrypt_cost: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            tokens: Arc::new(EmbeddedStore::in_memory(SessionLimits::default()).unwrap()),
            mailer: None,
            queue: 100,
            bcrypt_cost: 4,
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(Plan::default()).await
    }

    pub(crate) async fn with(settings: Value) -> Self {
        let settings = serde_json::from_value(settings).unwrap();
        Self::of(Plan {
            settings,
            ..Plan::default()
        })
        .await
    }

    pub(crate) async fn of(plan: Plan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("directory.db");
        let directory = SqliteDirectory::open(&path).await.unwrap();
        let passwords = Passwords::start(PasswordSettings {
            account_share: 100,
            bcrypt_cost: plan.bcrypt_cost,
            threads: NonZeroUsize::new(1),
            queue: plan.queue,
            ..PasswordSettings::default()
        })
        .unwrap();
        let file = File::parse(Path::new("directory.toml"), DIRECTORY).unwrap();
        import(&directory, &passwords, file, |_| {}).await.unwrap();
        let clock = Arc::new(MockClock::at(datetime!(2015-06-01 12:00 UTC)));
        let auth = Auth::new(AuthComponents {
            directory: Arc::new(directory),
            tokens: plan.tokens,
            passwords,
            peppers: Pepper::new(b"0123456789abcdef".as_slice()).unwrap().into(),
            second_use: SecondUse::default(),
            throttle: None,
            authorities: Authorities::default(),
            audit: Audit::default(),
            clock: clock.clone(),
        });
        let (sender, letters) = unbounded_channel();
        Self {
            clock,
            auth,
            settings: plan.settings,
            outbox: Outbox::new(plan.mailer.unwrap_or_else(|| Arc::new(Recorder(sender)))),
            letters: Mutex::new(letters),
            _folder: folder,
        }
    }

    /// Sends a request with `query` after the developer's key.
    pub(crate) async fn send(&self, request: TestRequest, path: &str, query: &str) -> Answer {
        let app = App::new()
            .app_data(Data::new(self.auth.clone()))
            .app_data(Data::new(self.outbox.clone()))
            .service(
                scope("/api/v1").configure(|cfg| TokenLogin::configure(&self.settings, None, cfg)),
            );
        let app = init_service(app).await;
        let request = request.uri(&format!("/api/v1/{path}?APIKey=app-key{query}"));
        let response = call_service(&app, request.to_request()).await;
        let (request, response) = response.into_parts();
        drop(request);
        let (head, body) = response.into_parts();
        let body = to_bytes(body).await.ok().unwrap();
        Answer {
            status: head.status().as_u16(),
            headers: head.headers().clone(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }

    /// Sets a password outside this dialect.
    pub(crate) async fn set_password(&self, name: &str, password: &str) {
        let user = self.auth.find(name).await.unwrap().unwrap();
        let elsewhere = Realm::new("elsewhere");
        let terms = Terms::new(Purpose::Reset, Duration::from_mins(1));
        let key = self.auth.issue(elsewhere, &user, terms).await.unwrap();
        self.auth
            .reset_password(&key.token, password.into())
            .await
            .unwrap();
    }

    /// Returns the next e-mail, and waits up to 30 s for it.
    pub(crate) async fn letter(&self) -> Email {
        let mut letters = self.letters.lock().await;
        let letter = rt::time::timeout(Duration::from_secs(30), letters.recv());
        letter.await.unwrap().unwrap()
    }

    /// Returns whether there is an e-mail that was not read. Removes it.
    pub(crate) async fn has_letters(&self) -> bool {
        self.letters.lock().await.try_recv().is_ok()
    }
}

/// A mailer that passes e-mails to the test.
struct Recorder(UnboundedSender<Email>);

#[async_trait]
impl Mailer for Recorder {
    async fn send(&self, letter: Email) -> Result<(), StoreError> {
        self.0.send(letter).unwrap();
        Ok(())
    }
}
