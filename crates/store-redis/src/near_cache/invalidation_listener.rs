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

use crate::connector::Dialer;
use crate::error::failed;
use crate::keys::Keys;
use crate::near_cache::{LEASE, NearTokens};
use crate::primary_check::ask_for_role;
use crate::redis_client::Link;
use crate::server_identity::RunId;
use crate::server_name::{failed_at, name_of};

/// How often the connections are checked.
const BEAT: Duration = Duration::from_millis(250);
/// How soon a broken connection is opened again.
const RETRY: Duration = Duration::from_millis(500);

/// Receives invalidations for as long as the link exists. Whenever that fails, the near cache is invalidated.
pub(crate) async fn follow(link: Weak<Link>, near: Arc<NearTokens>) {
    let mut is_news = true;
    loop {
        let ended = watch(&link, &near, &mut is_news).await;
        near.close();
        let error = match ended {
            Ok(Ended::WithLink) => return,
            Ok(Ended::ForNewAccess) => continue,
            Err(error) => error,
        };
        if is_news {
            is_news = false;
            warn!(%error, "Redis does not report changes: no token is cached, and each one is looked up");
        } else {
            debug!(%error, "Redis still does not report changes");
        }
        sleep(RETRY).await;
    }
}

/// Why receiving ended without a failure.
enum Ended {
    /// The link no longer exists.
    WithLink,
    /// Redis is accessed with other credentials from now on.
    ForNewAccess,
}

/// Receives invalidations until the link is dropped or its access replaced, a connection breaks, or a primary
/// moves.
async fn watch(
    link: &Weak<Link>,
    near: &Arc<NearTokens>,
    is_news: &mut bool,
) -> Result<Ended, StoreError> {
    let mut trackers: Vec<Tracker> = Vec::new();
    let Some(access) = link.upgrade().map(|link| link.access()) else {
        return Ok(Ended::WithLink);
    };
    loop {
        let asked = Instant::now();
        let Some(link) = link.upgrade() else {
            return Ok(Ended::WithLink);
        };
        if !Arc::ptr_eq(&access, &link.access()) {
            return Ok(Ended::ForNewAccess);
        }
        let primaries = access.primaries().await?;
        if trackers.is_empty() {
            let started = primaries
                .iter()
                .map(|place| Tracker::start(place, (&access.dialer, link.keys()), near));
            trackers = try_join_all(started).await?;
            // Not in a cluster: there, servers are identified by the addresses that they announce.
            if let ([tracker], false) = (&mut trackers[..], link.is_cluster()) {
                access.dialer.identity().tells(tracker.run_id().await?);
            }
            near.clear();
        }
        let known = trackers.iter().map(|tracker| tracker.place.clone());
        if known.ne(primaries.iter().map(name_of)) {
            return Err(failed("there are other primaries now"));
        }
        if access.dialer.identity().differs() {
            // The pool may be the one that is outdated: when a host name moves, idle connections still work.
            access.doubt().await;
            return Err(failed("another server is queried than tells of changes"));
        }
        let beats = trackers.iter_mut().map(Tracker::beat);
        timeout(LEASE, try_join_all(beats))
            .await
            .map_err(failed)??;
        if let ([tracker], [server]) = (&trackers[..], &primaries[..])
            && !link.is_cluster()
        {
            near.share(server, &tracker.connection);
        }
        drop(link);
        near.is_told_until(asked);
        *is_news = true;
        sleep(BEAT).await;
    }
}

/// A connection to a primary that receives its invalidations.
struct Tracker {
    place: String,
    connection: MultiplexedConnection,
}

impl Tracker {
    async fn start(
        place: &ConnectionInfo,
        (dialer, keys): (&Dialer, &Keys),
        near: &Arc<NearTokens>,
    ) -> Result<Self, StoreError> {
        let resp3 = place
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        let server = place.clone().set_redis_settings(resp3);
        let told = Arc::downgrade(near);
        let (keys, tokens) = (keys.clone(), keys.tokens());
        // Runs in the order in which Redis sends, before any later response is passed on.
        let tell = move |push: PushInfo| {
            if let Some(near) = told.upgrade() {
                note(&near, &keys, push);
            }
            Ok::<_, ()>(())
        };
        let place = name_of(place);
        let dialled = dialer.dial_told(&server, tell).await;
        let mut connection = dialled.map_err(|error| failed_at(&place, error))?;
        let mut tracking = cmd("CLIENT");
        tracking
            .arg("TRACKING")
            .arg("ON")
            .arg("BCAST")
            .arg("PREFIX")
            .arg(tokens);
        let on: RedisResult<()> = tracking.query_async(&mut connection).await;
        on.map_err(|error| failed_at(&place, error))?;
        Ok(Self { place, connection })
    }

    async fn run_id(&mut self) -> Result<Option<RunId>, StoreError> {
        let asked = RunId::of(&mut self.connection).await;
        asked.map_err(|error| failed_at(&self.place, error))
    }

    /// Checks that the server is still the primary. When this returns, all invalidations have arrived that were
    /// pending when it was called.
    async fn beat(&mut self) -> Result<(), StoreError> {
        let asked = ask_for_role(&mut self.connection).await;
        asked.map_err(|error| failed_at(&self.place, error))
    }
}

fn note(near: &NearTokens, keys: &Keys, push: PushInfo) {
    if push.kind == PushKind::Disconnection {
        near.close();
    }
    if push.kind != PushKind::Invalidate {
        return;
    }
    // After `FLUSHALL` there is no list of keys: everything has changed.
    let Some(Value::Array(changed)) = push.data.into_iter().next() else {
        near.clear();
        return;
    };
    for key in changed {
        match Vec::<u8>::from_redis_value(key) {
            Ok(key) => {
                if let Some(digest) = keys.token_of(&key) {
                    near.forget(digest);
                }
            }
            Err(_) => near.clear(),
        }
    }
}
