//! A gateway's folder and stores, and operations to check for after a restore.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use isogloss_testkit::{Builder, Gateway, Request, Response, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shell::{Said, Shell};

/// Folder and settings of a gateway.
pub(crate) struct Site {
    pub(crate) folder: TempDir,
    builder: Builder,
}

impl Site {
    /// Creates a site with users in SQLite, or in the PostgreSQL database of that URL.
    pub(crate) fn new(store: Store, directory: Option<String>) -> Self {
        let folder = TempDir::new().unwrap();
        let audit = folder.path().join("audit.jsonl");
        let mut builder = Gateway::builder(crate::PROGRAM)
            .store(store)
            .folder(folder.path())
            .env("ISOGLOSS__AUDIT__DATABASE", "true")
            .env("ISOGLOSS__AUDIT__TO", format!("file:{}", audit.display()))
            // Usage counts are written only when a backup requests it.
            .env("ISOGLOSS__USAGE__FLUSH_INTERVAL", "1h");
        if let Some(url) = directory {
            builder = builder.directory(url);
        }
        let key = folder.path().join("admin.key");
        fs::write(key, "demo-admin-key\n").unwrap();
        Self { folder, builder }
    }

    pub(crate) fn shell(&self) -> Shell {
        Shell::beside(&self.builder, self.folder.path())
    }

    /// Starts the gateway with the demo's users, unless a backup was restored; then `import` is the directory
    /// file.
    pub(crate) fn start(&self, import: &str) -> Gateway {
        let mut builder = self.builder.clone();
        if self.folder.path().join("restored").exists() {
            builder = builder.env("ISOGLOSS__DIRECTORY__IMPORT", import);
        }
        let gateway = builder.start().unwrap();
        gateway.wait_until_ready().unwrap();
        gateway
    }

    /// Runs a command with the address and a key of the management listener.
    pub(crate) fn command(&self, gateway: &Gateway, arguments: &[&str]) -> Said {
        let management = format!("http://{}", gateway.management());
        let more = ["--management", &management, "--key-file", "admin.key"];
        self.shell().run(&[arguments, &more].concat())
    }

    /// Runs a command without a connection to the gateway.
    pub(crate) fn alone(&self, arguments: &[&str]) -> Said {
        if arguments.first() == Some(&"restore") {
            fs::write(self.folder.path().join("restored"), "").unwrap();
        }
        self.shell().run(arguments)
    }
}

/// Tokens of operations that were acknowledged before a backup.
pub(crate) struct Work {
    pub(crate) live: Vec<String>,
    ended: Vec<String>,
}

fn login(gateway: &Gateway, user: &str, password: &str, client: u32) -> Response {
    let client = format!("0864b512-1776-4a55-8ee5-{client:012}");
    let body = json!({"user_id": user, "password": password, "client_id": client});
    Request::post("/v2/authorize")
        .json(&body)
        .send(gateway.public())
        .unwrap()
}

fn token(response: &Response) -> String {
    let answer: Value = response.json().unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn status(gateway: &Gateway, token: &str) -> u16 {
    let request = Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"));
    request.send(gateway.public()).unwrap().status
}

fn end(gateway: &Gateway, token: &str) {
    let request = Request::new("DELETE", "/v2/authorize");
    let request = request.header("Authorization", format!("BimPlus {token}"));
    assert!(request.send(gateway.public()).unwrap().status < 300);
}

fn admin(gateway: &Gateway, method: &str, path: &str, body: &Value) -> Response {
    let request = Request::new(method, path).json(body);
    let request = request.header("Authorization", "Bearer demo-admin-key");
    request.send(gateway.management()).unwrap()
}

const USERS: [(&str, &str); 2] = [("sample", "sample-demo"), ("test@bimplus.net", "test")];

impl Work {
    /// Logs users in, logs some of them out again, adds a user, and changes the password of another.
    pub(crate) fn done_at(gateway: &Gateway) -> Self {
        let mut work = Self {
            live: Vec::new(),
            ended: Vec::new(),
        };
        for client in 0..10 {
            for (user, password) in USERS {
                work.live
                    .push(token(&login(gateway, user, password, client)));
                let ended = token(&login(gateway, user, password, 100 + client));
                end(gateway, &ended);
                work.ended.push(ended);
            }
        }
        let outsider = token(&login(gateway, "outsider", "outsider-demo", 1));
        work.ended.push(outsider);
        let password = json!({"password": "quite-another-one"});
        let set = admin(gateway, "PUT", "/admin/users/outsider/password", &password);
        assert!(set.status < 300, "{}", set.text());
        let late =
            json!({"user_name": "late", "organisation": "CRMDEMO", "password": "better-late-than"});
        let added = admin(gateway, "POST", "/admin/users", &late);
        assert_eq!(added.status, 201, "{}", added.text());
        work
    }

    /// Returns the number of logins by `done_at`. There may be more.
    pub(crate) fn logins(&self) -> usize {
        self.live.len() + self.ended.len()
    }

    /// Runs `work` while other users log in and out and another user is changed.
    pub(crate) fn under_load<T>(gateway: &Gateway, work: impl FnOnce() -> T) -> T {
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for client in (0..1_000).cycle() {
                    if ended.load(Ordering::Relaxed) {
                        return;
                    }
                    let response = login(gateway, "linguist", "linguist-demo", client);
                    if response.status == 200 {
                        end(gateway, &token(&response));
                    }
                }
            });
            scope.spawn(|| {
                for name in ["One", "Two"].into_iter().cycle() {
                    if ended.load(Ordering::Relaxed) {
                        return;
                    }
                    let edit = json!({"first_name": name});
                    admin(gateway, "PATCH", "/admin/users/retired", &edit);
                }
            });
            let outcome = work();
            ended.store(true, Ordering::Relaxed);
            outcome
        })
    }

    /// Checks that all of it is present: tokens, users, cards and keys.
    pub(crate) fn is_there(&self, gateway: &Gateway) {
        let statuses = |tokens: &[String]| -> Vec<u16> {
            tokens.iter().map(|token| status(gateway, token)).collect()
        };
        assert_eq!(statuses(&self.live), vec![200; self.live.len()]);
        assert_eq!(statuses(&self.ended), vec![401; self.ended.len()]);
        for (user, password, expected) in [
            ("late", "better-late-than", 200),
            ("outsider", "quite-another-one", 200),
            ("outsider", "outsider-demo", 401),
        ] {
            assert_eq!(login(gateway, user, password, 7).status, expected, "{user}");
        }
        let card = json!({
            "organisation": "CRMDEMO",
            "access_token_identifier": {"authentication_code": "CCD4537CA4AD4EE8912FFBAE53110601"},
        });
        let card = Request::post("/crmapi/rest/v2/authentication/token").json(&card);
        let card: Value = card.send(gateway.public()).unwrap().json().unwrap();
        assert_ne!(card["data"]["token"], Value::Null, "{card}");
        let key = Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key");
        let key = key.json(&json!({"userName": "sample", "password": "sample-demo"}));
        assert_eq!(key.send(gateway.public()).unwrap().status, 200);
    }
}
