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

use crate::connector::{Connector, connection_info, is_tls};
use crate::error_class::ErrorClass;
use crate::request::RetryPolicy;
use crate::server_name::{server_name, with_server_name};

/// Pauses before each redirect that is followed, in milliseconds; their number is the maximum number of
/// redirects. Two in a row can happen whenever slots move. More can happen while the servers do not agree yet,
/// which lasts a short time.
const PAUSES: [u64; 5] = [0, 0, 10, 40, 160];

/// A function that returns the name of the server that has a key, or `None` if it is not known.
pub(super) type ServerOfKey<'a> = dyn Fn(&[u8]) -> Option<String> + Sync + 'a;

/// Sends each command of a request to its server.
pub(super) struct ClusterRouter<'a> {
    connection: ClusterConnection,
    server_of_key: &'a ServerOfKey<'a>,
    retry: RetryPolicy,
    connector: &'a Connector,
    /// How to connect to a server of this cluster.
    seed: &'a ConnectionInfo,
    /// The route of the last command: a missing script is loaded there.
    last: Option<RoutingInfo>,
    redirected: RedirectedWrites,
}

/// Commands that were sent over new connections to a server that a redirect named. `WAIT` covers only what was
/// written over its own connection.
#[derive(Default)]
struct RedirectedWrites {
    /// The `WAIT` to send over each of those connections.
    wait: Option<Cmd>,
    waited: Mutex<Vec<RedisResult<usize>>>,
}

impl<'a> ClusterRouter<'a> {
    pub(super) fn new(
        (connection, server_of_key): (ClusterConnection, &'a ServerOfKey<'a>),
        retry: RetryPolicy,
        connector: &'a Connector,
        seed: &'a ConnectionInfo,
    ) -> Self {
        Self {
            connection,
            server_of_key,
            retry,
            connector,
            seed,
            last: None,
            redirected: RedirectedWrites::default(),
        }
    }

    /// Sends `wait` over each connection that is opened for a redirect: a `WAIT` on another connection would
    /// not cover what is written there.
    pub(super) fn wait_after_redirects(&mut self, wait: Cmd) {
        self.redirected.wait = Some(wait);
    }

    /// Sends a command, repeats it once if that is safe, and follows redirects. Returns the response, or the
    /// error of the last attempt. A server that redirects has executed nothing.
    async fn send(&self, command: &Cmd, route: &RoutingInfo) -> RedisResult<Value> {
        let mut response = self.send_once(command, route.clone()).await;
        if response
            .as_ref()
            .is_err_and(|error| self.may_send_again(error))
        {
            response = self.send_once(command, route.clone()).await;
        }
        for pause in PAUSES {
            let Some(redirect) = response
                .as_ref()
                .err()
                .and_then(|error| Redirect::from_error(error, self.seed))
            else {
                return response;
            };
            sleep(Duration::from_millis(pause)).await;
            response = self.follow_redirect(command, redirect).await;
        }
        response
    }

    fn may_send_again(&self, error: &RedisError) -> bool {
        match ErrorClass::of_error(error) {
            ErrorClass::WrongServer => Redirect::from_error(error, self.seed).is_none(),
            ErrorClass::ConnectionLost => {
                self.retry == RetryPolicy::Idempotent && !error.is_timeout()
            }
            ErrorClass::ServerUnable | ErrorClass::CommandRefused => false,
        }
    }

    async fn send_once(&self, command: &Cmd, route: RoutingInfo) -> RedisResult<Value> {
        let mut connection = self.connection.clone();
        let response = connection.route_command(command.clone(), route).await;
        let response = response.and_then(Value::extract_error);
        response.map_err(|error| {
            let key = key_of(command).filter(|_| error.is_timeout());
            let server = key.and_then(|key| (self.server_of_key)(key));
            server.map_or_else(
                || error.clone(),
                |server| with_server_name(&server, error.clone()),
            )
        })
    }

