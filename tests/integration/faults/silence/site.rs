//! A gateway, the relay to its servers, and requests while a connection is silent.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::relay::{Connection, Direction, Relay};
use isogloss_testkit::servers::{ClusterServers, RedisServer, SentinelServers};
use isogloss_testkit::{Builder, Gateway, MailServer, Postgres, Request, Response, Store};
use serde_json::json;

use crate::faults::gateway;
use crate::faults::silence::probe::{Answer, Probe, TIMEOUT};
use isogloss_testkit::servers::announce_relays;

/// Time between two requests.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Site {
    pub(super) gateway: Gateway,
    mail: MailServer,
    pub(super) relays: Vec<Relay>,
    /// Duration of the slowest response.
    slowest: Cell<Duration>,
    /// The servers of the relays.
    _servers: (
        Option<RedisServer>,
        Option<ClusterServers>,
        Option<Postgres>,
    ),
}

fn length() -> Duration {
    let length = std::env::var_os("ISOGLOSS_SILENCE");
    let seconds = length.map_or(6, |text| text.to_str().unwrap().parse().unwrap());
    Duration::from_secs(seconds)
}

fn start(builder: Builder) -> Gateway {
    let mut builder = builder;
    for key in [
        "TOKENS__REDIS_TIMEOUT",
        "TOKENS__REDIS_CONNECT_TIMEOUT",
        "TOKENS__REDIS_POOL_TIMEOUT",
        "DIRECTORY__TIMEOUT",
        "MAIL__TIMEOUT",
        "SERVER__HEAD_TIMEOUT",
    ] {
        builder = builder.env(format!("ISOGLOSS__{key}"), format!("{TIMEOUT:?}"));
    }
    // With one thread, all requests use the same connections.
    let gateway = builder.env("ISOGLOSS__SERVER__WORKERS", "1").start();
    let gateway = gateway.unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

impl Site {
    pub(super) fn redis(settings: &[(&str, &str)]) -> Self {
        let server = RedisServer::start(&[]).unwrap();
        let relay = Relay::to(server.port()).unwrap();
        let store = Store::Redis(format!("redis://{}", relay.address()));
        let builder = settings
            .iter()
            .fold(gateway(store), |builder, (key, value)| {
                builder.env(format!("ISOGLOSS__{key}"), *value)
            });
        Self {
            gateway: start(builder),
            mail: MailServer::start("127.0.0.1").unwrap(),
            relays: vec![relay],
            slowest: Cell::default(),
            _servers: (Some(server), None, None),
        }
    }

    pub(super) fn cluster() -> Self {
        let mut servers = ClusterServers::start_primaries("127.0.0.1", (3, 0), &[]).unwrap();
        let relays = announce_relays(&mut servers);
        let places: Vec<_> = relays.iter().map(|one| one.address().to_string()).collect();
        let store = Store::Redis(format!("redis+cluster://{}", places.join(",")));
        Self {
            gateway: start(gateway(store)),
            mail: MailServer::start("127.0.0.1").unwrap(),
            relays,
            slowest: Cell::default(),
            _servers: (None, Some(servers), None),
        }
    }

    /// Starts a site whose relay leads to the first of the sentinels.
    pub(super) fn sentinels(servers: &mut SentinelServers) -> Self {
        let port = servers.sentinels()[0].port();
        let relay = Relay::to(port).unwrap();
        let [from, to] = [port, relay.port()].map(|port| format!(":{port},"));
        let store = Store::Redis(servers.url().replace(&from, &to));
        Self {
            gateway: start(gateway(store)),
            mail: MailServer::start("127.0.0.1").unwrap(),
            relays: vec![relay],
            slowest: Cell::default(),
            _servers: (None, None, None),
        }
    }

    pub(super) fn postgres() -> Self {
        let server = Postgres::start().unwrap();
        let relay = Relay::to(server.port()).unwrap();
        let address = server.new_database().unwrap();
        let [from, to] = [server.port(), relay.port()].map(|port| format!(":{port}/"));
        let builder = gateway(Store::Memory).directory(address.replace(&from, &to));
        Self {
            gateway: start(builder),
            mail: MailServer::start("127.0.0.1").unwrap(),
            relays: vec![relay],
            slowest: Cell::default(),
            _servers: (None, None, Some(server)),
        }
    }

    pub(super) fn mail() -> Self {
        let mail = MailServer::start("127.0.0.1").unwrap();
        let relay = Relay::to(mail.address().port()).unwrap();
        let transport = format!("smtp://{}", relay.address());
        let builder = gateway(Store::Memory).env("ISOGLOSS__MAIL__TRANSPORT", transport);
        Self {
            gateway: start(builder),
            mail,
            relays: vec![relay],
            slowest: Cell::default(),
            _servers: (None, None, None),
        }
    }

    pub(super) fn ask(&self, probe: Probe) -> Answer {
        let bearing = |method: &str, token: &str| {
            let request = Request::new(method, "/v2/authorize");
            request.header("Authorization", format!("BimPlus {token}"))
        };
        let (answer, right) = match probe {
            Probe::Check => (
                self.send(&bearing("GET", &"0123456789abcdef".repeat(2))),
                401,
            ),
            Probe::Login => {
                let body = json!({"user_id": "admin", "password": "admin-demo"});
                let login = self.send(&Request::post("/v2/authorize").json(&body));
                if login.status == 200 {
                    let token = login.json().unwrap()["access_token"].clone();
                    (self.send(&bearing("DELETE", token.as_str().unwrap())), 200)
                } else {
                    (login, 200)
                }
            }
            Probe::Email => {
                let before = self.mail.emails().len();
                let answer = self.ask_for_email();
                if !self.mail.comes(before + 1, TIMEOUT) {
                    return Answer::Unavailable;
                }
                (answer, 200)
            }
        };
        match answer.status {
            503 => Answer::Unavailable,
            status => {
                assert_eq!(status, right, "{}", answer.text());
                Answer::Right
            }
        }
    }

    pub(super) fn ask_for_email(&self) -> Response {
        let path = "/api/v1/Authentication/RequestPasswordReset?APIKey=demo-api-key";
        self.send(&Request::post(path).json(&json!({"LoginName": "sample"})))
    }

    fn send(&self, request: &Request) -> Response {
        let asked = Instant::now();
        let answer = request.send(self.gateway.public()).unwrap();
        self.slowest.set(self.slowest.get().max(asked.elapsed()));
        answer
    }

    /// Returns the connection of a relay that these requests use most, without those that receive invalidations
    /// from Redis.
    pub(super) fn used_by(&self, relay: usize, probe: Probe) -> Connection {
        let is_meant = |one: &Connection| !one.has_sent("TRACKING");
        let passed = || {
            let open = self.relays[relay].connections().into_iter();
            open.filter(is_meant)
                .map(|one| (one.passed(Direction::Requests), one))
                .collect::<Vec<_>>()
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let before = passed();
            for _ in 0..8 {
                assert_eq!(self.ask(probe), Answer::Right);
            }
            let grown = passed().into_iter().map(|(now, one)| {
                let known = before.iter().find(|(_, old)| old.number() == one.number());
                (now - known.map_or(now, |(before, _)| *before), one)
            });
            let most = grown.max_by_key(|(grown, _)| *grown);
            if let Some((100.., one)) = most {
                return one;
            }
            assert!(Instant::now() < deadline, "no connection is used");
        }
    }

    pub(super) fn tracker(&self, relay: usize) -> Connection {
        let tracks = |one: &Connection| one.has_sent("TRACKING");
        self.relays[relay].wait_for("a tracker", tracks).unwrap()
    }

    /// Silences a connection on which the gateway sends requests, keeps sending requests, and ends the silence.
    pub(super) fn outlives(&self, what: &str, silent: &Connection, probe: Probe) {
        let is_hit = || silent.held(Direction::Requests) > 0;
        self.outlives_as_seen_by(what, silent, probe, is_hit);
    }

    /// Silences any kind of connection. `is_hit` returns, during the silence, whether the gateway was affected:
    /// otherwise right responses prove nothing.
    pub(super) fn outlives_as_seen_by(
        &self,
        what: &str,
        silent: &Connection,
        probe: Probe,
        is_hit: impl FnOnce() -> bool,
    ) {
        silent.silence();
        self.asks_on_and_on(what, probe);
        assert!(is_hit(), "{what}: the gateway did not notice the silence");
        for direction in Direction::BOTH {
            silent.go_on(direction);
        }
        // The held data arrives now and must have no effect.
        for _ in 0..5 {
            assert_eq!(self.ask(probe), Answer::Right, "{what}: after the silence");
        }
    }

    fn asks_on_and_on(&self, what: &str, probe: Probe) {
        let began = Instant::now();
        let bound = probe.bound();
        self.slowest.take();
        // Start and end of each request, since the beginning.
        let mut all = Vec::new();
        while began.elapsed() < length() {
            let asked = began.elapsed();
            let answer = self.ask(probe);
            let answered = began.elapsed();
            all.push((asked..answered, answer));
            thread::sleep(PAUSE);
        }
        let mut bad = all.iter().filter(|(_, answer)| *answer != Answer::Right);
        let count = bad.clone().count();
        let last = bad.next_back().map_or(Duration::ZERO, |(time, _)| time.end);
        let slowest = self.slowest.get();
        eprintln!(
            "silence of {what} for {:?}: {count} of {} answers unavailable, the last {last:.1?} after its \
             beginning; the slowest took {slowest:.1?}",
            length(),
            all.len()
        );
        assert!(
            last <= bound,
            "{what}: unavailable {last:?} after the silence began: {all:?}"
        );
        assert!(
            slowest <= bound,
            "{what}: a response took {slowest:?}: {all:?}"
        );
    }
}
