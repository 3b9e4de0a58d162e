//! Several gateways on one PostgreSQL and one Redis server act as one.

use std::process::Command;
use std::thread;

use isogloss_testkit::dialects::{HeldToken, TestUser, TokenKind};
use isogloss_testkit::{Builder, Gateway, Postgres, Redis, Request, Response, Store};

/// Servers that the gateways share.
struct Servers {
    redis: Redis,
    directory: String,
    _postgres: Postgres,
}

impl Servers {
    fn start() -> Self {
        let postgres = Postgres::start().unwrap();
        Self {
            redis: Redis::start().unwrap(),
            directory: postgres.new_database().unwrap(),
            _postgres: postgres,
        }
    }

    fn gateway(&self) -> Builder {
        Gateway::builder(crate::PROGRAM)
            .store(Store::Redis(self.redis.url()))
            .directory(&self.directory)
            .env("ISOGLOSS__TOKENS__PEPPER", "the same at every gateway")
            .env("ISOGLOSS__DIRECTORY__TIMEOUT", "20s")
    }

    /// Starts that many gateways concurrently.
    fn gateways(&self, count: usize) -> Vec<Gateway> {
        thread::scope(|scope| {
            let starts: Vec<_> = (0..count)
                .map(|_| scope.spawn(|| self.gateway().start().unwrap()))
                .collect();
            let gateways = starts.into_iter().map(|start| start.join().unwrap());
            gateways
                .inspect(|gateway| gateway.wait_until_ready().unwrap())
                .collect()
        })
    }

    /// Runs a command with the settings of the gateways, and returns its output.
    fn isogloss(&self, gateway: &Gateway, arguments: &[&str]) -> String {
        let serve = self.gateway().command(gateway.folder()).unwrap();
        let settings = serve
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?)));
        let ended = Command::new(crate::PROGRAM)
            .args(arguments)
            .envs(settings)
            .output()
            .unwrap();
        assert!(ended.status.success(), "{ended:?}");
        String::from_utf8(ended.stdout).unwrap()
    }
}

fn present(held: &HeldToken, gateway: &Gateway) -> Response {
    let request = held.presented().unwrap();
    request.send(gateway.public()).unwrap()
}

/// Returns that user's tokens that can be presented repeatedly.
fn lasting(user: &TestUser, gateway: &Gateway) -> Vec<HeldToken> {
    let mut tokens = user.every_token(gateway.public()).unwrap();
    let others = [
        TokenKind::of("bimplus", "cross"),
        TokenKind::of("memsource", "impersonation"),
        TokenKind::of("memsource", "browser"),
    ];
    tokens.retain(|held| held.presented().is_some() && !others.contains(&held.kind));
    assert!(tokens.len() > 3);
    tokens
}

fn assert_each(tokens: &[HeldToken], gateway: &Gateway, status: u16) {
    for held in tokens {
        let answer = present(held, gateway);
        assert_eq!(answer.status, status, "{:?}: {}", held.kind, answer.text());
    }
}

#[test]
fn a_token_of_one_lives_and_ends_at_the_other() {
    let servers = Servers::start();
    let [one, other] = servers.gateways(2).try_into().unwrap();
    let tokens = lasting(&TestUser::admin(), &one);
    assert_each(&tokens, &other, 200);
    let of = |kind: TokenKind| tokens.iter().find(|held| held.kind == kind).unwrap();
    let bimplus = of(TokenKind::of("bimplus", "access"));
    let memsource = of(TokenKind::of("memsource", "access"));
    let ends = [
        Request::new("DELETE", "/v2/authorize")
            .header("Authorization", format!("BimPlus {}", bimplus.text)),
        Request::get(format!("/web/api/v3/auth/logout?token={}", memsource.text)),
    ];
    for end in ends {
        let answer = end.send(other.public()).unwrap();
        assert!(answer.status < 300, "{}", answer.text());
    }
    for held in [bimplus, memsource] {
        assert_eq!(present(held, &one).status, 401);
    }
    // Using a one-time token at one gateway uses it up at both.
    let fresh = TestUser::admin().every_token(one.public()).unwrap();
    let cross = fresh
        .iter()
        .find(|held| held.kind == TokenKind::of("bimplus", "cross"));
    assert_eq!(present(cross.unwrap(), &other).status, 200);
    assert_eq!(present(cross.unwrap(), &one).status, 401);
}

#[test]
fn a_disabled_user_is_out_at_both_at_once() {
    let servers = Servers::start();
    let gateways = servers.gateways(2);
    let tokens: Vec<_> = gateways
        .iter()
        .map(|gateway| lasting(&TestUser::admin(), gateway))
        .collect();
    servers.isogloss(&gateways[0], &["user", "disable", "admin"]);
    for gateway in &gateways {
        for (dialect, login) in TestUser::admin().logins() {
            let answer = login.send(gateway.public()).unwrap();
            let refused = answer.status == 403 || answer.status == 401 || dialect == "crmcom";
            assert!(refused, "{dialect}: {}", answer.text());
            assert!(!answer.text().contains("\"token\""), "{}", answer.text());
        }
        for tokens in &tokens {
            assert_each(tokens, gateway, 401);
        }
    }
    servers.isogloss(&gateways[1], &["user", "enable", "admin"]);
    for gateway in &gateways {
        assert_each(&tokens[0], gateway, 401);
        lasting(&TestUser::admin(), gateway);
    }
}

#[test]
fn several_start_at_the_same_moment_on_an_empty_database() {
    let servers = Servers::start();
    let gateways = servers.gateways(4);
    for gateway in &gateways {
        assert!(gateway.logs("mounted"), "{:?}", gateway.log());
        let tokens = lasting(&TestUser::admin(), gateway);
        for other in &gateways {
            assert_each(&tokens, other, 200);
        }
    }
}

#[test]
fn one_is_killed_and_the_other_goes_on() {
    let servers = Servers::start();
    let [mut one, other] = servers.gateways(2).try_into().unwrap();
    let tokens = lasting(&TestUser::admin(), &one);
    one.kill().unwrap();
    assert_each(&tokens, &other, 200);
    let later = lasting(&TestUser::admin(), &other);
    one.start_again().unwrap();
    one.wait_until_ready().unwrap();
    assert_each(&later, &one, 200);
    assert_each(&tokens, &one, 200);
}

#[test]
fn commands_work_beside_the_gateways() {
    let servers = Servers::start();
    let gateways = servers.gateways(1);
    let gateway = &gateways[0];
    let exported = servers.isogloss(gateway, &["directory", "export"]);
    assert!(exported.contains("user_name = \"admin\""), "{exported}");
    let file = gateway.folder().join("exported.toml");
    std::fs::write(&file, exported.replace("Istrator", "Nistrator")).unwrap();
    let file = file.display().to_string();
    let applied = servers.isogloss(gateway, &["directory", "import", &file, "--json"]);
    assert!(applied.contains("\"updated\": 1"), "{applied}");
    assert!(applied.contains("\"created\": 0"), "{applied}");
    let shown = servers.isogloss(gateway, &["user", "show", "ADMIN@example.com"]);
    assert!(shown.contains("Nistrator"), "{shown}");
    let listed = servers.isogloss(gateway, &["user", "list"]);
    assert!(listed.contains("retired@example.com"), "{listed}");
    lasting(&TestUser::admin(), gateway);
}
