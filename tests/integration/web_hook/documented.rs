//! The program of `docs/users-from-a-web-hook.md`, taken from the page and run.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use isogloss_testkit::servers::{free_port, wait_until};
use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::source_tree::repository;

/// Creates the table with users whose password is `right at the hook`, with the hash of Django.
const TABLE: &str = r#"
import base64, hashlib, sqlite3, sys
salt, rounds = "salt", 1000
digest = hashlib.pbkdf2_hmac("sha256", b"right at the hook", salt.encode(), rounds)
stored = f"pbkdf2_sha256${rounds}${salt}${base64.b64encode(digest).decode()}"
table = sqlite3.connect(sys.argv[1])
table.execute("CREATE TABLE auth_user (id INTEGER PRIMARY KEY, username, email, is_staff, is_active, password)")
for number, name, is_staff, is_active in (7, "eve", True, True), (8, "old", False, False):
    table.execute("INSERT INTO auth_user VALUES (?, ?, ?, ?, ?, ?)",
        (number, name, f"{name}@example.com", is_staff, is_active, stored))
table.commit()
"#;

/// The program as a process. It is killed when this is dropped.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Returns the only Python program of the page.
fn program() -> String {
    let page = repository().join("docs/users-from-a-web-hook.md");
    let page = fs::read_to_string(page).unwrap();
    let mut blocks = page.split("```python\n").skip(1);
    let block = blocks.next().unwrap();
    assert!(blocks.next().is_none(), "there are two programs");
    block.split("```").next().unwrap().to_owned()
}

fn start(folder: &Path, secret: &str) -> (Program, SocketAddr) {
    let database = folder.join("users.sqlite");
    let python = || Command::new("python3");
    let made = python().args(["-c", TABLE]).arg(&database).status();
    assert!(made.unwrap().success());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().unwrap()));
    let child = python()
        .args(["-c", &program()])
        .env("HOOK_SECRET", secret)
        .env("DATABASE", database)
        .env("PORT", address.port().to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let program = Program(child.unwrap());
    wait_until("the hook listens", || TcpStream::connect(address).is_ok()).unwrap();
    (program, address)
}

fn login(gateway: &Gateway, name: &str, password: &str) -> (u16, Value) {
    let login = json!({"user_id": name, "password": password});
    let answer = Request::post("/v2/authorize").json(&login);
    let answer = answer.send(gateway.public()).unwrap();
    (answer.status, answer.json().unwrap_or_default())
}

fn gateway(table: &str) -> Gateway {
    let gateway = Gateway::builder(crate::PROGRAM).config_text(table);
    let gateway = gateway.start().unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

#[test]
fn the_program_of_the_page_logs_users_in_with_the_passwords_of_its_table() {
    let folder = TempDir::new().unwrap();
    let (_program, address) = start(folder.path(), super::SECRET);
    let gateway = gateway(&super::table("shop", address));
    for name in ["eve", "eve", "eve@example.com"] {
        let (status, body) = login(&gateway, name, super::PASSWORD);
        assert_eq!(status, 200, "{name}: {body}");
        assert!(body["access_token"].is_string(), "{body}");
    }
    let (wrong, rejected) = login(&gateway, "eve", "wrong");
    assert_eq!(wrong, 401, "{rejected}");
    assert_eq!(
        login(&gateway, "nobody", super::PASSWORD),
        (401, rejected.clone())
    );
    assert_eq!(login(&gateway, "old", "wrong"), (401, rejected.clone()));
    let disabled = login(&gateway, "old", super::PASSWORD);
    assert_ne!(disabled, (401, rejected));
    assert_ne!(disabled.0, 200);
}

#[test]
fn the_program_of_the_page_judges_nothing_without_a_right_signature() {
    let folder = TempDir::new().unwrap();
    let (_program, address) = start(folder.path(), &super::SECRET.replace("MDEy", "MDEz"));
    let gateway = gateway(&super::table("shop", address));
    for password in [super::PASSWORD, "wrong"] {
        assert_eq!(login(&gateway, "eve", password).0, 503);
    }
    let unsigned = Request::post("/").json(&json!({"login": "eve", "password": super::PASSWORD}));
    // Without the headers of a signature, the program closes the connection or refuses.
    let answer = unsigned.send(address);
    assert!(answer.is_err() || answer.unwrap().status != 200);
}
