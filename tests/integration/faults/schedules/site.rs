//! The gateways of a back end, their servers, and the relays between them.

use std::cmp::Reverse;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use isogloss_testkit::relay::{Cut, Direction, Relay};
use isogloss_testkit::servers::{ClusterServers, RedisServer, wait_until};
use isogloss_testkit::{Builder, Gateway, MailServer, Postgres, Request, Store};
use proptest::prelude::RngExt as _;
use proptest::test_runner::TestRng;
use tempfile::TempDir;

use crate::faults::schedules::audit::Audit;
use crate::faults::schedules::plan::{Fault, Manner, Server};
use crate::faults::schedules::requests::{Call, Listener, Outcome, admin};
use isogloss_testkit::servers::announce_relays;

const RELOADED: [&str; 2] = [
    "the configuration is reloaded",
    "the configuration is not reloaded",
];
/// In the end, one of this many connections goes silent, of those that are used most.
const BUSIEST: usize = 4;
const DEMO: &str = include_str!("../../../../config/demo-directory.toml");

/// Stores of tokens and users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BackEnd {
    Memory,
    Embedded,
    Redis,
    Cluster,
    RedisAndPostgres,
}

/// A gateway and the relays around it.
pub(crate) struct Node {
    pub(crate) gateway: Gateway,
    pub(crate) audit: Mutex<Audit>,
    public: Relay,
    management: Relay,
    tokens: Arc<[Relay]>,
    directory: Vec<Relay>,
    mail: Vec<Relay>,
}

pub(crate) struct Site {
    pub(crate) nodes: Vec<Node>,
    pub(crate) mail: MailServer,
    import: PathBuf,
    /// Number of directory files that were written.
    imports: AtomicUsize,
    _folder: TempDir,
    _redis: Option<RedisServer>,
    _cluster: Option<ClusterServers>,
    _postgres: Option<Postgres>,
}

impl Site {
    pub(crate) fn start(back_end: BackEnd) -> Self {
        let folder = TempDir::new().unwrap();
        let import = folder.path().join("directory.toml");
        fs::write(&import, DEMO).unwrap();
        let mail = MailServer::start("127.0.0.1").unwrap();
        let shares = matches!(back_end, BackEnd::Redis | BackEnd::RedisAndPostgres);
        let redis = shares.then(|| RedisServer::start(&[]).unwrap());
        let mut cluster = (back_end == BackEnd::Cluster)
            .then(|| ClusterServers::start_primaries("127.0.0.1", (3, 0), &[]).unwrap());
        let postgres = (back_end == BackEnd::RedisAndPostgres).then(|| Postgres::start().unwrap());
        let database = postgres
            .as_ref()
            .map(|server| server.new_database().unwrap());
        let of_cluster = cluster
            .as_mut()
            .map(announce_relays)
            .map(Arc::<[Relay]>::from);
        let count = if matches!(back_end, BackEnd::Memory | BackEnd::Embedded) {
            1
        } else {
            2
        };
        let node = |_| {
            let tokens = match (&redis, &of_cluster) {
                (Some(redis), _) => Arc::from([Relay::to(redis.port()).unwrap()]),
                (_, Some(relays)) => Arc::clone(relays),
                _ => Arc::default(),
            };
            let store = match back_end {
                BackEnd::Memory => Store::Memory,
                BackEnd::Embedded => Store::Embedded,
                BackEnd::Redis | BackEnd::RedisAndPostgres => {
                    Store::Redis(format!("redis://{}", tokens[0].address()))
                }
                BackEnd::Cluster => {
                    let places: Vec<_> = tokens.iter().map(|r| r.address().to_string()).collect();
                    Store::Redis(format!("redis+cluster://{}", places.join(",")))
                }
            };
            let to_mail = Relay::to(mail.address().port()).unwrap();
            let mut builder = gateway(store, &import, &to_mail);
            let mut directory = Vec::new();
            if let (Some(server), Some(database)) = (&postgres, &database) {
                let relay = Relay::to(server.port()).unwrap();
                let port = |port: u16| format!(":{port}/");
                let through = database.replace(&port(server.port()), &port(relay.port()));
                builder = builder.directory(through);
                directory.push(relay);
            } else {
                let file = folder.path().join("directory.db");
                builder = builder.directory(format!("sqlite:{}", file.display()));
            }
            let gateway = builder.start().unwrap();
            gateway.wait_until_ready().unwrap();
            Node {
                public: Relay::to(gateway.public().port()).unwrap(),
                management: Relay::to(gateway.management().port()).unwrap(),
                audit: Mutex::new(Audit::of(&gateway)),
                gateway,
                tokens,
                directory,
                mail: vec![to_mail],
            }
        };
        let nodes = (0..count).map(node).collect();
        Self {
            nodes,
            mail,
            import,
            imports: AtomicUsize::new(0),
            _folder: folder,
            _redis: redis,
            _cluster: cluster,
            _postgres: postgres,
        }
    }

