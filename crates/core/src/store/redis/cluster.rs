//! A cluster: each command goes to the server that has its key.
//!
//! The library's client knows which server has which slot, keeps one connection to each, and
//! mends both. It is told never to send a command twice: it cannot tell which ones bear that.
//! That is decided here, command by command. Commands of one pipeline go out side by side, each
//! to its server, and take effect in any order.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::redis::ErrorKind::ClusterConnectionNotFound;
use ::redis::aio::ConnectionLike;
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::cluster_routing::{
    AggregateOp, MultipleNodeRoutingInfo, ResponsePolicy, Route, RoutingInfo,
    SingleNodeRoutingInfo, SlotAddr,
};
use ::redis::{
    Arg, Cmd, ConnectionInfo, FromRedisValue, Pipeline, ProtocolVersion, RedisError, RedisFuture,
    RedisResult, Value, cmd, pipe,
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
    /// Sends a command, and once more where it is told to or where that does no harm.
    async fn send(&self, command: &Cmd, route: &RoutingInfo) -> RedisResult<Value> {
        let error = match self.send_once(command, route.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if let Some(redirect) = Redirect::of(&error) {
            return self.follow(command, redirect).await;
        }
        let may_send_again = match Fault::of(&error) {
            Fault::Elsewhere => true,
            Fault::Broken => self.manner == Manner::Repeatable && !error.is_timeout(),
            Fault::Unfit | Fault::Refused => false,
        };
        if !may_send_again {
            return Err(error);
        }
        self.send_once(command, route.clone()).await
    }

    async fn send_once(&self, command: &Cmd, route: RoutingInfo) -> RedisResult<Value> {
        let mut connection = self.connection.clone();
        let answer = connection.route_command(command.clone(), route).await;
        answer.and_then(Value::extract_error)
    }

    /// Sends a command where a server said it belongs. The client has heard it as well and draws
    /// its map anew, but whom it asks may not know yet.
    async fn follow(&self, command: &Cmd, to: Redirect) -> RedisResult<Value> {
        if !to.asking {
            let there = SingleNodeRoutingInfo::ByAddress {
                host: to.host.clone(),
                port: to.port,
            };
            let answer = self
                .send_once(command, RoutingInfo::SingleNode(there))
                .await;
            let is_stranger = |error: &RedisError| error.kind() == ClusterConnectionNotFound;
            if !answer.as_ref().is_err_and(is_stranger) {
                return answer;
            }
        }
        let seed = &self.cluster.seed;
        let there = server_at(to.host, to.port, is_tls(seed), seed.redis_settings())?;
        let mut connection = self.cluster.dialer.dial(&there).await?;
        let mut commands = pipe();
        if to.asking {
            commands.cmd("ASKING").ignore();
        }
        commands.add_command(command.clone());
        let (answer,): (Value,) = commands.query_async(&mut connection).await?;
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

/// Where a server said that a key is.
struct Redirect {
    host: String,
    port: u16,
    /// It is only just moving there, and must be asked for in a special way.
    asking: bool,
}

impl Redirect {
    fn of(error: &RedisError) -> Option<Self> {
        let (place, _) = error.redirect_node()?;
        let (host, port) = place.rsplit_once(':')?;
        Some(Self {
            host: host.to_owned(),
            port: port.parse().ok()?,
            asking: error.code() == Some("ASK"),
        })
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
