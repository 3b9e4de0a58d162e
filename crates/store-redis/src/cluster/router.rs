//! Sends each command to the server of a cluster that has its key.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use redis::ErrorKind::ClusterConnectionNotFound;
use redis::aio::ConnectionLike;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{
    AggregateOp, MultipleNodeRoutingInfo, ResponsePolicy, Route, RoutingInfo,
    SingleNodeRoutingInfo, SlotAddr,
};
use redis::{
    Arg, Cmd, ConnectionAddr, ConnectionInfo, FromRedisValue as _, Pipeline, RedisError,
    RedisFuture, RedisResult, Value, pipe,
};
use tokio::time::sleep;

use crate::connector::{Dialer, is_tls, server_at};
use crate::error_class::Fault;
use crate::request::Manner;
use crate::server_name::{name_of, naming};

/// Pauses before each redirect that is followed, in milliseconds; their number is the maximum number of
/// redirects. Two in a row can happen whenever slots move. More can happen while the servers do not agree yet,
/// which lasts a short time.
const PAUSES: [u64; 5] = [0, 0, 10, 40, 160];

/// A function that returns the name of the server that has a key, or `None` if it is not known.
pub(super) type NameOf<'a> = dyn Fn(&[u8]) -> Option<String> + Sync + 'a;

/// Sends each command of a request to its server.
pub(super) struct Wire<'a> {
    connection: ClusterConnection,
    name_of_server: &'a NameOf<'a>,
    manner: Manner,
    dialer: &'a Dialer,
    /// How to connect to a server of this cluster.
    seed: &'a ConnectionInfo,
    /// The route of the last command: a missing script is loaded there.
    last: Option<RoutingInfo>,
    elsewhere: Elsewhere,
}

/// Commands that were sent over new connections to a server that a redirect named. `WAIT` covers only what was
/// written over its own connection.
#[derive(Default)]
struct Elsewhere {
    /// The `WAIT` to send over each of those connections.
    wait: Option<Cmd>,
    waited: Mutex<Vec<RedisResult<usize>>>,
}

impl<'a> Wire<'a> {
    pub(super) fn new(
        (connection, name_of_server): (ClusterConnection, &'a NameOf<'a>),
        manner: Manner,
        dialer: &'a Dialer,
        seed: &'a ConnectionInfo,
    ) -> Self {
        Self {
            connection,
            name_of_server,
            manner,
            dialer,
            seed,
            last: None,
            elsewhere: Elsewhere::default(),
        }
    }

    /// Makes each connection that is opened for a redirect wait for the replicas of its server.
    pub(super) fn wait_elsewhere(&mut self, wait: Cmd) {
        self.elsewhere.wait = Some(wait);
    }

    /// Sends a command, repeats it once if that is safe, and follows redirects. A server that redirects has
    /// executed nothing.
    async fn send(&self, command: &Cmd, route: &RoutingInfo) -> RedisResult<Value> {
        let mut answer = self.send_once(command, route.clone()).await;
        if answer.as_ref().is_err_and(|error| self.bears_again(error)) {
            answer = self.send_once(command, route.clone()).await;
        }
        for pause in PAUSES {
            let Some(redirect) = answer
                .as_ref()
                .err()
                .and_then(|error| Redirect::of(error, self.seed))
            else {
                return answer;
            };
            sleep(Duration::from_millis(pause)).await;
            answer = self.follow(command, redirect).await;
        }
        answer
    }

    fn bears_again(&self, error: &RedisError) -> bool {
        match Fault::of(error) {
            Fault::Elsewhere => Redirect::of(error, self.seed).is_none(),
            Fault::Broken => self.manner == Manner::Repeatable && !error.is_timeout(),
            Fault::Unfit | Fault::Refused => false,
        }
    }

    async fn send_once(&self, command: &Cmd, route: RoutingInfo) -> RedisResult<Value> {
        let mut connection = self.connection.clone();
        let answer = connection.route_command(command.clone(), route).await;
        let answer = answer.and_then(Value::extract_error);
        answer.map_err(|error| {
            let key = key_of(command).filter(|_| error.is_timeout());
            let server = key.and_then(|key| (self.name_of_server)(key));
            server.map_or_else(|| error.clone(), |server| naming(&server, error.clone()))
        })
    }

    /// Sends a command to the server that a redirect named. The client has seen the redirect, too, and reloads
    /// its slot map, but from a server that may not know of the change yet.
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
        let (tls, redis) = (is_tls(self.seed), self.seed.redis_settings());
        let there = server_at(to.host, to.port, tls, redis)?;
        let in_its_name = |error| naming(&name_of(&there), error);
        let mut connection = self.dialer.dial(&there).await.map_err(in_its_name)?;
        let mut commands = pipe();
        if to.asking {
            commands.cmd("ASKING").ignore();
        }
        commands.add_command(command.clone());
        let answer = commands.query_async(&mut connection).await;
        let (answer,): (Value,) = answer.map_err(in_its_name)?;
        if let Some(wait) = &self.elsewhere.wait {
            let waited = wait.query_async(&mut connection).await;
            let all = self.elsewhere.waited.lock();
            let mut all = all.unwrap_or_else(PoisonError::into_inner);
            all.push(waited.map_err(in_its_name));
        }
        Ok(answer)
    }

    /// Waits on all primaries, and returns the lowest number of replicas that acknowledged at one of them.
    pub(super) async fn wait(mut self, wait: Cmd) -> RedisResult<usize> {
        let everywhere = RoutingInfo::MultiNode((
            MultipleNodeRoutingInfo::AllMasters,
            Some(ResponsePolicy::Aggregate(AggregateOp::Min)),
        ));
        let elsewhere = self.elsewhere.waited.into_inner();
        let elsewhere: RedisResult<Vec<usize>> = elsewhere
            .unwrap_or_else(PoisonError::into_inner)
            .into_iter()
            .collect();
        let elsewhere = elsewhere?.into_iter().min();
        let least = self.connection.route_command(wait, everywhere).await?;
        let least = usize::from_redis_value(least.extract_error()?)?;
        Ok(elsewhere.map_or(least, |elsewhere| elsewhere.min(least)))
    }
}

/// The address of the server that has a key, as another server reported it.
struct Redirect {
    host: String,
    port: u16,
    /// The key is being moved there (`ASK`): the command must follow an `ASKING`.
    asking: bool,
}

impl Redirect {
    /// Parses the redirect in an error. `None` if there is none, or its host is unknown. An empty host means the
    /// server that was queried. It is replaced by the host of the seed: where servers do not know their hosts,
    /// all have the same one.
    fn of(error: &RedisError, seed: &ConnectionInfo) -> Option<Self> {
        let (place, _) = error.redirect_node()?;
        let (host, port) = place.rsplit_once(':')?;
        let host = match (host, seed.addr()) {
            ("?", _) => return None,
            ("", ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. }) => host,
            (host, _) => host,
        };
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

/// Routes a command to primaries only, as replicas may not know of a revocation yet. Commands without a key go
/// to all primaries.
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

/// Returns the key of a command. Covers only the commands that this crate sends, which have one key or none.
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
