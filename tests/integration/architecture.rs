//! Which packages may depend on which, from `cargo metadata`. A new dialect needs no change here.

mod public_names;
mod third_party;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const CORE: &str = "isogloss-core";
const DIALECT: &str = "isogloss-dialect";
const CONFORMANCE: &str = "isogloss-conformance";
const GATEWAY: &str = "isogloss-gateway";
const PASSWORD: &str = "isogloss-password";
const LANES: &str = "isogloss-bcrypt-lanes";
/// Packages that store tokens and users.
const BACKENDS: [&str; 3] = [
    "isogloss-directory-sql",
    "isogloss-store-embedded",
    "isogloss-store-redis",
];
const STORE_CONTRACT: &str = "isogloss-store-contract";
const TESTKIT: &str = "isogloss-testkit";

/// The workspace and all packages that it depends on.
struct Graph(Value);

impl Graph {
    fn read() -> Self {
        let output = Command::new(env!("CARGO"))
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .args(["metadata", "--format-version", "1", "--offline", "--locked"])
            // Packages for other platforms were not downloaded.
            .args(["--filter-platform", &this_machine()])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        Self(serde_json::from_slice(&output.stdout).unwrap())
    }

    /// Returns the packages of this workspace, by name.
    fn members(&self) -> BTreeMap<&str, &Value> {
        let members = self.0["workspace_members"].as_array().unwrap();
        let packages = self.0["packages"].as_array().unwrap().iter();
        packages
            .filter(|package| members.contains(&package["id"]))
            .map(|package| (package["name"].as_str().unwrap(), package))
            .collect()
    }

    /// Returns the names of the packages in `crates/`.
    fn crates(&self) -> BTreeSet<&str> {
        let is_crate = |package: &Value| {
            let manifest = Path::new(package["manifest_path"].as_str().unwrap());
            let parent = manifest.ancestors().nth(2).unwrap();
            parent.ends_with("crates")
        };
        let members = self.members().into_iter();
        members
            .filter(|(_, package)| is_crate(package))
            .map(|(name, _)| name)
            .collect()
    }

    fn dialects(&self) -> BTreeSet<&str> {
        let mut dialects = self.crates();
        let others = [
            CORE,
            DIALECT,
            CONFORMANCE,
            GATEWAY,
            PASSWORD,
            LANES,
            STORE_CONTRACT,
            TESTKIT,
        ];
        dialects.retain(|name| !others.contains(name) && !BACKENDS.contains(name));
        dialects
    }

    /// Returns all packages that a member's manifest names, also those for builds and tests.
    fn dependencies(&self, member: &str) -> BTreeSet<&str> {
        let declared = self.members()[member]["dependencies"].as_array().unwrap();
        declared
            .iter()
            .map(|dependency| dependency["name"].as_str().unwrap())
            .collect()
    }

    /// Returns the other packages of this workspace that a member names, without the testkit, which every crate
    /// may use in its tests.
    fn siblings(&self, member: &str) -> BTreeSet<&str> {
        let mut members: BTreeSet<_> = self.members().into_keys().collect();
        members.remove(TESTKIT);
        let dependencies = self.dependencies(member);
        dependencies.intersection(&members).copied().collect()
    }

    /// Returns the siblings that a member is built with, without those of its tests.
    fn built_with(&self, member: &str) -> BTreeSet<&str> {
        let declared = self.members()[member]["dependencies"].as_array().unwrap();
        let built = declared
            .iter()
            .filter(|dependency| dependency["kind"] != "dev");
        let built: BTreeSet<_> = built
            .map(|dependency| dependency["name"].as_str().unwrap())
            .collect();
        let siblings = self.siblings(member);
        siblings.intersection(&built).copied().collect()
    }

