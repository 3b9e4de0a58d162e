//! The commands of `redis.md` and `postgresql.md` start servers as printed, and a gateway works on each.

use std::fs;
use std::path::Path;
use std::process::Command;

use isogloss_testkit::servers::free_port;
use isogloss_testkit::{Gateway, Postgres, Request, Store};
use tempfile::TempDir;

use crate::manual::{blocks, repository};

/// Servers that a block starts in the background. They are ended on drop.
struct Servers(TempDir);

impl Servers {
    /// Runs a block of the page, with other ports.
    fn run(block: &str) -> Self {
        let servers = Self(TempDir::new().unwrap());
        let output = Command::new("sh")
            .args(["-ec", block])
            .current_dir(&servers.0)
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{block}: {output:?}");
        servers
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let kill = "kill $(cat *.pid); while kill -0 $(cat *.pid 2>/dev/null) 2>/dev/null; do sleep 0.05; done";
        drop(
            Command::new("sh")
                .args(["-c", kill])
                .current_dir(&self.0)
                .status(),
        );
    }
}

fn page(name: &str) -> String {
    fs::read_to_string(repository().join("docs").join(name)).unwrap()
}

/// Replaces each of these ports in the text with a free one.
fn elsewhere(text: &str, ports: &[u16]) -> String {
    let mut text = text.to_owned();
    for port in ports {
        text = text.replace(&port.to_string(), &free_port().unwrap().to_string());
    }
    text
}

fn works(gateway: &Gateway) {
    gateway.wait_until_ready().unwrap();
    let login = Request::get("/web/api/v3/auth/login?userName=admin&password=admin-demo");
    let login = login.send(gateway.public()).unwrap();
    let token = login.json().unwrap()["token"].as_str().unwrap().to_owned();
    let who = Request::get(format!("/web/api/v3/auth/whoAmI?token={token}"));
    assert_eq!(who.send(gateway.public()).unwrap().status, 200);
}

#[test]
fn a_gateway_works_on_each_redis_of_the_page() {
    let page = page("redis.md");
    let section = page.split("## Try it").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let addresses: Vec<_> = section
        .split("`redis")
        .skip(1)
        .map(|rest| rest.split('`').next().unwrap())
        .collect();
    let blocks: Vec<_> = blocks(section)
        .filter(|(language, _)| *language == "sh")
        .collect();
    assert_eq!((addresses.len(), blocks.len()), (3, 3));
    for (address, (_, block)) in addresses.iter().zip(blocks) {
        let ports: Vec<u16> = (7001..=7006)
            .chain(26379..=26381)
            .chain(6379..=6381)
            .collect();
        let both = elsewhere(&format!("redis{address}\n{block}"), &ports);
        let (address, block) = both.split_once('\n').unwrap();
        let _servers = Servers::run(block);
        let gateway = Gateway::builder(crate::PROGRAM);
        works(
            &gateway
                .store(Store::Redis(address.to_owned()))
                .start()
                .unwrap(),
        );
    }
}

#[test]
fn a_gateway_works_on_the_database_of_the_page_and_on_its_backup() {
    let page = page("postgresql.md");
    let (_, block) = blocks(&page)
        .find(|(language, _)| *language == "sql")
        .unwrap();
    let postgres = Postgres::start().unwrap();
    // The test's server already has a role of that name.
    let block = block.replace("isogloss", "manual").replace('…', "geheim");
    for statement in block.lines() {
        postgres.sql("postgres", statement).unwrap();
    }
    let url = |database: &str| {
        format!(
            "postgres://manual:geheim@127.0.0.1:{}/{database}",
            postgres.port()
        )
    };
    let start = |url: String| {
        let gateway = Gateway::builder(crate::PROGRAM);
        gateway.directory(url).start().unwrap()
    };
    works(&start(url("manual")));

    let backup = TempDir::new().unwrap();
    let file = backup.path().join("backup").display().to_string();
    assert!(page.contains("`pg_dump --format=custom isogloss`") && page.contains("`pg_restore`"));
    postgres
        .sql(
            "postgres",
            "CREATE DATABASE other OWNER manual TEMPLATE template0",
        )
        .unwrap();
    for command in [
        [
            "pg_dump",
            "--format=custom",
            "--file",
            &file,
            "--dbname",
            &url("manual"),
        ],
        [
            "pg_restore",
            "--exit-on-error",
            &file,
            "--no-owner",
            "--dbname",
            &url("other"),
        ],
    ] {
        let done = Command::new(command[0])
            .args(&command[1..])
            .current_dir(Path::new("/"))
            .output();
        let done = done.unwrap();
        assert!(done.status.success(), "{done:?}");
    }
    works(&start(url("other")));
}
