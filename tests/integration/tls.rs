//! TLS of both listeners: which clients are accepted, and certificates that change while connections are open.

pub(crate) mod certificate_pair;
mod certificate_rotation;
pub(crate) mod client;
mod rejected_handshakes;

use std::process::Command;

use isogloss_testkit::{Gateway, Request};
use rustls::{ProtocolVersion, version};

use crate::tls::certificate_pair::{Files, Pair};
use crate::tls::client::Client;

/// Starts a gateway whose public listener uses TLS with these files.
fn start(files: &Files) -> Gateway {
    let gateway = Gateway::builder(crate::PROGRAM).config_text(files.table("server"));
    let gateway = gateway.start().unwrap();
    // The listeners are bound before the files are read.
    gateway.wait_until_ready().unwrap();
    gateway
}

const WHO_AM_I: &str = "/web/api/v3/auth/whoAmI";

#[test]
fn the_public_listener_speaks_tls_1_2_and_1_3_and_http_1_1() {
    let pair = Pair::make();
    let files = Files::with(&pair);
    let gateway = start(&files);
    for (offered, spoken) in [
        (&version::TLS12, ProtocolVersion::TLSv1_2),
        (&version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let mut client = Client::connect_by(gateway.public(), &pair, &[offered], None).unwrap();
        assert_eq!(client.version(), spoken);
        assert_eq!(client.protocol(), Some(&b"http/1.1"[..]));
        let answer = client.get("/v2/authorize").unwrap();
        assert_eq!(answer.status, 401);
        // The same connection, and header names in the case that one client requires.
        let answer = client.get(WHO_AM_I).unwrap();
        assert_eq!(answer.status, 401);
        let spelt: Vec<_> = answer
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(spelt.contains(&"Content-Type"), "{spelt:?}");
    }
    // TLS is not configured for the management listener.
    assert_eq!(
        Request::get("/healthz")
            .send(gateway.management())
            .unwrap()
            .status,
        200
    );
}

#[test]
fn who_does_not_speak_tls_gets_no_answer_and_does_no_harm() {
    let pair = Pair::make();
    let files = Files::with(&pair);
    let gateway = start(&files);
    assert!(
        Request::get("/v2/authorize")
            .send(gateway.public())
            .is_err()
    );
    let mut client = Client::connect(gateway.public(), &pair).unwrap();
    assert_eq!(client.get("/v2/authorize").unwrap().status, 401);
}

#[test]
fn a_connection_within_tls_whose_second_head_drips_in_is_closed() {
    let pair = Pair::make();
    let files = Files::with(&pair);
    let gateway = Gateway::builder(crate::PROGRAM)
        .config_text(format!(
            "[server]\nkeep_alive = \"1s\"\nhead_timeout = \"1s\"\n{}",
            files.table("server")
        ))
        .start()
        .unwrap();
    let mut client = Client::connect(gateway.public(), &pair).unwrap();
    client.get("/v2/authorize").unwrap();
    client
        .send("GET /v2/authorize HTTP/1.1\r\nX-Dripping: ")
        .unwrap();
    assert!(client.is_closed());
}

#[test]
fn the_management_listener_asks_for_a_certificate_where_set() {
    let (pair, known, stranger) = (Pair::make(), Pair::make(), Pair::make());
    let files = Files::with(&pair);
    files.put("clients.pem", &known.certificate);
    let clients = files.path("clients.pem").display().to_string();
    let table = files.table("management");
    let gateway = Gateway::builder(crate::PROGRAM)
        .config_text(format!("{table}client_ca_file = \"{clients}\"\n"))
        .start()
        .unwrap();
    let asks = |own: Option<&Pair>| {
        for offered in [&version::TLS12, &version::TLS13] {
            // With TLS 1.3, a refusal arrives only after the client has completed its handshake.
            Client::connect_by(gateway.management(), &pair, &[offered], own)?.get("/healthz")?;
        }
        Ok::<_, std::io::Error>(())
    };
    asks(Some(&known)).unwrap();
    assert!(asks(None).is_err());
    assert!(asks(Some(&stranger)).is_err());
    for (who, is_let_in) in [
        (Some(&known), true),
        (Some(&stranger), false),
        (None, false),
    ] {
        assert_eq!(commands_are_let_in(&gateway, &files, who), [is_let_in; 2]);
    }
    // The authorities change, too.
    files.put("clients.pem", &stranger.certificate);
    gateway.hang_up().unwrap();
    assert!(gateway.logs("the configuration is reloaded"));
    asks(Some(&stranger)).unwrap();
    assert!(asks(Some(&known)).is_err());
}

/// Returns whether `isogloss health` and `isogloss session list` succeed with that certificate.
fn commands_are_let_in(gateway: &Gateway, files: &Files, own: Option<&Pair>) -> [bool; 2] {
    let mut identity = Vec::new();
    if let Some(own) = own {
        files.put("own.pem", &own.certificate);
        files.put("own-key.pem", &own.key);
        identity.extend([
            "--client-certificate".to_owned(),
            files.path("own.pem").display().to_string(),
        ]);
        identity.extend([
            "--client-key".to_owned(),
            files.path("own-key.pem").display().to_string(),
        ]);
    }
    let bind = gateway.management();
    let table = files.table("management");
    files.put(
        "asked.toml",
        &format!("[management]\nbind = \"{bind}\"\n{table}"),
    );
    let config = files.path("asked.toml").display().to_string();
    files.put("admin-key", "demo-admin-key");
    let key = files.path("admin-key").display().to_string();
    let at = format!("https://{bind}");
    let list = ["session", "list", "--management", &at, "--key-file", &key];
    [&["health"][..], &list].map(|command| {
        let mut run = Command::new(crate::PROGRAM);
        run.args(command)
            .args(&identity)
            .args(["--config", &config]);
        run.current_dir(gateway.folder());
        run.env("SSL_CERT_FILE", files.path("certificate.pem"));
        run.output().unwrap().status.success()
    })
}
