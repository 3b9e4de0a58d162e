//! `isogloss conformance` against this gateway, and against other kinds of servers.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::{fs, thread};

use isogloss_testkit::Gateway;
use rcgen::generate_simple_self_signed;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::shell::Shell;

fn base(address: SocketAddr) -> String {
    format!("http://{address}")
}

#[test]
fn this_gateway_keeps_every_conversation_of_its_settings() {
    let gateway = Gateway::builder(crate::PROGRAM).start().unwrap();
    let folder = TempDir::new().unwrap();
    let shell = Shell::bare(folder.path());
    let command = ["conformance", "--base", &base(gateway.public())];

    let out = shell.run(&[&command[..], &["--dialect", "bimplus"]].concat());
    let out = out.done();
    assert!(
        out.lines()
            .any(|line| line == "ok        bimplus  cross_token_logs_in_once"),
        "{out}"
    );
    let left_out = "left out  bimplus  company_before_a_route_is_taken_where_set \
                    (needs dialects.bimplus.company_prefix = true)";
    assert!(out.lines().any(|line| line == left_out), "{out}");
    assert!(!out.contains("crmcom"), "{out}");
    assert!(out.contains(" ok, 0 failed, "), "{out}");
    let report = fs::read_to_string(folder.path().join("conformance.xml")).unwrap();
    assert!(report.contains("<testsuite name=\"bimplus\""), "{report}");
    assert!(report.contains("name=\"cross_token_logs_in_once\" classname=\"bimplus\""));
    assert!(report.contains("failures=\"0\"") && report.contains("<skipped"));

    let more = ["--json", "--junit", "all.xml", "--case", "cross_token"];
    let said = shell.run(&[&command[..], &more].concat()).json();
    let first = &said.as_array().unwrap()[0];
    assert_eq!(first["outcome"], "ok");
    assert!(first["source"].as_str().unwrap().len() > 5);
    assert!(folder.path().join("all.xml").exists());
}

#[test]
fn with_the_files_of_the_host_more_conversations_fit() {
    let settings = "[dialects.bimplus]\nenabled = true\ncompany_prefix = true\n";
    let gateway = Gateway::builder(crate::PROGRAM)
        .config_text(settings)
        .start()
        .unwrap();
    let folder = TempDir::new().unwrap();
    let shell = Shell::bare(folder.path());
    shell.write("host.toml", settings);
    let out = shell.run(&[
        "conformance",
        "--base",
        &base(gateway.public()),
        "--case",
        "company_before_a_route_is_taken_where_set",
        "--config",
        "host.toml",
    ]);
    assert!(out.done().contains("1 ok, 0 failed, 0 left out"));
}

#[test]
fn exchanges_of_a_folder_are_run_instead() {
    let gateway = Gateway::builder(crate::PROGRAM).start().unwrap();
    let folder = TempDir::new().unwrap();
    let shell = Shell::bare(folder.path());
    fs::create_dir_all(folder.path().join("own/bimplus")).unwrap();
    let exchange =
        "source = \"our client\"\n[[exchange]]\nsend = \"GET /v2/hello\"\nexpect = \"200\"\n";
    shell.write("own/bimplus/our_client_says_hello.toml", exchange);
    let base = base(gateway.public());
    let command = ["conformance", "--base", &base, "--exchanges", "own"];
    let out = shell.run(&command).done();
    let line = "ok       bimplus  our_client_says_hello";
    assert!(out.lines().any(|other| other == line), "{out}");
    assert!(out.contains("1 ok, 0 failed, 0 left out"), "{out}");

    fs::create_dir(folder.path().join("none")).unwrap();
    shell.write("own/bimplus/bad.toml", "source = 1");
    for (exchanges, start) in [
        ("own", "isogloss: --exchanges: own/bimplus/bad.toml: "),
        (
            "none",
            "isogloss: --exchanges: no exchange in none, expected ",
        ),
        ("nowhere", "isogloss: --exchanges: cannot read nowhere: "),
    ] {
        let said = shell.run(&["conformance", "--base", &base, "--exchanges", exchanges]);
        assert_eq!(said.exit, Some(2), "{said:?}");
        assert!(said.err.starts_with(start), "{said:?}");
    }
}

#[test]
fn a_host_that_speaks_otherwise_is_told_where() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno";
    let base = base(server(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
    }));
    let folder = TempDir::new().unwrap();
    let shell = Shell::bare(folder.path());
    let said = shell.run(&["conformance", "--base", &base, "--case", "wrong_password"]);
    assert_eq!((said.exit, said.err.as_str()), (Some(1), ""));
    assert!(said.out.contains("\nfailed "), "{}", said.out);
    assert!(said.out.contains("the status is 200"), "{}", said.out);
    assert!(said.out.contains("--- sent\nPOST "), "{}", said.out);
    let report = fs::read_to_string(folder.path().join("conformance.xml")).unwrap();
    assert!(report.contains("<failure"), "{report}");
}

#[test]
fn what_cannot_be_asked_is_said_in_one_line() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = base(nobody.local_addr().unwrap());
    drop(nobody);
    let folder = TempDir::new().unwrap();
    let shell = Shell::bare(folder.path());
    let line = shell.run(&["conformance", "--base", &closed]).refused();
    assert!(
        line.starts_with("the host is unreachable: connecting to"),
        "{line}"
    );
    assert!(!folder.path().join("conformance.xml").exists());

    for (arguments, start) in [
        (["--base", "localhost:8080"].as_slice(), "isogloss: --base:"),
        (
            &["--base", &closed, "--dialect", "latin"],
            "isogloss: --dialect: no `latin`, expected one of bimplus,",
        ),
        (
            &["--base", &closed, "--case", "nonsense"],
            "isogloss: --case: no exchange has `nonsense`",
        ),
    ] {
        let said = shell.run(&[&["conformance"], arguments].concat());
        assert_eq!(said.exit, Some(2), "{said:?}");
        assert!(said.err.starts_with(start), "{said:?}");
    }
}

#[test]
fn a_host_behind_tls_has_to_be_trusted() {
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    let config = Arc::new(config);
    let address = server(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        // A client that does not trust the certificate sends no request.
        if read_head(&mut stream) {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno";
            stream.write_all(answer).unwrap();
        }
    });
    let base = format!("https://localhost:{}", address.port());
    let folder = TempDir::new().unwrap();
    let arguments = ["conformance", "--base", &base, "--case", "wrong_password"];

    let stranger = Shell::bare(folder.path());
    let line = stranger.run(&arguments).refused();
    assert!(line.contains("certificate"), "{line}");

    stranger.write("own-ca.pem", &made.cert.pem());
    let friend = stranger.with("SSL_CERT_FILE", "own-ca.pem");
    let said = friend.run(&arguments);
    assert!(said.out.contains("the status is 200"), "{said:?}");
}

/// Starts a server that runs `act` on each connection, and returns its address.
fn server(act: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            act(stream.unwrap());
        }
    });
    address
}

/// Reads a request's head. Returns false if the connection ends before.
fn read_head(stream: &mut impl Read) -> bool {
    let lines = BufReader::new(stream).lines();
    lines.map_while(Result::ok).any(|line| line.is_empty())
}
