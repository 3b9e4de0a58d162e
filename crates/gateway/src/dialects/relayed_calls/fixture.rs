//! Dialects at `/mount` on a SQLite directory and a token store in memory.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{BoxedPayloadStream, Request};
use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{Bytes, Data, ServiceConfig, scope};
use futures_util::stream::iter;
use isogloss_bimplus::Bimplus;
use isogloss_core::audit::Audit;
use isogloss_core::authority::Authorities;
use isogloss_core::directory::file::{File, import};
use isogloss_core::store::SessionLimits;
use isogloss_core::{
    Auth, AuthComponents, PasswordSettings, Passwords, Pepper, Purpose, Realm, SecondUse,
    SystemClock, Terms,
};
use isogloss_crmcom::Crmcom;
use isogloss_dialect::Dialect;
use isogloss_directory_sql::SqliteDirectory;
use isogloss_memsource::Memsource;
use isogloss_store_embedded::EmbeddedStore;
use isogloss_tokenlogin::TokenLogin;
use tempfile::TempDir;

use super::stub_back_end::StubBackEnd;

const USERS: &str = r#"
organisations = [{ name = "ACME" }]
users = [{ user_name = "ada", number = 30, organisation = "ACME", password = "pw" }]
keys = [{ realm = "tokenlogin", label = "app", key = "app-key", allow_weak = true }]
"#;

/// Tokens of the user ada.
pub(super) struct World {
    auth: Auth,
    _folder: TempDir,
}

/// A response.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// How a dialect spells a token.
pub(super) trait Spelled: Dialect<Settings: Default> {
    /// Returns the token of ada with these lower-case hexadecimal digits.
    fn spell(digits: &str) -> String;
}

impl Spelled for Bimplus {
    fn spell(digits: &str) -> String {
        digits.to_owned()
    }
}

impl Spelled for Crmcom {
    fn spell(digits: &str) -> String {
        digits.to_uppercase()
    }
}

impl Spelled for TokenLogin {
    fn spell(digits: &str) -> String {
        digits.to_owned()
    }
}

impl Spelled for Memsource {
    fn spell(digits: &str) -> String {
        format!("30-{digits}")
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("directory.db");
        let directory = SqliteDirectory::open(&path).await.unwrap();
        let passwords = Passwords::start(PasswordSettings {
            bcrypt_cost: 4,
            threads: NonZeroUsize::new(1),
            queue: 64,
            ..PasswordSettings::default()
        })
        .unwrap();
        let file = File::parse(Path::new("users.toml"), USERS).unwrap();
        import(&directory, &passwords, file, |_| {}).await.unwrap();
        let auth = Auth::new(AuthComponents {
            directory: Arc::new(directory),
            tokens: Arc::new(EmbeddedStore::in_memory(SessionLimits::default()).unwrap()),
            passwords,
            peppers: Pepper::new(b"0123456789abcdef".as_slice()).unwrap().into(),
            second_use: SecondUse::default(),
            throttle: None,
            authorities: Authorities::default(),
            audit: Audit::default(),
            clock: Arc::new(SystemClock),
        });
        Self {
            auth,
            _folder: folder,
        }
    }

    /// Returns a new token of the dialect, as its clients spell it.
    pub(super) async fn token<D: Spelled>(&self) -> String {
        let user = self.auth.find("ada").await.unwrap().unwrap();
        let terms = Terms::new(Purpose::Access, Duration::from_hours(1));
        let issued = self.auth.issue(Realm::new(D::NAME), &user, terms).await;
        D::spell(&issued.unwrap().token.hex())
    }

    /// Sends a request to the dialect, with default settings, in front of a back end.
    pub(super) async fn call<D: Spelled>(
        &self,
        back_end: &StubBackEnd,
        request: TestRequest,
    ) -> Reply {
        self.call_with::<D>(&D::Settings::default(), back_end, request.to_request())
            .await
    }

    /// Sends a request to the dialect in front of a back end.
    pub(super) async fn call_with<D: Dialect>(
        &self,
        settings: &D::Settings,
        back_end: &StubBackEnd,
        request: Request,
    ) -> Reply {
        let back_end = Some(back_end.shared());
        self.send(|cfg| D::configure(settings, back_end, cfg), request)
            .await
    }

    /// Asks the dialect for the session of a request, as a proxy does.
    pub(super) async fn forward_auth<D: Spelled>(&self, request: TestRequest) -> u16 {
        let settings = D::Settings::default();
        let reply = self.send(
            |cfg| D::configure_forward_auth(&settings, cfg),
            request.to_request(),
        );
        reply.await.status
    }

    async fn send(&self, configure: impl FnOnce(&mut ServiceConfig), request: Request) -> Reply {
        let app = App::new()
            .app_data(Data::new(self.auth.clone()))
            .service(scope("/mount").configure(configure));
        let app = init_service(app).await;
        let (request, response) = call_service(&app, request).await.into_parts();
        drop(request);
        let (head, body) = response.into_parts();
        let body = to_bytes(body).await.ok().unwrap();
        Reply {
            status: head.status().as_u16(),
            headers: head.headers().clone(),
            body: String::from_utf8(body.into()).unwrap(),
        }
    }
}

impl Reply {
    /// Returns the values of a header.
    pub(super) fn header(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name);
        values.map(|value| value.to_str().unwrap()).collect()
    }
}

/// Returns a request whose body arrives in these chunks.
pub(super) fn in_chunks(request: TestRequest, chunks: Vec<Result<Bytes, PayloadError>>) -> Request {
    let payload: BoxedPayloadStream = Box::pin(iter(chunks));
    let (request, _) = request
        .to_request()
        .replace_payload(Payload::Stream { payload });
    request
}
