//! Facts about a server that decide whether it is fit to hold tokens.
//!
//! What a server does not reveal, because its access list forbids `INFO` or `CONFIG`, is "unknown", and the
//! server is used.

pub(crate) mod probe;
pub(crate) mod requirements;

use std::collections::HashMap;
use std::time::Instant;

use isogloss_core::backend::milliseconds;
use isogloss_core::store::ServerHealth;
use isogloss_core::{Clock, StoreError};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, ConnectionInfo, FromRedisValue, RedisResult, Role, cmd};

use super::connector::Connector;
use super::primary_check::is_forbidden;
use super::server_name::{error_at, server_name};

/// Queries version, role, eviction, persistence and clock of one server. Fails if the server is unreachable.
/// What its access list forbids to query is `None`.
pub(super) async fn examine(
    server: &ConnectionInfo,
    connector: &Connector,
    clock: &dyn Clock,
) -> Result<ServerHealth, StoreError> {
    let name = server_name(server);
    let examined = async {
        let connection = connector.connect(server).await?;
        query_facts(connection, name.clone(), clock).await
    };
    examined.await.map_err(|error| error_at(&name, error))
}

async fn query_facts(
    mut server: MultiplexedConnection,
    address: String,
    clock: &dyn Clock,
) -> RedisResult<ServerHealth> {
    let facts: Option<String> = read_optional(&cmd("INFO"), &mut server).await?;
    let facts = facts.as_deref().map(parse_facts).unwrap_or_default();
    let fact = |name: &str| facts.get(name).copied();
    let save = read_optional(cmd("CONFIG").arg("GET").arg("save"), &mut server).await?;
    let policy = read_optional(
        cmd("CONFIG").arg("GET").arg("maxmemory-policy"),
        &mut server,
    )
    .await?;
    let role = read_optional(&cmd("ROLE"), &mut server).await?;
    Ok(ServerHealth {
        address,
        version: fact("redis_version").map(str::to_owned),
        role: role.map(|role| role_name(&role).to_owned()),
        eviction: fact("maxmemory_policy")
            .map(str::to_owned)
            .or(policy.and_then(config_value)),
        persistence: persistence(fact("aof_enabled"), save.and_then(config_value).as_deref()),
        clock_ahead_ms: clock_ahead(&mut server, clock).await?,
    })
}

/// Runs a command that an access list may forbid. Returns the response, or `None` if the command is
/// forbidden. Fails on any other error.
async fn read_optional<T: FromRedisValue>(
    command: &Cmd,
    server: &mut MultiplexedConnection,
) -> RedisResult<Option<T>> {
    match command.query_async(server).await {
        Ok(response) => Ok(Some(response)),
        Err(error) if is_forbidden(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Parses lines of the form `name:value`, and returns the values by name. Other lines are ignored.
fn parse_facts(text: &str) -> HashMap<&str, &str> {
    text.lines()
        .filter_map(|line| line.trim().split_once(':'))
        .collect()
}

/// Returns the value in a response of `CONFIG GET`, where it follows its name. `None` if there is no such
/// setting.
fn config_value(response: Vec<String>) -> Option<String> {
    response.into_iter().nth(1)
}

fn role_name(role: &Role) -> &'static str {
    if matches!(role, Role::Primary { .. }) {
        "primary"
    } else if matches!(role, Role::Replica { .. }) {
        "replica"
    } else {
        "sentinel"
    }
}

/// Returns how a server persists its data, according to `aof_enabled` and `save`: `log`, `snapshots`, both or
/// `none`. `None` if that is not known.
fn persistence(log: Option<&str>, save: Option<&str>) -> Option<String> {
    let kind = match (log?, save) {
        ("1", Some("") | None) => "log",
        ("1", Some(_)) => "snapshots and log",
        (_, Some("")) => "none",
        (_, Some(_)) => "snapshots",
        (_, None) => return None,
    };
    Some(kind.to_owned())
}

/// Returns how many milliseconds the server's clock is ahead of `clock`; `None` if `TIME` is forbidden.
/// Assumes that the server read its clock half a round trip ago; a difference that the round trip may explain
/// counts as 0. Fails if the server does not respond.
async fn clock_ahead(
    server: &mut MultiplexedConnection,
    clock: &dyn Clock,
) -> RedisResult<Option<i64>> {
    let asked = Instant::now();
    let time: Option<(i64, i64)> = read_optional(&cmd("TIME"), server).await?;
    let half = i64::try_from(asked.elapsed().as_millis() / 2).unwrap_or(i64::MAX);
    Ok(time.map(|(seconds, micros)| {
        let ahead = seconds * 1000 + micros / 1000 + half - milliseconds(clock.now());
        ahead.signum() * (ahead.abs() - half).max(0)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persistence_is_read_from_log_and_snapshots() {
        for (log, save, kind) in [
            (Some("0"), Some(""), Some("none")),
            (Some("0"), Some("3600 1"), Some("snapshots")),
            (Some("1"), Some(""), Some("log")),
            (Some("1"), None, Some("log")),
            (Some("1"), Some("3600 1"), Some("snapshots and log")),
            (Some("0"), None, None),
            (None, Some(""), None),
        ] {
            assert_eq!(persistence(log, save).as_deref(), kind, "{log:?} {save:?}");
        }
    }
}
