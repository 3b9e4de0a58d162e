//! Health probe: tries what logins and token checks do, on keys that belong to no token.
//!
//! Permissions and states of a server show only when it is written to: an access list without a script command,
//! a full memory, a primary without its replicas. So each primary is sent the commands and scripts that logins
//! use, on a key of each kind. The keys are removed at the end. If that fails, too, they expire, and the next
//! probe uses the same ones.

use isogloss_core::StoreError;
use isogloss_core::store::{Finding, Level};
use redis::aio::MultiplexedConnection;
use redis::{Arg, Cmd, ConnectionInfo, RedisError, RedisResult, Value, cmd};
use time::OffsetDateTime;

use crate::RedisStore;
use crate::connector::Connector;
use crate::error_class::is_redirect;
use crate::keys::Keys;
use crate::server_name::{error_at, server_name};
use crate::wait_replicas::WaitReplicas;

/// Maximum life of a probe's key, in milliseconds.
pub(crate) const PROBE_LIFE: i64 = 10_000;
/// The value of a probe's key.
pub(crate) const PROBE_VALUE: &[u8] = b"probe";
/// The digest that a probe lists.
pub(crate) const PROBE_DIGEST: [u8; 16] = [0; 16];

/// How many keys are tried to find one that belongs to a server of a cluster. A server with one slot in a
/// hundred is missed once in 10^17 times.
const KEYS_TO_TRY: u16 = 4_000;

/// The commands that are sent to a server.
pub(crate) struct Probe {
    /// Sent in this order. After a refused command, the others are still sent: an operator wants to know all
    /// that are refused.
    commands: Vec<Cmd>,
    /// The keys that the commands write.
    keys: Vec<String>,
    /// How many replicas must acknowledge the writes. `None` to wait for none.
    replicas: Option<WaitReplicas>,
}

impl Probe {
    /// Returns a probe that waits for no replica.
    pub(crate) fn new(commands: Vec<Cmd>, keys: Vec<String>) -> Self {
        Self {
            commands,
            keys,
            replicas: None,
        }
    }
}

/// A function that makes the probe of the keys with a number.
pub(crate) type MakeProbe<'m> = dyn Fn(u16) -> Probe + Sync + 'm;

/// Sends a probe to a server, and returns a finding for each refused command, and one if replicas do not
/// acknowledge. Fails if the server does not respond.
pub(crate) async fn send(
    server: &ConnectionInfo,
    (connector, keys): (&Connector, &Keys),
    make_probe: &MakeProbe<'_>,
) -> Result<Vec<Finding>, StoreError> {
    let address = server_name(server);
    let (refusals, replication_problem) = {
        let tried = try_all(server, connector, make_probe).await;
        tried.map_err(|error| error_at(&address, error))?
    };
    let user = server.redis_settings().username().unwrap_or("default");
    let mut findings = refusals.findings(&address, (user, &keys.pattern()));
    findings.extend(
        replication_problem.map(|text| Finding::new(Level::Warning, format!("{address}: {text}"))),
    );
    Ok(findings)
}

/// Sends a probe. Returns the refused commands, and why revocations would be "unavailable" (`None` if they
/// would not). Fails if the server does not respond.
async fn try_all(
    server: &ConnectionInfo,
    connector: &Connector,
    make_probe: &MakeProbe<'_>,
) -> RedisResult<(Refusals, Option<String>)> {
    let mut connection = connector.connect(server).await?;
    let Some(probe) = probe_with_key_of(&mut connection, make_probe).await? else {
        // A server without slots has no tokens.
        return Ok(Default::default());
    };
    let mut refusals = Refusals::default();
    for command in &probe.commands {
        let response: RedisResult<Value> = command.query_async(&mut connection).await;
        if let Err(error) = response {
            refusals.add(command, error)?;
        }
    }
    let replication_problem = match probe.replicas {
        Some(replicas) => replication_problem(&mut connection, replicas).await?,
        None => None,
    };
    for key in &probe.keys {
        // The key expires if it may not be removed.
        let _: RedisResult<Value> = cmd("DEL").arg(key).query_async(&mut connection).await;
    }
    Ok((refusals, replication_problem))
}

/// Returns a probe whose keys belong to the connected server: a single server has all keys, a server of a
/// cluster some. `None` if no such key is found. Fails if the server does not respond.
async fn probe_with_key_of(
    connection: &mut MultiplexedConnection,
    make_probe: &MakeProbe<'_>,
) -> RedisResult<Option<Probe>> {
    for number in 0..KEYS_TO_TRY {
        let probe = make_probe(number);
        let Some(key) = probe.keys.first() else {
            return Ok(None);
        };
        let response: RedisResult<Value> = cmd("GET").arg(key).query_async(connection).await;
        match response {
            Err(error) if is_redirect(&error) => {}
            Err(error) if error.code().is_none() => return Err(error),
            Ok(_) | Err(_) => return Ok(Some(probe)),
        }
    }
    Ok(None)
}

/// Returns why revocations would be "unavailable": `WAIT` is refused, or too few replicas acknowledge. `None`
/// if enough do. Fails if the server does not respond.
async fn replication_problem(
    connection: &mut MultiplexedConnection,
    replicas: WaitReplicas,
) -> RedisResult<Option<String>> {
    let waited: RedisResult<usize> = replicas.wait_command().query_async(connection).await;
    let why = match waited {
        Err(error) if error.code().is_none() => return Err(error),
        Err(error) => format!("WAIT is refused: {}", error_text(&error)),
        Ok(count) => match replicas.check("", Ok(count)) {
            Ok(()) => return Ok(None),
            Err(_) => format!(
                "{count} replicas acknowledge in time, fewer than tokens.redis_wait_replicas"
            ),
        },
    };
    Ok(Some(format!(
        "{why}: logouts, and logins that end another token, are answered as unavailable"
    )))
}

