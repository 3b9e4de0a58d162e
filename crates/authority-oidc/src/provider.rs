//! The provider: its metadata and keys, which are cached.

use std::sync::Arc;
use std::time::{Duration, Instant};

use isogloss_authority::{HttpClient, HttpRequest, HttpResponse, JSON};
use isogloss_core::authority::Cause;
use parking_lot::Mutex;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;
use zeroize::Zeroizing;

use crate::id_token::{self, Verification, invalid};
use crate::keys::{Keys, Verified};
use crate::metadata::{self, Metadata};

/// How long metadata and keys are cached. A key that the provider removes is accepted no longer than that.
const LIFETIME: Duration = Duration::from_hours(1);

/// An OpenID provider.
pub(crate) struct Provider {
    client: HttpClient,
    issuer: Url,
    allow_plain: bool,
    metadata: Mutex<Option<Cached<Metadata>>>,
    keys: Mutex<Option<Cached<Keys>>>,
}

struct Cached<T> {
    value: Arc<T>,
    read: Instant,
}

impl Provider {
    pub(crate) fn new(client: HttpClient, issuer: Url, allow_plain: bool) -> Self {
        Self {
            client,
            issuer,
            allow_plain,
            metadata: Mutex::new(None),
            keys: Mutex::new(None),
        }
    }

    pub(crate) fn client(&self) -> &HttpClient {
        &self.client
    }

    /// Returns the address of the metadata.
    pub(crate) fn metadata_address(&self) -> Url {
        metadata::address(&self.issuer)
    }

    /// Lets the next login read metadata and keys again.
    pub(crate) fn forget(&self) {
        *self.metadata.lock() = None;
        *self.keys.lock() = None;
    }

    /// Returns the metadata, from the cache or the provider.
    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>, Cause> {
        if let Some(known) = known(&self.metadata) {
            return Ok(known);
        }
        let response = get(&self.client, self.metadata_address(), HeaderMap::new()).await?;
        let metadata = Metadata::parse(&response.body, &self.issuer, self.allow_plain)?;
        Ok(remember(&self.metadata, metadata))
    }

    /// Returns the keys, from the cache or the provider.
    pub(crate) async fn keys(&self, metadata: &Metadata) -> Result<Arc<Keys>, Cause> {
        match known(&self.keys) {
            Some(known) => Ok(known),
            None => self.read_keys(metadata).await,
        }
    }

    async fn read_keys(&self, metadata: &Metadata) -> Result<Arc<Keys>, Cause> {
        let response = get(&self.client, metadata.jwks_uri.clone(), HeaderMap::new()).await?;
        let keys = Keys::parse(&response.body)?;
        Ok(remember(&self.keys, keys))
    }

    /// Verifies an ID token. Reads the keys again, once, if it is signed with a key that is not known.
    ///
    /// # Errors
    ///
    /// A [`Cause`] if the token is not valid, or if the keys cannot be read.
    pub(crate) async fn verify(
        &self,
        metadata: &Metadata,
        id_token: &str,
        client_id: &str,
    ) -> Result<Verified, Cause> {
        let verify = |keys: &Keys| id_token::verify(id_token, keys, &metadata.issuer, client_id);
        let known = self.keys(metadata).await?;
        if let Verification::Valid(verified) = verify(&known)? {
            return Ok(verified);
        }
        match verify(&*self.read_keys(metadata).await?)? {
            Verification::Valid(verified) => Ok(verified),
            Verification::UnknownKey => Err(invalid("is signed with a key that is not published")),
        }
    }
}

/// Returns what is cached and not too old.
fn known<T>(cache: &Mutex<Option<Cached<T>>>) -> Option<Arc<T>> {
    let cached = cache.lock();
    let cached = cached.as_ref().filter(|one| one.read.elapsed() < LIFETIME);
    cached.map(|one| Arc::clone(&one.value))
}

fn remember<T>(cache: &Mutex<Option<Cached<T>>>, value: T) -> Arc<T> {
    let value = Arc::new(value);
    *cache.lock() = Some(Cached {
        value: Arc::clone(&value),
        read: Instant::now(),
    });
    value
}

/// Gets a document of JSON.
///
/// # Errors
///
/// A [`Cause`] if there is no complete response with status 200 and JSON.
pub(crate) async fn get(
    client: &HttpClient,
    url: Url,
    mut headers: HeaderMap,
) -> Result<HttpResponse, Cause> {
    headers.insert(ACCEPT, HeaderValue::from_static(JSON));
    let request = HttpRequest {
        method: Method::GET,
        url,
        headers,
        body: Zeroizing::default(),
    };
    let response = client.send(request).await?;
    if response.status != StatusCode::OK {
        return Err(response.unexpected_status());
    }
    response.expect_json()?;
    Ok(response)
}
