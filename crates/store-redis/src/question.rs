//! What Redis is asked, and how often it may be asked.

use isogloss_core::StoreError;
use redis::aio::ConnectionLike;
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult, ScriptInvocation};

/// What Redis is asked.
#[derive(Clone, Copy)]
pub(super) enum Question<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline),
    Script(&'a ScriptInvocation<'a>),
}

impl Question<'_> {
    pub(super) async fn put<T: FromRedisValue>(
        self,
        connection: &mut (impl ConnectionLike + Send),
    ) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(connection).await,
            Self::Pipeline(commands) => commands.query_async(connection).await,
            Self::Script(script) => script.invoke_async(connection).await,
        }
    }

    /// Whether nothing of it was done if a server answered that it is not the one to ask. Of
    /// several commands, it may have done the first.
    pub(super) fn is_one(self) -> bool {
        !matches!(self, Self::Pipeline(_))
    }
}

impl<'a> From<&'a Cmd> for Question<'a> {
    fn from(command: &'a Cmd) -> Self {
        Self::Command(command)
    }
}

impl<'a> From<&'a mut Cmd> for Question<'a> {
    fn from(command: &'a mut Cmd) -> Self {
        Self::Command(command)
    }
}

impl<'a> From<&'a Pipeline> for Question<'a> {
    fn from(commands: &'a Pipeline) -> Self {
        Self::Pipeline(commands)
    }
}

impl<'a> From<&'a mut Pipeline> for Question<'a> {
    fn from(commands: &'a mut Pipeline) -> Self {
        Self::Pipeline(commands)
    }
}

impl<'a> From<&'a ScriptInvocation<'a>> for Question<'a> {
    fn from(script: &'a ScriptInvocation<'a>) -> Self {
        Self::Script(script)
    }
}

/// What Redis answered.
pub(super) struct Answered<T> {
    pub(super) answer: T,
    /// Why it does not count as done, if replicas were to have it.
    pub(super) replicated: Result<(), StoreError>,
}

/// How a question may be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Again, if the connection broke: the second time does and answers what the first did.
    Repeatable,
    /// Not again, once it may have been done.
    Once,
    /// Like `Once`, and it counts as done only when enough replicas have it.
    Revocation,
}
