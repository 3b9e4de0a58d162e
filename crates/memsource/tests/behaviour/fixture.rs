//! The dialect at `/web`, with its own directory and token store, and a mock clock.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{Data, scope};
use actix_web::{App, Error};
use isogloss_core::audit::Audit;
use isogloss_core::authority::Authorities;
use isogloss_core::directory::file::{File, import};
use isogloss_core::store::SessionLimits;
use isogloss_core::{
    Auth, AuthComponents, MockClock, PasswordSettings, Passwords, Pepper, SecondUse,
};
use isogloss_dialect::Dialect as _;
use isogloss_directory_sql::SqliteDirectory;
use isogloss_memsource::{Memsource, Settings};
use isogloss_store_embedded::EmbeddedStore;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;

const USERS: &str = r#"
organisations = [{ name = "ACME" }]
users = [
    { user_name = "ada", number = 30, organisation = "ACME", role = "ADMIN", password = "pw" },
    { user_name = "lin", number = 32, organisation = "ACME", role = "LINGUIST", password = "pw" },
]
"#;

/// The dialect's application, and what its routes use.
pub(crate) struct Host {
    pub(crate) auth: Auth,
    pub(crate) directory: Arc<SqliteDirectory>,
    clock: Arc<MockClock>,
    settings: Settings,
    _folder: TempDir,
}

impl Host {
    /// Creates a host whose clock is at `now`.
    pub(crate) async fn at(now: OffsetDateTime, settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = SqliteDirectory::open(&folder.path().join("directory.db"))
            .await
            .expect("a directory");
        let passwords = Passwords::start(PasswordSettings {
            account_share: 100,
            bcrypt_cost: 4,
            threads: NonZeroUsize::new(1),
            queue: 64,
            ..PasswordSettings::default()
        })
        .expect("hashing threads");
        let file = File::parse(Path::new("users.toml"), USERS).expect("a directory file");
        import(&directory, &passwords, file, |_| {})
            .await
            .expect("an import");
        let directory = Arc::new(directory);
        let clock = Arc::new(MockClock::at(now));
        let auth = Auth::new(AuthComponents {
            directory: directory.clone(),
            tokens: Arc::new(EmbeddedStore::in_memory(SessionLimits::default()).expect("a store")),
            passwords,
            peppers: Pepper::new(b"0123456789abcdef".as_slice())
                .expect("a pepper")
                .into(),
            second_use: SecondUse::default(),
            throttle: None,
            authorities: Authorities::default(),
            audit: Audit::default(),
            clock: clock.clone(),
        });
        Self {
            auth,
            directory,
            clock,
            settings,
            _folder: folder,
        }
    }

    /// Moves the clock forward to that time.
    pub(crate) fn move_to(&self, time: OffsetDateTime) {
        let by = time - self.auth.now();
        self.clock.advance(by.try_into().expect("a later time"));
    }

    /// Returns the application with the dialect's routes.
    pub(crate) fn app(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        App::new()
            .app_data(Data::new(self.auth.clone()))
            .service(scope("/web").configure(|cfg| Memsource::configure(&self.settings, None, cfg)))
    }

    /// Sends a GET request and returns status and JSON body.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.call(TestRequest::get().uri(&format!("/web/{path}")))
            .await
    }

    /// Posts a JSON body, with a token in the header if there is one. Returns status and JSON body.
    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: Value) -> (u16, Value) {
        let mut request = TestRequest::post()
            .uri(&format!("/web/{path}"))
            .insert_header((CONTENT_TYPE, "application/json"))
            .set_payload(body.to_string());
        if let Some(token) = token {
            request = request.insert_header((AUTHORIZATION, format!("ApiToken {token}")));
        }
        self.call(request).await
    }

    /// Logs in at the old API and returns the response body.
    pub(crate) async fn login(&self, name: &str) -> Value {
        let (status, answer) = self
            .get(&format!("api/v3/auth/login?userName={name}&password=pw"))
            .await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Logs an administrator in as another user at the old API, and returns the response body.
    pub(crate) async fn login_other(&self, admin: &str, user: &str) -> Value {
        let admin = self.login(admin).await;
        let token = token(&admin);
        let path = format!("api/v3/auth/loginOther?token={token}&userName={user}");
        let (status, answer) = self.get(&path).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Logs in at `api2` and returns the response body.
    pub(crate) async fn login2(&self, name: &str) -> Value {
        let body = json!({"userName": name, "password": "pw"});
        let (status, answer) = self.post("api2/v1/auth/login", None, body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Returns the status of `whoAmI` with that token.
    pub(crate) async fn who_am_i(&self, token: &str) -> u16 {
        self.get(&format!("api/v3/auth/whoAmI?token={token}"))
            .await
            .0
    }

    /// Sends a token to `authByToken` and returns the token of the browser session, from the cookie.
    pub(crate) async fn enter(&self, token: &str) -> String {
        let request =
            TestRequest::get().uri(&format!("/web/login/authByToken?token={token}&url=/web"));
        let response = call_service(&init_service(self.app()).await, request.to_request()).await;
        let cookie = response.response().cookies().next();
        cookie.expect("a cookie").value().to_owned()
    }

    async fn call(&self, request: TestRequest) -> (u16, Value) {
        let response = call_service(&init_service(self.app()).await, request.to_request()).await;
        let status = response.status().as_u16();
        let body = read_body(response).await;
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

/// Returns the token in a response body.
pub(crate) fn token(answer: &Value) -> &str {
    answer["token"].as_str().expect("a token")
}
