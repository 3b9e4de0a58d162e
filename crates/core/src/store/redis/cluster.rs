//! A cluster: each command goes to the server that has its key.
//!
//! The library's client knows which server has which slot, keeps one connection to each, and
//! mends both. It is told never to send a command twice: it cannot tell which ones bear that.
//! That is decided here, command by command. Commands of one pipeline go out side by side, each
//! to its server, and take effect in any order.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::redis::aio::ConnectionLike;
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::cluster_routing::{
    AggregateOp, MultipleNodeRoutingInfo, ResponsePolicy, Route, RoutingInfo,
    SingleNodeRoutingInfo, SlotAddr,
};
use ::redis::{
    Arg, Cmd, ConnectionInfo, ErrorKind, FromRedisValue, Pipeline, ProtocolVersion, RedisError,
    RedisFuture, RedisResult, ServerErrorKind, Value, cmd, pipe,
};
use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::RedisSettings;
use super::dialer::{Dialer, is_tls, server_at};
use super::fault::Fault;
use super::link::failed;
use super::question::{Manner, Question};
use super::replicas::Replicas;
use crate::error::StoreError;

/// So many failures without one answer in between, and the client is made anew from the addresses
/// of the configuration.
const PATIENCE: u32 = 8;

/// A cluster.
pub(super) struct Cluster {
    client: ClusterClient,
    seed: ConnectionInfo,
    dialer: Dialer,
    all: Mutex<Option<ClusterConnection>>,
    /// `WAIT` holds up whatever comes after it on its connection.
    waiting: Mutex<Option<ClusterConnection>>,
    failures: AtomicU32,
    entering: Duration,
    timeout: Duration,
    replicas: Replicas,
}

impl Cluster {
    pub(super) fn new(
        servers: Vec<ConnectionInfo>,
        dialer: Dialer,
        settings: &RedisSettings,
    ) -> Result<Self, StoreError> {
        let seed = servers.first().ok_or_else(|| failed("no server"))?.clone();
        let mut client = ClusterClient::builder(servers)
            // With it, a broken connection is noticed when it breaks, not when it is used.
            .use_protocol(ProtocolVersion::RESP3)
            .retries(0)
            .connection_timeout(settings.connect_timeout)
            .response_timeout(settings.timeout);
        if let Some(certificates) = dialer.certificates() {
            client = client.certs(certificates);
        }
        Ok(Self {
            client: client.build().map_err(failed)?,
            seed,
            dialer,
            all: Mutex::default(),
            waiting: Mutex::default(),
            failures: AtomicU32::default(),
            // To those we know, to those they know, and the map.
            entering: settings.connect_timeout * 2 + settings.timeout,
            timeout: settings.timeout,
            replicas: Replicas::of(settings),
        })
    }

    pub(super) async fn put<T: FromRedisValue>(
        &self,
        question: Question<'_>,
        manner: Manner,
    ) -> Result<T, StoreError> {
        let waits = manner == Manner::Revocation && self.replicas.are_wanted();
        let kept = if waits { &self.waiting } else { &self.all };
        let connection = self.connection(kept).await?;
        let mut wire = Wire {
            cluster: self,
            connection,
            manner,
            last: None,
        };
        let asked = timeout(self.timeout, question.put(&mut wire)).await;
        match &asked {
            Ok(Err(error)) => self.note(kept, Fault::of(error)).await,
            Err(_) => self.note(kept, Fault::Broken).await,
            Ok(Ok(_)) => self.failures.store(0, Ordering::Relaxed),
        }
        let answer = asked.map_err(|_| failed("no answer in time"))?;
        let answer = answer.map_err(failed)?;
        if waits {
            let waited = wire.wait(self.replicas.wait()).await;
            self.replicas.suffice(waited)?;
        }
        Ok(answer)
    }

    /// Where the primaries are.
    pub(super) async fn places(&self) -> Result<Vec<ConnectionInfo>, StoreError> {
        let mut connection = self.connection(&self.all).await?;
        let slots: Vec<Vec<Value>> = cmd("CLUSTER")
            .arg("SLOTS")
            .query_async(&mut connection)
            .await
            .map_err(failed)?;
        let mut places: Vec<_> = slots.iter().filter_map(|range| primary_of(range)).collect();
        places.sort_unstable();
        places.dedup();
        let tls = is_tls(&self.seed);
        let places = places.into_iter();
        places
            .map(|(host, port)| server_at(host, port, tls, self.seed.redis_settings()))
            .collect::<RedisResult<_>>()
            .map_err(failed)
    }

    async fn connection(
        &self,
        kept: &Mutex<Option<ClusterConnection>>,
    ) -> Result<ClusterConnection, StoreError> {
        let mut kept = kept.lock().await;
        if let Some(connection) = kept.as_ref() {
            return Ok(connection.clone());
        }
        let client = self.client.clone();
        let entering = self.entering;
        let runtime = self.dialer.runtime();
        let made = runtime
            .spawn(async move { timeout(entering, client.get_async_connection()).await })
            .await
            .map_err(failed)?
            .map_err(|_| failed("the cluster does not let us in in time"))?
            .map_err(failed)?;
        *kept = Some(made.clone());
        Ok(made)
    }

