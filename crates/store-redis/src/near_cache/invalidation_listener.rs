//! Receives invalidations over a connection to every primary.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use isogloss_core::StoreError;
use redis::aio::MultiplexedConnection;
use redis::{
    ConnectionInfo, FromRedisValue as _, ProtocolVersion, PushInfo, PushKind, RedisResult, Value,
    cmd,
};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::connector::Connector;
use crate::error::redis_error;
use crate::keys::Keys;
use crate::near_cache::{LEASE, TokenNearCache};
use crate::primary_check::require_primary_role;
use crate::redis_client::RedisClient;
use crate::server_identity::RunId;
use crate::server_name::{error_at, server_name};

/// How often the connections are checked.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(250);
/// How soon a broken connection is opened again.
const RECONNECT_DELAY: Duration = Duration::from_millis(500);

/// Receives invalidations for as long as the client exists. Whenever that fails, makes the near cache invalid
/// and connects again.
pub(crate) async fn listen(client: Weak<RedisClient>, cache: Arc<TokenNearCache>) {
    let mut is_first_failure = true;
    loop {
        let stopped = listen_until_change(&client, &cache, &mut is_first_failure).await;
        cache.close();
        let error = match stopped {
            Ok(Stopped::ClientDropped) => return,
            Ok(Stopped::AccessReplaced) => continue,
            Err(error) => error,
        };
        if is_first_failure {
            is_first_failure = false;
            warn!(%error, "Redis does not report changes: no token is cached, and each one is looked up");
        } else {
            debug!(%error, "Redis still does not report changes");
        }
        sleep(RECONNECT_DELAY).await;
    }
}

/// Why receiving ended without a failure.
enum Stopped {
    /// The client no longer exists.
    ClientDropped,
    /// Redis is accessed with other credentials from now on.
    AccessReplaced,
}

/// Receives invalidations until the client is dropped or its access replaced. Fails if a connection breaks, a
/// server does not respond, or a primary moves.
async fn listen_until_change(
    client: &Weak<RedisClient>,
    cache: &Arc<TokenNearCache>,
    is_first_failure: &mut bool,
) -> Result<Stopped, StoreError> {
    let mut listeners: Vec<InvalidationListener> = Vec::new();
    let Some(access) = client.upgrade().map(|client| client.access()) else {
        return Ok(Stopped::ClientDropped);
    };
    loop {
        let queried_at = Instant::now();
        let Some(client) = client.upgrade() else {
            return Ok(Stopped::ClientDropped);
        };
        if !Arc::ptr_eq(&access, &client.access()) {
            return Ok(Stopped::AccessReplaced);
        }
        let primaries = access.primaries().await?;
        if listeners.is_empty() {
            let started = primaries.iter().map(|server| {
                InvalidationListener::start(server, (&access.connector, client.keys()), cache)
            });
            listeners = try_join_all(started).await?;
            // Not in a cluster: there, servers are identified by the addresses that they announce.
            if let ([listener], false) = (&mut listeners[..], client.is_cluster()) {
                access
                    .connector
                    .identity()
                    .record_invalidating(listener.run_id().await?);
            }
            cache.clear();
        }
        let known = listeners.iter().map(|listener| listener.name.clone());
        if known.ne(primaries.iter().map(server_name)) {
            return Err(redis_error("there are other primaries now"));
        }
        if access.connector.identity().differs() {
            // The pool may be the one that is outdated: when a host name moves, idle connections still work.
            access.reject_connections().await;
            return Err(redis_error(
                "another server is queried than tells of changes",
            ));
        }
        let heartbeats = listeners.iter_mut().map(InvalidationListener::heartbeat);
        timeout(LEASE, try_join_all(heartbeats))
            .await
            .map_err(redis_error)??;
        if let ([listener], [server]) = (&listeners[..], &primaries[..])
            && !client.is_cluster()
        {
            cache.offer_connection(server, &listener.connection);
        }
        drop(client);
        cache.confirm_until(queried_at);
        *is_first_failure = true;
        sleep(HEARTBEAT_INTERVAL).await;
    }
}

/// A connection to a primary that receives its invalidations.
struct InvalidationListener {
    name: String,
    connection: MultiplexedConnection,
}

impl InvalidationListener {
    async fn start(
        server: &ConnectionInfo,
        (connector, keys): (&Connector, &Keys),
        cache: &Arc<TokenNearCache>,
    ) -> Result<Self, StoreError> {
        let resp3 = server
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        let server_with_resp3 = server.clone().set_redis_settings(resp3);
        let weak_cache = Arc::downgrade(cache);
        let (keys, tokens) = (keys.clone(), keys.tokens());
        // Runs in the order in which Redis sends, before any later response is passed on.
        let on_push = move |push: PushInfo| {
            if let Some(cache) = weak_cache.upgrade() {
                apply_push(&cache, &keys, push);
            }
            Ok::<_, ()>(())
        };
        let name = server_name(server);
        let connected = connector
            .connect_with_push_listener(&server_with_resp3, on_push)
            .await;
        let mut connection = connected.map_err(|error| error_at(&name, error))?;
        let mut tracking = cmd("CLIENT");
        tracking
            .arg("TRACKING")
            .arg("ON")
            .arg("BCAST")
            .arg("PREFIX")
            .arg(tokens);
        let on: RedisResult<()> = tracking.query_async(&mut connection).await;
        on.map_err(|error| error_at(&name, error))?;
        Ok(Self { name, connection })
    }

    async fn run_id(&mut self) -> Result<Option<RunId>, StoreError> {
        let response = RunId::query(&mut self.connection).await;
        response.map_err(|error| error_at(&self.name, error))
    }

    /// Checks that the server is still the primary. On success, all invalidations have arrived that were pending at
    /// the time of the call. Fails if the server is a replica or does not respond.
    async fn heartbeat(&mut self) -> Result<(), StoreError> {
        let response = require_primary_role(&mut self.connection).await;
        response.map_err(|error| error_at(&self.name, error))
    }
}

fn apply_push(cache: &TokenNearCache, keys: &Keys, push: PushInfo) {
    if push.kind == PushKind::Disconnection {
        cache.close();
    }
    if push.kind != PushKind::Invalidate {
        return;
    }
    // After `FLUSHALL` there is no list of keys: everything has changed.
    let Some(Value::Array(changed)) = push.data.into_iter().next() else {
        cache.clear();
        return;
    };
    for key in changed {
        match Vec::<u8>::from_redis_value(key) {
            Ok(key) => {
                if let Some(digest) = keys.token_of(&key) {
                    cache.forget(digest);
                }
            }
            Err(_) => cache.clear(),
        }
    }
}