    /// Returns the names of all packages that a member's own build needs, without its tests.
    fn below(&self, member: &str) -> BTreeSet<String> {
        let nodes = self.0["resolve"]["nodes"].as_array().unwrap();
        let used: BTreeMap<&str, Vec<&str>> = nodes
            .iter()
            .map(|node| {
                let used = node["deps"].as_array().unwrap().iter();
                let used = used.filter(|dependency| {
                    let kinds = dependency["dep_kinds"].as_array().unwrap();
                    kinds.iter().any(|kind| kind["kind"] != "dev")
                });
                let ids = used.map(|dependency| dependency["pkg"].as_str().unwrap());
                (node["id"].as_str().unwrap(), ids.collect())
            })
            .collect();
        let mut found = BTreeSet::new();
        let mut open = vec![self.members()[member]["id"].as_str().unwrap()];
        while let Some(id) = open.pop() {
            if found.insert(id) {
                open.extend(&used[id]);
            }
        }
        let packages = self.0["packages"].as_array().unwrap().iter();
        packages
            .filter(|package| found.contains(package["id"].as_str().unwrap()))
            .map(|package| package["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Returns the target triple of this machine.
fn this_machine() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

#[test]
fn the_crates_are_found() {
    let graph = Graph::read();
    let crates = graph.crates();
    assert!(
        crates.contains(CORE) && crates.contains(GATEWAY),
        "{crates:?}"
    );
    let dialects = graph.dialects();
    for dialect in ["bimplus", "crmcom", "tokenlogin", "memsource"] {
        assert!(
            dialects.contains(format!("isogloss-{dialect}").as_str()),
            "{dialects:?}"
        );
    }
}

/// The backends depend on core, and only core's tests depend on them.
#[test]
fn core_knows_no_database_and_no_web_framework() {
    let graph = Graph::read();
    assert_eq!(graph.built_with(CORE), BTreeSet::from([PASSWORD]));
    let mut with_tests = BTreeSet::from([PASSWORD, LANES, STORE_CONTRACT]);
    with_tests.extend(BACKENDS);
    assert_eq!(graph.siblings(CORE), with_tests);
    let below = graph.below(CORE);
    assert!(below.contains("argon2"), "the search finds nothing");
    for foreign in [
        "redis",
        "redb",
        "sqlx",
        "sqlx-core",
        "libsqlite3-sys",
        "deadpool",
        "deadpool-redis",
        "rustls",
        "actix-web",
        "actix-http",
        "http",
        "hyper",
        "tracing-actix-web",
    ] {
        assert!(!below.contains(foreign), "{foreign}");
    }
}

#[test]
fn password_hashing_knows_the_bcrypt_lanes_and_no_other_sibling() {
    let graph = Graph::read();
    assert_eq!(graph.siblings(PASSWORD), BTreeSet::from([LANES]));
    assert_eq!(graph.siblings(LANES), BTreeSet::new());
}

#[test]
fn a_backend_knows_core_and_no_other_sibling() {
    let graph = Graph::read();
    let mut with_tests = BTreeSet::from([CORE, STORE_CONTRACT]);
    with_tests.extend(BACKENDS);
    for backend in BACKENDS {
        assert_eq!(
            graph.built_with(backend),
            BTreeSet::from([CORE]),
            "{backend}"
        );
        let siblings = graph.siblings(backend);
        assert!(siblings.is_subset(&with_tests), "{backend}: {siblings:?}");
    }
}

#[test]
fn the_conversations_know_only_the_wire() {
    let graph = Graph::read();
    assert_eq!(graph.siblings(CONFORMANCE), BTreeSet::new());
    assert!(!graph.below(CONFORMANCE).contains("actix-web"));
}

#[test]
fn what_is_for_tests_is_in_no_program() {
    let graph = Graph::read();
    assert_eq!(graph.siblings(TESTKIT), BTreeSet::from([CONFORMANCE]));
    assert_eq!(graph.siblings(STORE_CONTRACT), BTreeSet::from([CORE]));
    for for_tests in [TESTKIT, STORE_CONTRACT] {
        for name in graph.crates().into_iter().filter(|name| *name != for_tests) {
            assert!(!graph.below(name).contains(for_tests), "{name}");
        }
    }
}

#[test]
fn what_dialects_share_knows_at_most_core() {
    let graph = Graph::read();
    let known = graph.siblings(DIALECT);
    assert!(known.is_subset(&BTreeSet::from([CORE])), "{known:?}");
}

#[test]
fn a_dialect_knows_core_and_what_dialects_share_and_no_other_sibling() {
    let graph = Graph::read();
    for dialect in graph.dialects() {
        let known = graph.built_with(dialect);
        assert!(known.contains(CORE), "{dialect}: {known:?}");
        let mut allowed = BTreeSet::from([CORE, DIALECT]);
        assert!(known.is_subset(&allowed), "{dialect}: {known:?}");
        // The tests of a dialect need stores for tokens and users.
        allowed.extend(BACKENDS);
        let known = graph.siblings(dialect);
        assert!(known.is_subset(&allowed), "{dialect}: {known:?}");
    }
}

#[test]
fn a_dialect_leaves_storage_and_hashing_to_core() {
    let graph = Graph::read();
    for dialect in graph.dialects() {
        let dependencies = graph.dependencies(dialect);
        for inner in [
            "redis",
            "deadpool-redis",
            "redb",
            "sqlx",
            "bcrypt",
            "argon2",
            "pbkdf2",
            "scrypt",
            "sha-crypt",
            "config",
            "anyhow",
        ] {
            assert!(!dependencies.contains(inner), "{dialect} uses {inner}");
        }
    }
}

#[test]
fn only_the_gateway_knows_the_dialects() {
    let graph = Graph::read();
    let dialects = graph.dialects();
    for member in graph.members().into_keys() {
        let known: BTreeSet<_> = graph.siblings(member);
        let known: BTreeSet<_> = known.intersection(&dialects).copied().collect();
        if member == GATEWAY {
            assert_eq!(known, dialects, "a dialect that is never mounted");
        } else {
            assert_eq!(known, BTreeSet::new(), "{member}");
        }
    }
}

#[test]
fn every_dialect_has_documented_conversations() {
    let graph = Graph::read();
    for dialect in graph.dialects() {
        let name = dialect.trim_start_matches("isogloss-");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("exchanges")
            .join(name);
        let files = folder.read_dir().into_iter().flatten().count();
        assert!(
            files > 0,
            "nothing in tests/exchanges/{name}: see docs/adding-a-dialect.md"
        );
    }
}
