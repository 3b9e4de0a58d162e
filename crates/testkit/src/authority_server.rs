//! An authority's server for tests: a web hook or an OpenID provider, which can fail in every way.

mod certificates;
mod exchange;
mod fault;
mod hook;
mod http;
mod listener;
mod oidc;
mod relay;
mod signing_key;
mod users;

use std::io::Result;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::certificates::Certificates;
use self::exchange::Exchange;
pub use self::fault::AuthorityFault;
use self::listener::FaultyListener;
use self::oidc::Provider;
pub use self::oidc::{IdTokens, TokenFault};
pub use self::relay::FaultyRelay;
pub use self::users::{AuthorityUser, UserState};

/// A server with users, which judges passwords over HTTPS. It stops, and closes its connections, when it is dropped.
pub struct AuthorityServer {
    listener: FaultyListener,
    exchange: Arc<Exchange>,
    path: &'static str,
}

/// A request with a password, as the server received it.
#[derive(Debug, Clone)]
pub struct PasswordRequest {
    /// The name of the user.
    pub login: String,
    /// The password.
    pub password: String,
    /// The names, in lower case, and values of all headers.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// What the server plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Hook,
    Oidc,
}

impl AuthorityServer {
    /// The identifier of the client that the OpenID provider knows.
    pub const CLIENT_ID: &'static str = "isogloss";
    /// The secret of that client.
    pub const CLIENT_SECRET: &'static str = "secret of the client";
    /// A secret for signatures of the hook, which it does not verify.
    pub const HOOK_SECRET: &'static str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// Starts a web hook with these users.
    ///
    /// # Errors
    /// If there is no free port.
    pub fn hook(users: impl IntoIterator<Item = AuthorityUser>) -> Result<Self> {
        Self::start(Role::Hook, users, "/hook")
    }

    /// Starts an OpenID provider with these users.
    ///
    /// # Errors
    /// If there is no free port.
    pub fn oidc(users: impl IntoIterator<Item = AuthorityUser>) -> Result<Self> {
        Self::start(Role::Oidc, users, "/realms/test")
    }

    fn start(
        role: Role,
        users: impl IntoIterator<Item = AuthorityUser>,
        path: &'static str,
    ) -> Result<Self> {
        let exchange = Arc::new(Exchange::new(
            role,
            users.into_iter().collect(),
            Provider::new()?,
            Certificates::make()?,
        ));
        Ok(Self {
            listener: FaultyListener::start(Arc::clone(&exchange))?,
            exchange,
            path,
        })
    }

    /// Returns the address of the hook, or the issuer.
    pub fn url(&self) -> String {
        format!("https://{}{}", self.listener.address(), self.path)
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.listener.address().port()
    }

    /// Returns the file with the authority of the server's certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.exchange.certificates.ca_file()
    }

    /// Sets what goes wrong from now on. When this returns, new connections have the fault, and those of the fault before
    /// are about to be closed.
    pub fn set_fault(&self, fault: Option<AuthorityFault>) {
        self.exchange.limit_fault_to(None);
        self.listener.set_fault(fault);
    }

    /// Sets what goes wrong from now on at one endpoint of the OpenID provider: `/token`, `/keys`, `/userinfo` or
    /// `/.well-known/openid-configuration`. A fault of [`AuthorityFault::OF_A_CONNECTION`] hits all endpoints: it is there
    /// before the address is known.
    pub fn set_fault_of(&self, endpoint: &'static str, fault: AuthorityFault) {
        self.exchange.limit_fault_to(Some(endpoint));
        self.listener.set_fault(Some(fault));
    }

    /// Returns every request with a password so far, whether it was answered or not.
    pub fn requests(&self) -> Vec<PasswordRequest> {
        lock(&self.exchange.requests).clone()
    }

    /// Replaces the users.
    pub fn set_users(&self, users: impl IntoIterator<Item = AuthorityUser>) {
        *lock(&self.exchange.users) = users.into_iter().collect();
    }

    /// Sets which ID tokens the provider issues.
    pub fn set_id_tokens(&self, id_tokens: IdTokens) {
        lock(&self.exchange.provider).id_tokens = id_tokens;
    }

    /// Lets the provider sign with a new key from now on. The old one is not published any more.
    ///
    /// # Errors
    /// If there is no key.
    pub fn rotate_key(&self) -> Result<()> {
        lock(&self.exchange.provider).rotate_key()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
