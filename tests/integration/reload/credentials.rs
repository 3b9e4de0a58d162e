//! Passwords of Redis and PostgreSQL that are replaced while the gateway is in use.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Gateway, Postgres, Redis, Request};

use crate::reload::under_load::Over;
use crate::reload::{NOT_RELOADED, RELOADED, builder, fields};

const PATIENCE: Duration = Duration::from_secs(30);
const CLIENTS: usize = 4;

/// Logs in and checks the token repeatedly. Each request must succeed.
fn use_it(public: SocketAddr, management: SocketAddr, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        let login = Request::post("/v2/authorize")
            .json(&serde_json::json!({"user_id": "sample", "password": "sample-demo"}));
        let login = login.send(public).unwrap();
        assert_eq!(login.status, 200, "{login:?}");
        let token = login.json().unwrap()["access_token"].clone();
        for _ in 0..3 {
            let look = Request::get("/forward-auth/bimplus").header(
                "Authorization",
                format!("Bearer {}", token.as_str().unwrap()),
            );
            assert_eq!(look.send(management).unwrap().status, 200);
        }
    }
}

/// Runs `work` while clients use the gateway.
fn under_load(gateway: &Gateway, work: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    let (public, management) = (gateway.public(), gateway.management());
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| use_it(public, management, &is_over));
        }
        let _over = Over(&is_over);
        work();
    });
}

fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "not in 30 s: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the identifiers of that user's connections.
fn connections(redis: &Redis, user: &str) -> Vec<String> {
    let listed = redis.command(&["CLIENT", "LIST"]).unwrap().texts().join("");
    let of_user = format!(" user={user} ");
    let lines = listed.lines().filter(|line| line.contains(&of_user));
    lines
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_new_password_of_redis_is_used_from_the_reload_on_and_no_request_fails() {
    let redis = Redis::start().unwrap();
    let acl = |rule: &str| {
        let words = ["ACL", "SETUSER", "gateway", "on", rule, "~*", "&*", "+@all"];
        redis.command(&words).unwrap();
    };
    acl(">first");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    let address = |password: &str| redis.url().replace("//", &format!("//gateway:{password}@"));
    fs::write(&file, address("first")).unwrap();
    let import = folder.path().join("users.toml");
    let users = include_str!("../../../config/demo-directory.toml");
    fs::write(&import, users).unwrap();
    let gateway = builder("")
        .env("ISOGLOSS__TOKENS__STORE_FILE", file.display().to_string())
        .env("ISOGLOSS__DIRECTORY__IMPORT", import.display().to_string())
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    under_load(&gateway, || {
        wait_until("connections", || connections(&redis, "gateway").len() > 2);
        // Credentials that Redis does not accept change nothing.
        fs::write(&file, address("wrong")).unwrap();
        gateway.hang_up().unwrap();
        assert!(gateway.logs(NOT_RELOADED));
        let problem = fields(&gateway, NOT_RELOADED)[0]["problem"].to_string();
        assert!(problem.contains("tokens.store: redis: "), "{problem}");
        let reason = "Password authentication failed";
        assert!(problem.contains(reason), "{problem}");

        let before = connections(&redis, "gateway");
        assert!(!before.is_empty());
        acl(">second");
        fs::write(&file, address("second")).unwrap();
        gateway.hang_up().unwrap();
        assert!(gateway.logs(RELOADED), "{:#?}", gateway.log());
        wait_until("the old connections are closed", || {
            let now = connections(&redis, "gateway");
            !now.is_empty() && before.iter().all(|old| !now.contains(old))
        });
        acl("<first");

        // If the reload fails after the credentials were replaced, the message does not claim that nothing has
        // changed.
        acl(">third");
        fs::write(&file, address("third")).unwrap();
        let stranger = "\n[[users]]\nuser_name = \"stranger\"\norganisation = \"Nowhere\"\n";
        fs::write(&import, users.to_owned() + stranger).unwrap();
        let count = fields(&gateway, NOT_RELOADED).len();
        gateway.hang_up().unwrap();
        assert!(gateway.logs_times(NOT_RELOADED, count + 1));
        let last = &fields(&gateway, NOT_RELOADED)[count];
        let message = "the configuration is not reloaded; the new credentials are in use, all other settings stay";
        assert_eq!(last["message"], message);
        assert_eq!(last["keys"], "tokens.store");
        acl("<second");
    });
    let log = gateway.log().join("\n");
    assert!(
        !log.contains("second") && !log.contains("third") && !log.contains("waits for a restart"),
        "{log}"
    );
}

#[test]
fn a_new_password_of_postgresql_is_used_from_the_reload_on_and_no_request_fails() {
    let postgres = Postgres::start().unwrap();
    let address = postgres.new_database().unwrap();
    let database = address.rsplit_once('/').unwrap().1.to_owned();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    fs::write(&file, &address).unwrap();
    let gateway = builder("")
        .env("ISOGLOSS__DIRECTORY__URL_FILE", file.display().to_string())
        // All connections are opened before the password changes: a further one would be refused until the reload.
        .env("ISOGLOSS__DIRECTORY__CONNECTIONS", "2")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    let pids = || {
        let pids = format!("SELECT pid FROM pg_stat_activity WHERE datname = '{database}'");
        let pids = postgres.sql("postgres", &pids).unwrap();
        pids.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    under_load(&gateway, || {
        wait_until("connections", || pids().len() == 2);
        let before = pids();
        let changed = "ALTER ROLE isogloss PASSWORD 'marked-second'";
        postgres.sql("postgres", changed).unwrap();
        let (start, _) = address.split_once("isogloss:").unwrap();
        let (_, end) = address.split_once('@').unwrap();
        fs::write(&file, format!("{start}isogloss:marked-second@{end}")).unwrap();
        gateway.hang_up().unwrap();
        assert!(gateway.logs(RELOADED), "{:#?}", gateway.log());
        wait_until("the old connections are closed", || {
            let now = pids();
            !now.is_empty() && before.iter().all(|old| !now.contains(old))
        });
    });
    let log = gateway.log().join("\n");
    assert!(
        !log.contains("marked-second") && !log.contains("restart"),
        "{log}"
    );
}

#[test]
fn another_server_waits_for_a_restart() {
    let [first, second] = [Redis::start().unwrap(), Redis::start().unwrap()];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    fs::write(&file, first.url()).unwrap();
    let gateway = builder("")
        .env("ISOGLOSS__TOKENS__STORE_FILE", file.display().to_string())
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    for address in [second.url(), "memory:".to_owned()] {
        let before = fields(&gateway, RELOADED).len();
        fs::write(&file, address).unwrap();
        gateway.hang_up().unwrap();
        assert!(gateway.logs_times(RELOADED, before + 1));
        let warned = fields(
            &gateway,
            "the changed contents of a file wait for a restart",
        );
        assert_eq!(warned.len(), before + 1);
        assert_eq!(warned[before]["key"], "tokens.store_file");
    }
    assert!(connections(&second, "default").len() <= 1);
}
