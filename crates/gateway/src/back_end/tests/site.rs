//! A gateway with users, dialects and a back end, without sockets of its own.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use isogloss_core::audit::Audit;
use isogloss_core::authority::Authorities;
use isogloss_core::directory::file::{File, import};
use isogloss_core::store::SessionLimits;
use isogloss_core::{
    Auth, AuthComponents, Network, Outbox, PasswordSettings, Passwords, Pepper, Peppers, SecondUse,
    SystemClock,
};
use isogloss_directory_sql::SqliteDirectory;
use isogloss_store_embedded::EmbeddedStore;
use tempfile::TempDir;

use super::stub::Stub;
use crate::access_log::AccessLog;
use crate::back_end::BackEnds;
use crate::bootstrap::{mailer, secrets};
use crate::client_ip::TrustedProxies;
use crate::config::{Config, ProxyHeader};
use crate::http::drain::Drain;
use crate::http::public::{PublicState, app};
use crate::http::self_probe::SelfProbe;
use crate::introspection::{IdentityHeaders, PublicMetadata, ScopeTable};
use crate::refusals::RefusalLog;
use crate::sunset::Sunsets;
use crate::usage::UsageRecorder;

const USERS: &str = r#"
organisations = [{ name = "ACME" }]
users = [{ user_name = "ada", number = 30, organisation = "ACME", role = "ADMIN", email = "ada@example.com", password = "pw" }]
"#;

const SETTINGS: &str = "
tokens.store = 'memory:'
passwords.bcrypt_cost = 4
jwt.enabled = true
jwt.algorithm = 'EdDSA'
jwt.issuer = 'isogloss'
jwt.secret = '0123456789abcdef0123456789abcdef'
jwt.audience = 'services'
jwt.audiences = ['app']
";

/// A gateway whose dialect `memsource` has a back end.
pub(super) struct Site {
    pub(super) stub: Stub,
    state: PublicState,
    _folder: TempDir,
}

/// A response, with its body as text.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Response {
    /// Returns the values of all headers of that name.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).collect()
    }
}

impl Site {
    /// Starts a site whose back end responds with 200 and a text. `settings` is the rest of the configuration; it begins in
    /// the table of the dialect `memsource`.
    pub(super) async fn start(settings: &str) -> Self {
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        Self::start_with(response, settings).await
    }

    /// Starts a site whose back end sends that response to every request.
    pub(super) async fn start_with(response: &str, settings: &str) -> Self {
        let stub = Stub::start(response).await;
        let backend = format!("backend = 'http://{}'", stub.address);
        Self::with_stub(stub, &format!("{backend}\n{settings}")).await
    }

    /// Starts a site whose settings do not name the back end.
    pub(super) async fn without_back_end(settings: &str) -> Self {
        Self::with_stub(Stub::start("").await, settings).await
    }

    /// Starts a site that could not read its keys of JWTs yet.
    pub(super) async fn without_jwt_keys() -> Self {
        let stub = Stub::start("").await;
        let general = SETTINGS.replace("'EdDSA'", "'RS256'");
        Self::with_settings(stub, &general, "backend = 'http://BACKEND'").await
    }

    async fn with_stub(stub: Stub, settings: &str) -> Self {
        Self::with_settings(stub, SETTINGS, settings).await
    }

    async fn with_settings(stub: Stub, general: &str, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("isogloss.toml");
        let text = format!("{general}\n[dialects.memsource]\n{settings}\n");
        fs::write(&file, text.replace("BACKEND", &stub.address.to_string())).unwrap();
        let config = Config::load(&[file]).unwrap();
        let settings = &config.sections.introspection;
        let jwts = secrets::jwt_signer(&config.sections.jwt, settings.max_age).unwrap();
        let scopes = Arc::new(ScopeTable::new(settings));
        let headers = IdentityHeaders::new(&config.sections.forward_auth);
        let pepper = Pepper::new(b"0123456789abcdef".as_slice()).unwrap();
        let peppers = Peppers::from(pepper);
        let back_ends = BackEnds::open(&config.mounts, jwts.as_ref(), &scopes, &headers).unwrap();
        let proxy = Network::try_from("10.0.0.0/8".to_owned()).unwrap();
        let state = PublicState {
            auth: auth(folder.path(), peppers.clone()).await,
            outbox: Outbox::new(mailer::open(&config.sections.mail).unwrap()),
            mounts: config.mounts,
            body_limit: 64 * 1024,
            body_timeout: Duration::from_secs(30),
            hsts: Duration::from_mins(1),
            proxies: TrustedProxies::new(&[proxy], ProxyHeader::XForwardedFor),
            probe: SelfProbe::new(&peppers),
            usage: UsageRecorder::default(),
            refusals: RefusalLog::default(),
            sunsets: Sunsets::new(&config.sections.sunset),
            drain: Drain::default(),
            access_log: AccessLog::default(),
            recheck: Arc::default(),
            back_ends,
            metadata: PublicMetadata::default(),
            account: None,
        };
        Self {
            stub,
            state,
            _folder: folder,
        }
    }

    /// Logs in at the dialect `memsource` and returns the token.
    pub(super) async fn login(&self) -> String {
        let login = "/web/api/v3/auth/login?userName=ada&password=pw";
        let response = self.send(TestRequest::get().uri(login)).await;
        let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        body["token"].as_str().unwrap().to_owned()
    }

    /// Sends a request from a client that is no trusted proxy.
    pub(super) async fn send(&self, request: TestRequest) -> Response {
        self.send_from("192.0.2.1", request).await
    }

    /// Sends a request from that address.
    pub(super) async fn send_from(&self, peer: &str, request: TestRequest) -> Response {
        let app = init_service(app(self.state.clone())).await;
        let peer = format!("{peer}:4711").parse().unwrap();
        let response = call_service(&app, request.peer_addr(peer).to_request()).await;
        let status = response.status().as_u16();
        let headers = response.headers().iter().map(|(name, value)| {
            let value = value.to_str().unwrap().to_owned();
            (name.as_str().to_owned(), value)
        });
        let headers = headers.collect();
        let body = read_body(response).await;
        Response {
            status,
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Sends a GET request with a valid token in the header.
    pub(super) async fn get(&self, target: &str) -> Response {
        let token = self.login().await;
        let authorization = ("Authorization", format!("ApiToken {token}"));
        let request = TestRequest::get().uri(target);
        self.send(request.insert_header(authorization)).await
    }
}

/// Returns logins against a directory in the folder.
async fn auth(folder: &Path, peppers: Peppers) -> Auth {
    let directory = SqliteDirectory::open(&folder.join("directory.db"))
        .await
        .unwrap();
    let passwords = Passwords::start(PasswordSettings {
        bcrypt_cost: 4,
        threads: NonZeroUsize::new(1),
        queue: 64,
        ..PasswordSettings::default()
    });
    let passwords = passwords.unwrap();
    let file = File::parse(Path::new("users.toml"), USERS).unwrap();
    import(&directory, &passwords, file, |_| {}).await.unwrap();
    Auth::new(AuthComponents {
        directory: Arc::new(directory),
        tokens: Arc::new(EmbeddedStore::in_memory(SessionLimits::default()).unwrap()),
        passwords,
        peppers,
        second_use: SecondUse::default(),
        throttle: None,
        authorities: Authorities::default(),
        audit: Audit::default(),
        clock: Arc::new(SystemClock),
    })
}