/// Commands that a server refused, by reason.
#[derive(Default)]
struct Refusals(Vec<Refusal>);

struct Refusal {
    code: String,
    error_text: String,
    commands: Vec<String>,
}

impl Refusals {
    /// Adds a refused command, next to others that were refused for the same reason. Fails with `error` if
    /// that is not a refusal but a missing response.
    fn add(&mut self, command: &Cmd, error: RedisError) -> RedisResult<()> {
        let code = match error.code() {
            None => return Err(error),
            // A slot that moves; or a script that could not be loaded, which is reported for the load command.
            Some("MOVED" | "ASK" | "TRYAGAIN" | "NOSCRIPT") => return Ok(()),
            Some(code) => code.to_owned(),
        };
        let command = command_name(command);
        match self.0.iter_mut().find(|refusal| refusal.code == code) {
            Some(refusal) if refusal.commands.contains(&command) => {}
            Some(refusal) => refusal.commands.push(command),
            None => self.0.push(Refusal {
                code,
                error_text: error_text(&error),
                commands: vec![command],
            }),
        }
        Ok(())
    }

    fn findings(self, address: &str, (user, pattern): (&str, &str)) -> Vec<Finding> {
        let finding = |refusal: Refusal| {
            let commands = refusal.commands.join(", ");
            let text = format!("{address}: {commands} refused: {}", refusal.error_text);
            Finding::new(Level::Refused, text).with_hint(refusal.hint(user, pattern))
        };
        self.0.into_iter().map(finding).collect()
    }
}

impl Refusal {
    fn hint(&self, user: &str, pattern: &str) -> String {
        let hint = match self.code.as_str() {
            "READONLY" => "point tokens.store at the primary, or at the sentinels that know it",
            "NOREPLICAS" => "bring the replicas back, or lower min-replicas-to-write",
            "OOM" => "raise maxmemory, or remove what else is stored there",
            "MISCONF" => {
                "free the disk that Redis saves to; its log has the reason. Until then: \
                 CONFIG SET stop-writes-on-bgsave-error no"
            }
            _ if self.is_forbidden() => {
                let rules: Vec<_> = self.commands.iter().map(|name| rule(name)).collect();
                let rules = rules.join(" ");
                return format!(
                    "ACL SETUSER {user} ~{pattern} {rules}; docs/redis.md has the whole access list"
                );
            }
            _ => "see the log of Redis",
        };
        hint.to_owned()
    }

    /// Returns whether an access list forbids the commands. Scripts may report that in a text of their own.
    fn is_forbidden(&self) -> bool {
        self.code == "NOPERM" || self.error_text.contains("executing the script")
    }
}

/// Returns the access list rule that allows a command, such as `+script|load`.
fn rule(command: &str) -> String {
    format!("+{}", command.to_lowercase().replace(' ', "|"))
}

impl RedisStore {
    /// Returns a probe with the commands that logins, token checks and logouts send, on the probe keys with
    /// that number.
    pub(crate) fn probe(&self, number: u16, now: OffsetDateTime) -> Probe {
        let [token, user, slot] =
            ['t', 'u', 's'].map(|kind| self.client.keys().probe(kind, number));
        let command = |name: &str, key: &str| {
            let mut command = cmd(name);
            command.arg(key);
            command
        };
        let mut commands = self.scripts.probe([&token, &user, &slot], now);
        let mut store = command("SET", &token);
        store.arg(PROBE_VALUE).arg("PX").arg(PROBE_LIFE);
        let mut hold = command("SET", &slot);
        hold.arg(&PROBE_DIGEST).arg("PX").arg(PROBE_LIFE);
        let mut members = command("ZRANGE", &user);
        members.arg(0).arg(-1);
        let mut unlist = command("ZREM", &user);
        unlist.arg(&PROBE_DIGEST);
        let (take, remove) = (command("GETDEL", &token), command("DEL", &slot));
        commands.splice(0..0, [store, hold, command("GET", &token)]);
        commands.extend([members, take, unlist, remove]);
        Probe {
            replicas: Some(self.replicas).filter(|replicas| replicas.is_required()),
            ..Probe::new(commands, vec![token, user, slot])
        }
    }
}

/// Returns the name of a command in upper case, with that of its subcommand for `SCRIPT`.
fn command_name(command: &Cmd) -> String {
    let word = |argument: Arg<&[u8]>| {
        let Arg::Simple(word) = argument else {
            return String::new();
        };
        String::from_utf8_lossy(word).to_uppercase()
    };
    let mut words = command.args_iter().map(word);
    match (words.next(), words.next()) {
        (Some(first), Some(second)) if first == "SCRIPT" => format!("{first} {second}"),
        (first, _) => first.unwrap_or_default(),
    }
}

/// Returns the error text of the server, without the position in a script.
fn error_text(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => {
            let end = detail.find(" script: ").unwrap_or(detail.len());
            format!("{code} {}", &detail[..end])
        }
        (Some(code), None) => code.to_owned(),
        (None, _) => error.to_string(),
    }
}