    /// Sends a request, and returns its outcome and the response's request identifier.
    pub(crate) fn send(
        &self,
        gateway: usize,
        call: &Call,
        manner: Manner,
    ) -> (Outcome, Option<String>) {
        let node = &self.nodes[gateway % self.nodes.len()];
        let Call(listener, request) = call;
        let (server, relay) = match listener {
            Listener::Public => (node.gateway.public(), &node.public),
            Listener::Management => (node.gateway.management(), &node.management),
        };
        match manner {
            // This connection goes through no relay, so it gets a response, whatever happens between gateway and
            // stores.
            Manner::Patient => match request.send(server) {
                Ok(answer) => {
                    let id = answer.header("X-Request-Id").map(str::to_owned);
                    (Outcome::of(&answer), id)
                }
                Err(failure) => (Outcome::Wrong(format!("no response: {failure}")), None),
            },
            Manner::Resets(_) | Manner::LosesTheAnswer => {
                crate::faults::schedules::resets::send(
                    relay,
                    &request.message(&server.to_string()),
                    manner,
                );
                (Outcome::Unseen, None)
            }
        }
    }

    /// Writes the directory file, if there is a new one, and makes a gateway reload its configuration. Returns
    /// whether it succeeded, and `None` if the log has no result within 30 seconds. Each file differs from all
    /// earlier ones, because a gateway does not apply the file again that it has applied last, even if another
    /// gateway has applied a different one since.
    pub(crate) fn reload(&self, gateway: usize, directory: Option<&str>) -> Option<bool> {
        let gateway = &self.nodes[gateway % self.nodes.len()].gateway;
        if let Some(directory) = directory {
            let number = self.imports.fetch_add(1, Ordering::Relaxed);
            fs::write(&self.import, format!("# File {number}\n{directory}")).unwrap();
        }
        let known = gateway.log().len();
        gateway.hang_up().unwrap();
        Some(gateway.logs_one_of(known, &RELOADED)? == 0)
    }

    /// Returns the relay of a fault, if there is such a server.
    pub(crate) fn relay(&self, fault: &Fault) -> Option<&Relay> {
        let node = &self.nodes[fault.gateway % self.nodes.len()];
        match fault.server {
            Server::Tokens => node.tokens.get(fault.pick % node.tokens.len().max(1)),
            Server::Directory => node.directory.first(),
            Server::Mail => node.mail.first(),
        }
    }

    /// Silences one of the busiest connections of each relay to a store, and returns which.
    pub(crate) fn silence_one_of_each(&self, random: &mut TestRng) -> Vec<String> {
        let mut silent = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            for relay in node.tokens.iter().chain(&node.directory) {
                let mut open = relay.connections();
                open.sort_by_key(|one| Reverse(one.passed(Direction::Requests)));
                open.truncate(BUSIEST);
                if open.is_empty() {
                    continue;
                }
                let one = &open[random.random_range(0..open.len())];
                one.silence();
                let what = if one.has_sent("TRACKING") {
                    ", a tracker"
                } else {
                    ""
                };
                let (number, count) = (one.number(), open.len());
                silent.push(format!(
                    "gateway {index}: connection {number} of {count}{what}"
                ));
            }
        }
        silent
    }

    /// Waits until logins and checks work at every gateway, and returns how long that took. Silenced connections
    /// stay silent.
    pub(crate) fn recovers(&self) -> Duration {
        let began = Instant::now();
        for node in &self.nodes {
            let login = Request::post("/web/api/v3/auth/login")
                .form("userName=linguist&password=linguist-demo");
            wait_until("a login works again", || {
                login
                    .send(node.gateway.public())
                    .is_ok_and(|answer| answer.status == 200)
            })
            .unwrap();
        }
        began.elapsed()
    }

    /// Makes each gateway write the events that wait in its memory.
    pub(crate) fn flush(&self) {
        for index in 0..self.nodes.len() {
            let call = admin("POST", "backup", None);
            wait_until("the events of the audit log are written", || {
                let (outcome, _) = self.send(index, &call, Manner::Patient);
                matches!(outcome, Outcome::Done(_))
            })
            .unwrap();
        }
    }

    /// Cuts all connections to servers, which also ends the silenced ones.
    pub(crate) fn cut_all(&self) {
        for node in &self.nodes {
            let relays = node.tokens.iter().chain(&node.directory).chain(&node.mail);
            for relay in relays {
                relay.cut(Cut::Reset);
            }
        }
        self.recovers();
    }
}

fn gateway(store: Store, import: &std::path::Path, mail: &Relay) -> Builder {
    let mut builder = Gateway::builder(crate::PROGRAM).store(store);
    for (key, value) in [
        ("TOKENS__PEPPER", "the same at every gateway"),
        ("TOKENS__REDIS_TIMEOUT", "500ms"),
        ("TOKENS__REDIS_CONNECT_TIMEOUT", "500ms"),
        ("TOKENS__REDIS_POOL_TIMEOUT", "500ms"),
        ("TOKENS__PER_USER", "100000"),
        ("TOKENS__PER_CLIENT", "100000"),
        ("TOKENS__ONE_TIME_PER_USER", "100000"),
        ("DIRECTORY__TIMEOUT", "500ms"),
        ("DIRECTORY__IMPORT", &import.display().to_string()),
        ("MAIL__TRANSPORT", &format!("smtp://{}", mail.address())),
        ("MAIL__TIMEOUT", "2s"),
        ("DIALECTS__BIMPLUS__REMEMBER_ME_PER_CLIENT", "100000"),
        // Tokens whose end moves with use.
        ("DIALECTS__CRMCOM__RELEASE", "r10"),
    ] {
        builder = builder.env(format!("ISOGLOSS__{key}"), value);
    }
    builder
}