    async fn note(&self, kept: &Mutex<Option<ClusterConnection>>, fault: Fault) {
        if fault == Fault::Refused {
            self.failures.store(0, Ordering::Relaxed);
        } else if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= PATIENCE {
            self.failures.store(0, Ordering::Relaxed);
            *kept.lock().await = None;
        }
    }
}

/// Sends each command to its server.
struct Wire<'a> {
    cluster: &'a Cluster,
    connection: ClusterConnection,
    manner: Manner,
    /// Where the last command went: a script is loaded where it was missing.
    last: Option<RoutingInfo>,
}

impl Wire<'_> {
    async fn send(&self, command: &Cmd, route: &RoutingInfo) -> RedisResult<Value> {
        let mut again = true;
        loop {
            let mut connection = self.connection.clone();
            let answer = connection
                .route_command(command.clone(), route.clone())
                .await;
            let error = match answer.and_then(Value::extract_error) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.kind() == ErrorKind::Server(ServerErrorKind::Ask) {
                return self.ask_there(command, &error).await;
            }
            let may_ask_again = match Fault::of(&error) {
                Fault::Elsewhere => true,
                Fault::Broken => self.manner == Manner::Repeatable && !error.is_timeout(),
                Fault::Unfit | Fault::Refused => false,
            };
            if !again || !may_ask_again {
                return Err(error);
            }
            again = false;
        }
    }

    /// Asks the server that a key is just moving to.
    async fn ask_there(&self, command: &Cmd, error: &RedisError) -> RedisResult<Value> {
        let place = error.redirect_node().and_then(|(place, _)| {
            let (host, port) = place.rsplit_once(':')?;
            Some((host.to_owned(), port.parse().ok()?))
        });
        let Some((host, port)) = place else {
            return Err(error.clone());
        };
        let seed = &self.cluster.seed;
        let there = server_at(host, port, is_tls(seed), seed.redis_settings())?;
        let mut connection = self.cluster.dialer.dial(&there).await?;
        let mut asking = pipe();
        asking.cmd("ASKING").ignore().add_command(command.clone());
        let (answer,): (Value,) = asking.query_async(&mut connection).await?;
        Ok(answer)
    }

    /// All primaries wait; the fewest replicas that any of them has count.
    async fn wait(mut self, wait: Cmd) -> RedisResult<usize> {
        let everywhere = RoutingInfo::MultiNode((
            MultipleNodeRoutingInfo::AllMasters,
            Some(ResponsePolicy::Aggregate(AggregateOp::Min)),
        ));
        let least = self.connection.route_command(wait, everywhere).await?;
        Ok(usize::from_redis_value(least.extract_error()?)?)
    }
}

impl ConnectionLike for Wire<'_> {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        async move {
            let route = match self.last.take() {
                Some(route) if word(command, 0) == Some(b"SCRIPT") => route,
                _ => route_of(command),
            };
            let answer = self.send(command, &route).await;
            self.last = Some(route);
            answer
        }
        .boxed()
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        _offset: usize,
        _count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let wire = &*self;
        let answers = commands
            .cmd_iter()
            .map(|command| async move { wire.send(command, &route_of(command)).await });
        try_join_all(answers).boxed()
    }

    fn get_db(&self) -> i64 {
        0
    }
}

/// Always to a primary: replicas may not know yet what was revoked. What has no key goes to all.
fn route_of(command: &Cmd) -> RoutingInfo {
    match key_of(command) {
        Some(key) => RoutingInfo::SingleNode(SingleNodeRoutingInfo::SpecificNode(Route::with_key(
            key,
            SlotAddr::Master,
        ))),
        None => RoutingInfo::MultiNode((
            MultipleNodeRoutingInfo::AllMasters,
            Some(ResponsePolicy::AllSucceeded),
        )),
    }
}

/// The key of a command. Those that are asked here have one, or none.
fn key_of(command: &Cmd) -> Option<&[u8]> {
    let place = match word(command, 0)? {
        b"PING" | b"SCRIPT" => return None,
        b"EVALSHA" => 3,
        _ => 1,
    };
    word(command, place)
}

fn word(command: &Cmd, place: usize) -> Option<&[u8]> {
    let Arg::Simple(word) = command.args_iter().nth(place)? else {
        return None;
    };
    Some(word)
}

/// Host and port of the primary, from one line of `CLUSTER SLOTS`.
fn primary_of(range: &[Value]) -> Option<(String, u16)> {
    let Some(Value::Array(primary)) = range.get(2) else {
        return None;
    };
    let host = String::from_redis_value(primary.first()?.clone()).ok()?;
    let port = u16::from_redis_value(primary.get(1)?.clone()).ok()?;
    Some((host, port))
}
