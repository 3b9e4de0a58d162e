//! Every command on a page is run as printed.
//!
//! Commands of `isogloss` run next to a gateway on Redis, commands that set up servers in [`servers`]. Pages whose
//! commands depend on each other have tests of their own: the README and `back-ends.md` in `readme.rs`,
//! `migration.md` and `users-from-ldap.md` in `deb/guide`, `adding-a-dialect.md` in `adding_a_dialect`, `container.md` in
//! `image/inside`, `kubernetes.md` in `kubernetes/run`.

mod server_setup;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use isogloss_testkit::{Builder, Gateway, Redis, Request, Store};
use serde_json::Value;
use tempfile::TempDir;

/// Pages with tests of their own.
const ELSEWHERE: [&str; 6] = [
    "adding-a-dialect.md",
    "back-ends.md",
    "container.md",
    "kubernetes.md",
    "migration.md",
    "users-from-ldap.md",
];

/// Commands that are not run as printed, and why.
const NOT_RUN: [(&str, &str); 6] = [
    (
        "isogloss explain",
        "explain::commands runs it where a request was refused",
    ),
    (
        "isogloss serve",
        "does not end; every test that starts a gateway runs it",
    ),
    (
        "isogloss restore",
        "is refused while a gateway runs; `tests/integration/backup` restores",
    ),
    (
        "isogloss directory import people.csv",
        "needs that file; `cli/imported.rs` imports one",
    ),
    (
        "isogloss directory import realm.json",
        "needs that file; `cli/imported.rs` imports one",
    ),
    (
        "isogloss directory sync",
        "needs an LDAP server; `synchronisation.rs` starts one",
    ),
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Returns the pages with their texts.
fn texts() -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(repository().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| !ELSEWHERE.iter().any(|other| path.ends_with(other)))
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        (
            path.display().to_string(),
            fs::read_to_string(path).unwrap(),
        )
    };
    paths.into_iter().map(read).collect()
}

/// Returns the code blocks of a page, each with its language.
fn blocks(page: &str) -> impl Iterator<Item = (&str, &str)> {
    let blocks = page.split("\n```").skip(1).step_by(2);
    blocks.filter_map(|block| block.split_once('\n'))
}

fn commands(page: &str) -> Vec<String> {
    let lines = blocks(page).flat_map(|(_, block)| block.lines());
    let ours = lines.filter(|line| {
        ["isogloss ", "curl "]
            .iter()
            .any(|start| line.starts_with(start))
    });
    ours.map(str::to_owned).collect()
}

/// A folder with what the pages name: configurations, files, and the command itself.
struct Desk {
    folder: TempDir,
    env: Vec<(String, String)>,
}

impl Desk {
    fn new(builder: &Builder, gateway: &Gateway) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path();
        let shim = path.join("isogloss");
        let program = crate::PROGRAM;
        fs::write(&shim, format!("#!/bin/sh\nexec {program} \"$@\"\n")).unwrap();
        fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["old.toml", "new.toml", "owner.toml", "isogloss.toml"] {
            fs::write(path.join(name), "").unwrap();
        }
        fs::write(path.join("admin.key"), "demo-admin-key").unwrap();
        std::os::unix::fs::symlink(repository().join("config"), path.join("config")).unwrap();
        fs::copy(
            repository().join("config/demo-directory.toml"),
            path.join("users.toml"),
        )
        .unwrap();
        let command = builder.command(gateway.folder()).unwrap();
        let mut env: Vec<_> = command
            .get_envs()
            .filter_map(|(key, value)| {
                Some((key.to_str()?.to_owned(), value?.to_str()?.to_owned()))
            })
            .collect();
        env.extend([
            (
                "ISOGLOSS__SERVER__BIND".to_owned(),
                gateway.public().to_string(),
            ),
            (
                "ISOGLOSS__MANAGEMENT__BIND".to_owned(),
                gateway.management().to_string(),
            ),
            ("ISOGLOSS__AUDIT__DATABASE".to_owned(), "true".to_owned()),
            // Only the gateway has the account page, with its mailer.
            ("ISOGLOSS__SERVER__ACCOUNT_PATH".to_owned(), String::new()),
            ("ISOGLOSS__SERVER__PUBLIC_URL".to_owned(), String::new()),
        ]);
        Self { folder, env }
    }

    fn run(&self, command: &str) -> Output {
        let path = std::env::var_os("PATH").unwrap();
        let path = format!("{}:{}", self.folder.path().display(), path.display());
        Command::new("sh")
            .args(["-c", command])
            .current_dir(&self.folder)
            .envs(self.env.clone())
            .env("PATH", path)
            .output()
            .unwrap()
    }

    fn json(&self, command: &str) -> Value {
        let output = self.run(command);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{command}: {output:?}"))
    }

    /// Returns the command with names that the page cannot know, because they are created during the test.
    fn with_names(&self, command: &str) -> String {
        let mut command = command.to_owned();
        if command.contains("uws2ljnfuws2ljnfuws2ljnfuu") {
            let sessions = self.json("isogloss session list --json");
            let handle = sessions[0]["handle"].as_str().unwrap().to_owned();
            command = command.replace("uws2ljnfuws2ljnfuws2ljnfuu", &handle);
        }
        if command.starts_with("isogloss user totp enrol") {
            // There is no terminal to type a code at; `cli/second_factor.rs` tests that.
            command.push_str(" --unconfirmed");
        }
        if command.ends_with(" ID") {
            let list = command
                .replace(" revoke ", " list ")
                .replace(" ID", " --json");
            let listed = self.json(&list);
            let id = listed[0]["id"].as_str().unwrap().to_owned();
            command = command.replace(" ID", &format!(" {id}"));
        }
        command
    }
}

