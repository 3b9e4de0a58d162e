//! The other calls of clients, as their code sends them, through a gateway with a back end.
//!
//! The back end is the one of `make clients`, which answers in the vendors' shapes and notes where it found a token.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use isogloss_conformance::{Host, read_cases};
use isogloss_testkit::{Gateway, Request};
use serde_json::Value;
use tempfile::TempDir;

use crate::source_tree::repository;

/// A running back end, which ends when this is dropped.
struct BackEnd {
    child: Child,
    address: String,
    folder: TempDir,
}

impl BackEnd {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut child = Command::new("python3")
            .arg("-B")
            .arg(repository().join("tests/clients/back_end/server.py"))
            .arg(folder.path().join("calls"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let output = child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut address).unwrap();
        Self {
            child,
            address: address.trim().to_owned(),
            folder,
        }
    }

    /// Returns where the back end found tokens, and the number of its calls.
    fn token_places(&self) -> (BTreeSet<String>, usize) {
        let calls = fs::read_to_string(self.folder.path().join("calls")).unwrap();
        let calls: Vec<Value> = calls
            .lines()
            .map(|call| serde_json::from_str(call).unwrap())
            .collect();
        let places = calls
            .iter()
            .flat_map(|call| call["token"].as_array().unwrap())
            .map(|place| place.as_str().unwrap().to_owned())
            .collect();
        (places, calls.len())
    }
}

impl Drop for BackEnd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs all exchanges against a gateway with that setting for tokens. Returns where the back end found tokens.
fn token_places(setting: &str) -> BTreeSet<String> {
    let back_end = BackEnd::start();
    let mut config = String::from(
        "[jwt]\nenabled = true\nissuer = \"https://login.example.com\"\naudience = \"services\"\n",
    );
    for dialect in ["bimplus", "crmcom", "memsource", "tokenlogin"] {
        let address = &back_end.address;
        let lines = format!(
            "[dialects.{dialect}]\nbackend = \"http://{address}\"\n[dialects.{dialect}.proxy]\ntoken = \"{setting}\"\n"
        );
        config.write_str(&lines).unwrap();
    }
    let gateway = Gateway::builder(crate::PROGRAM)
        .config_text(config)
        .start()
        .unwrap();
    let host = Host::from(gateway.public());
    let cases = read_cases(&repository().join("tests/clients/exchanges")).unwrap();
    let failures: Vec<_> = cases
        .iter()
        .filter_map(|case| case.conversation.run(&host).err())
        .collect();
    assert_eq!(failures, []);
    let (places, calls) = back_end.token_places();
    assert!(
        calls > cases.len(),
        "{calls} calls of {} clients",
        cases.len()
    );
    places
}

#[test]
fn tokens_of_queries_forms_multipart_and_json_are_found_and_passed_on() {
    let places = token_places("keep");
    for place in [
        "form, `token`",
        "multipart, `token`",
        "JSON, `token`",
        "query, `token`",
        "query, `api-token`",
        "query, `APIToken`",
        "header, `ApiToken`",
        "header, `BimPlus`",
        "header, `Bearer`",
    ] {
        assert!(places.contains(place), "no {place} in {places:?}");
    }
}

#[test]
fn removed_tokens_leave_all_other_parameters() {
    assert_eq!(token_places("remove"), BTreeSet::new());
}

#[test]
fn a_jwt_replaces_the_token_wherever_it_was() {
    let places = token_places("jwt");
    assert_eq!(places, BTreeSet::from(["header, `Bearer`".to_owned()]));
}

#[test]
fn metrics_name_the_routes_of_a_dialect_with_a_back_end() {
    // Nothing listens there: only calls for the back end would need it.
    let config = "[dialects.bimplus]\nbackend = \"http://127.0.0.1:9\"\n";
    let gateway = Gateway::builder(crate::PROGRAM)
        .config_text(config)
        .start()
        .unwrap();
    for path in ["/v2/hello", "/v2/head-office/projects"] {
        Request::get(path).send(gateway.public()).unwrap();
    }
    let metrics = Request::get("/metrics").send(gateway.management());
    let metrics = metrics.unwrap().text();
    let counts = |route: &str| {
        let label = format!("isogloss_http_requests_total{{dialect=\"bimplus\",route=\"{route}\"");
        metrics
            .lines()
            .filter(|line| line.starts_with(&label))
            .count()
    };
    assert_eq!(
        (counts("/v2/hello"), counts("{backend}")),
        (1, 1),
        "{metrics}"
    );
}