    /// Sends a command to the server that a redirect named, over a new connection if the library's client
    /// does not know that server. Returns the response, or the error of that server. The library reloads its
    /// slot map after a redirect, but from a server that may not know of the change yet.
    async fn follow_redirect(&self, command: &Cmd, to: Redirect) -> RedisResult<Value> {
        if !to.asking {
            let target = SingleNodeRoutingInfo::ByAddress {
                host: to.host.clone(),
                port: to.port,
            };
            let response = self
                .send_once(command, RoutingInfo::SingleNode(target))
                .await;
            let is_unknown_server = |error: &RedisError| error.kind() == ClusterConnectionNotFound;
            if !response.as_ref().is_err_and(is_unknown_server) {
                return response;
            }
        }
        let (tls, redis) = (is_tls(self.seed), self.seed.redis_settings());
        let target = connection_info(to.host, to.port, tls, redis)?;
        let with_its_name = |error| with_server_name(&server_name(&target), error);
        let mut connection = self
            .connector
            .connect(&target)
            .await
            .map_err(with_its_name)?;
        let mut commands = pipe();
        if to.asking {
            commands.cmd("ASKING").ignore();
        }
        commands.add_command(command.clone());
        let response = commands.query_async(&mut connection).await;
        let (response,): (Value,) = response.map_err(with_its_name)?;
        if let Some(wait) = &self.redirected.wait {
            let waited = wait.query_async(&mut connection).await;
            let all = self.redirected.waited.lock();
            let mut all = all.unwrap_or_else(PoisonError::into_inner);
            all.push(waited.map_err(with_its_name));
        }
        Ok(response)
    }

    /// Sends `wait` to all primaries. Returns the lowest number of replicas that acknowledged at one of them.
    /// Fails if one of the primaries does not respond.
    pub(super) async fn wait(mut self, wait: Cmd) -> RedisResult<usize> {
        let everywhere = RoutingInfo::MultiNode((
            MultipleNodeRoutingInfo::AllMasters,
            Some(ResponsePolicy::Aggregate(AggregateOp::Min)),
        ));
        let redirected = self.redirected.waited.into_inner();
        let redirected: RedisResult<Vec<usize>> = redirected
            .unwrap_or_else(PoisonError::into_inner)
            .into_iter()
            .collect();
        let redirected = redirected?.into_iter().min();
        let least = self.connection.route_command(wait, everywhere).await?;
        let least = usize::from_redis_value(least.extract_error()?)?;
        Ok(redirected.map_or(least, |redirected| redirected.min(least)))
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
    /// Parses the redirect in an error. `None` if there is none, or its host is unknown (`?`). An empty host
    /// stands for the server that was queried, and is replaced by the host of `seed`: where servers do not
    /// know their hosts, all have the same one.
    fn from_error(error: &RedisError, seed: &ConnectionInfo) -> Option<Self> {
        let (address, _) = error.redirect_node()?;
        let (host, port) = address.rsplit_once(':')?;
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

impl ConnectionLike for ClusterRouter<'_> {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        async move {
            let route = match self.last.take() {
                Some(route) if word(command, 0) == Some(b"SCRIPT") => route,
                _ => route_of(command),
            };
            let response = self.send(command, &route).await;
            self.last = Some(route);
            response
        }
        .boxed()
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        _offset: usize,
        _count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let router = &*self;
        let responses = commands
            .cmd_iter()
            .map(|command| async move { router.send(command, &route_of(command)).await });
        try_join_all(responses).boxed()
    }

    fn get_db(&self) -> i64 {
        0
    }
}

/// Returns the route of a command: to the primary that has its key, or to all primaries if it has no key.
/// Never to a replica, which may not know of a revocation yet.
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

/// Returns the key of a command, `None` if it has none. Covers only the commands that this crate sends, which
/// have at most one key.
fn key_of(command: &Cmd) -> Option<&[u8]> {
    let index = match word(command, 0)? {
        b"PING" | b"SCRIPT" => return None,
        b"EVALSHA" => 3,
        _ => 1,
    };
    word(command, index)
}

fn word(command: &Cmd, index: usize) -> Option<&[u8]> {
    let Arg::Simple(word) = command.args_iter().nth(index)? else {
        return None;
    };
    Some(word)
}