#[test]
fn every_command_of_the_pages_does_its_work() {
    let redis = Redis::start().unwrap();
    let users =
        "\n[[users]]\nuser_name = \"ada\"\norganisation = \"CRMDEMO\"\npassword = \"ada-demo\"\n";
    let folder = TempDir::new().unwrap();
    let demo = fs::read_to_string(repository().join("config/demo-directory.toml")).unwrap();
    fs::write(folder.path().join("all.toml"), demo + users).unwrap();
    let builder = Gateway::builder(crate::PROGRAM)
        .store(Store::Redis(redis.url()))
        .env(
            "ISOGLOSS__DIRECTORY__IMPORT",
            folder.path().join("all.toml").display().to_string(),
        )
        .env("ISOGLOSS__SERVER__ACCOUNT_PATH", "/account")
        .env("ISOGLOSS__SERVER__PUBLIC_URL", "https://login.example.com");
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let desk = Desk::new(&builder, &gateway);
    let exchanges = desk.folder.path().join("own-exchanges/bimplus");
    fs::create_dir_all(&exchanges).unwrap();
    let exchange = "bimplus/any_user_logs_in_by_name_or_email.toml";
    let exchange = repository().join("tests/exchanges").join(exchange);
    fs::copy(exchange, exchanges.join("login.toml")).unwrap();
    let mut run = 0;
    for (page, text) in texts() {
        for command in commands(&text) {
            if NOT_RUN.iter().any(|(start, _)| command.starts_with(start)) {
                continue;
            }
            // There must be a session to list and to end.
            let login = "userName=ada&password=ada-demo";
            let login = Request::post("/web/api/v3/auth/login").form(login);
            assert_eq!(login.send(gateway.public()).unwrap().status, 200);
            let command = desk.with_names(&command);
            let base = format!("http://{}", gateway.public());
            let command = command
                .replace("127.0.0.1:8081", &gateway.management().to_string())
                .replace("http://127.0.0.1:8080", &base)
                .replace("https://login.example.com", &base)
                // So that the session was issued before this time.
                .replace("2026-11-22T09:00:00Z", "2100-01-01T00:00:00Z");
            let output = desk.run(&command);
            assert!(output.status.success(), "{page}: {command}: {output:?}");
            let printed = String::from_utf8(output.stdout).unwrap();
            assert!(
                !printed.contains("\"reason\""),
                "{page}: {command}: {printed}"
            );
            run += 1;
        }
    }
    assert!(run >= 15, "{run} commands were found");
}

/// Blocks with other commands must be among those that [`servers`] runs.
#[test]
fn every_command_of_the_pages_is_run_by_somebody() {
    for (page, text) in texts() {
        for (language, block) in blocks(&text) {
            let is_shell = ["", "sh", "console"].contains(&language);
            let mut lines = block.lines().filter(|line| !line.is_empty());
            let is_ours =
                lines.all(|line| line.starts_with("isogloss ") || line.starts_with("curl "));
            let is_of_servers =
                page.ends_with("redis.md") && language == "sh" && block.contains("redis-server ");
            assert!(!is_shell || is_ours || is_of_servers, "{page}: {block}");
        }
    }
}

/// Appends the sources of all crates to one text.
fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_message_of_the_troubleshooting_page_is_one_of_ours() {
    let page = fs::read_to_string(repository().join("docs/troubleshooting.md")).unwrap();
    let mut all = String::new();
    sources(&repository().join("crates"), &mut all);
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let messages: Vec<_> = rows.map(|row| row.split('`').next().unwrap()).collect();
    assert!(messages.len() >= 8, "{messages:?}");
    for message in messages {
        assert!(all.contains(message), "{message}");
    }
}
