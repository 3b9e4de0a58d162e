//! Requests to Redis, and whether they may be repeated.

use isogloss_core::StoreError;
use redis::aio::ConnectionLike;
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult, ScriptInvocation};

/// A request to Redis.
#[derive(Clone, Copy)]
pub(super) enum Request<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline),
    Script(&'a ScriptInvocation<'a>),
}

impl Request<'_> {
    pub(super) async fn send<T: FromRedisValue>(
        self,
        connection: &mut (impl ConnectionLike + Send),
    ) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(connection).await,
            Self::Pipeline(commands) => commands.query_async(connection).await,
            Self::Script(script) => script.invoke_async(connection).await,
        }
    }

    /// Returns true for one command or script, of which a server that responds with a redirect has executed nothing.
    /// Returns false for a pipeline, of which the server may have executed the first commands.
    pub(super) fn is_single_command(self) -> bool {
        !matches!(self, Self::Pipeline(_))
    }
}

impl<'a> From<&'a Cmd> for Request<'a> {
    fn from(command: &'a Cmd) -> Self {
        Self::Command(command)
    }
}

impl<'a> From<&'a mut Cmd> for Request<'a> {
    fn from(command: &'a mut Cmd) -> Self {
        Self::Command(command)
    }
}

impl<'a> From<&'a Pipeline> for Request<'a> {
    fn from(commands: &'a Pipeline) -> Self {
        Self::Pipeline(commands)
    }
}

impl<'a> From<&'a mut Pipeline> for Request<'a> {
    fn from(commands: &'a mut Pipeline) -> Self {
        Self::Pipeline(commands)
    }
}

impl<'a> From<&'a ScriptInvocation<'a>> for Request<'a> {
    fn from(script: &'a ScriptInvocation<'a>) -> Self {
        Self::Script(script)
    }
}

/// The response of Redis.
pub(super) struct Response<T> {
    pub(super) value: T,
    /// `Err` if too few replicas acknowledged a revocation, so that it does not count as done.
    pub(super) replicated: Result<(), StoreError>,
}

/// Whether a request may be sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryPolicy {
    /// It may be sent again if the connection broke: the second time has the same effect and response.
    Idempotent,
    /// It must not be sent again once it may have been executed.
    AtMostOnce,
    /// Like `Once`, and it counts as done only when enough replicas have acknowledged it.
    Revocation,
}
