//! The dialect on a mock clock, with an in-memory token store and a SQLite directory.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use actix_web::web::{Data, scope};
use isogloss_core::audit::Audit;
use isogloss_core::authority::Authorities;
use isogloss_core::directory::file::{File, import};
use isogloss_core::store::{SessionLimits, TokenStore};
use isogloss_core::{
    Auth, AuthComponents, MockClock, PasswordSettings, Passwords, Pepper, Purpose, Realm,
    SecondUse, Token,
};
use isogloss_crmcom::{Crmcom, Settings};
use isogloss_dialect::Dialect as _;
use isogloss_directory_sql::SqliteDirectory;
use isogloss_store_embedded::EmbeddedStore;
use isogloss_store_redis::{RedisSettings, RedisStore};
use serde_json::{Value, json};
use tempfile::TempDir;
use time::macros::datetime;

/// `web-key:` in Base64.
pub(crate) const KEY: (&str, &str) = ("Authorization", "Basic d2ViLWtleTo=");

const USERS: &str = r#"
organisations = [
    { name = "Acme", default_unit = "HEAD", units = [{ id = "HEAD" }, { id = "BRANCH" }] },
]
users = [
    { user_name = "ada", organisation = "Acme", units = ["BRANCH"], password = "ada-pw", access_cards = [
        { code = "open-sesame", allow_weak = true }, { identifier = "card", pass_code = "12345" } ] },
]
keys = [
    { realm = "crmcom", label = "web", key = "web-key", allow_weak = true, user = "ada" },
]
"#;

/// A server without dialect settings, which each request brings.
pub(crate) struct Fixture {
    pub(crate) clock: Arc<MockClock>,
    auth: Auth,
    _folder: TempDir,
}

/// A response.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::on(Arc::new(
            EmbeddedStore::in_memory(SessionLimits::default()).unwrap(),
        ))
        .await
    }

    /// Creates a fixture whose token store is unreachable: no server listens at its address.
    pub(crate) async fn with_its_store_away() -> Self {
        let settings = RedisSettings {
            connections: 1,
            timeout: Duration::from_secs(1),
            ..RedisSettings::at("redis://127.0.0.1:1")
        };
        Self::on(Arc::new(
            RedisStore::new(&settings, SessionLimits::default()).unwrap(),
        ))
        .await
    }

    async fn on(tokens: Arc<dyn TokenStore>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = SqliteDirectory::open(&folder.path().join("directory.db"))
            .await
            .unwrap();
        let passwords = Passwords::start(PasswordSettings {
            account_share: 100,
            bcrypt_cost: 4,
            threads: NonZeroUsize::new(1),
            queue: 64,
            ..PasswordSettings::default()
        })
        .unwrap();
        let file = File::parse(Path::new("users.toml"), USERS).unwrap();
        import(&directory, &passwords, file, |_| {}).await.unwrap();
        let clock = Arc::new(MockClock::at(datetime!(2014-12-12 16:55:02 UTC)));
        let auth = Auth::new(AuthComponents {
            directory: Arc::new(directory),
            tokens,
            passwords,
            peppers: Pepper::new(b"0123456789abcdef".as_slice()).unwrap().into(),
            second_use: SecondUse::default(),
            throttle: None,
            authorities: Authorities::default(),
            audit: Audit::default(),
            clock: clock.clone(),
        });
        Self {
            clock,
            auth,
            _folder: folder,
        }
    }

    /// Sends a request to `authentication/…` of a server with these settings.
    pub(crate) async fn send(
        &self,
        settings: &Settings,
        method: &str,
        request: TestRequest,
    ) -> Reply {
        let app = App::new()
            .app_data(Data::new(self.auth.clone()))
            .service(scope("/crm").configure(|cfg| Crmcom::configure(settings, None, cfg)));
        let app = init_service(app).await;
        let uri = format!("/crm/authentication/{method}");
        let response = call_service(&app, request.uri(&uri).to_request()).await;
        Reply {
            status: response.status().as_u16(),
            body: read_body_json(response).await,
        }
    }

    /// Posts a JSON body.
    pub(crate) async fn post(&self, settings: &Settings, method: &str, body: Value) -> Reply {
        self.send(settings, method, TestRequest::post().set_json(body))
            .await
    }

    /// Logs ada in with her password and returns the token.
    pub(crate) async fn log_in(&self, settings: &Settings) -> String {
        let body = json!({"username": "ada", "password": "ada-pw", "organisation": "Acme"});
        self.post(settings, "token", body).await.token()
    }

    /// Logs ada in with her API key and returns the token.
    pub(crate) async fn log_in_by_key(&self, settings: &Settings) -> String {
        let request = TestRequest::post().insert_header(KEY);
        let reply = self.send(settings, "web_api_key/token", request).await;
        reply.token()
    }

    /// Validates a token as a business call would. Returns the session's unit, or `None` if the token is invalid.
    pub(crate) async fn use_token(&self, token: &str) -> Option<String> {
        let token = Token::from_hex(Realm::new(Crmcom::NAME), token).unwrap();
        let session = self.auth.validate(&token, &[Purpose::Access]).await.ok()?;
        session.unit().map(str::to_owned)
    }
}

impl Reply {
    pub(crate) fn token(&self) -> String {
        assert_eq!(self.body["status"]["code"], "OK", "{}", self.body);
        self.body["data"]["token"].as_str().unwrap().to_owned()
    }

    /// Returns the code of the status, without the prefix that all codes have.
    pub(crate) fn code(&self) -> &str {
        let code = self.body["status"]["code"].as_str().unwrap();
        code.strip_prefix("COM.CRM.EXCEPTION.").unwrap_or(code)
    }
}
