//! Which packages may depend on which, from `cargo metadata`. A new dialect needs no change here.

mod file_length;
mod graph;
mod public_names;
mod schema_names;
mod third_party;

use std::collections::BTreeSet;
use std::path::Path;

use self::graph::{
    AUTHORITY, BACKENDS, CONFORMANCE, CORE, DIALECT, GATEWAY, Graph, LANES, PASSWORD,
    REVERSE_PROXY, STORE_CONTRACT, TESTKIT,
};

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

/// Holds for core's own tests, too: what tests `Auth` on stores is in `tests/auth`.
#[test]
fn core_knows_no_database_and_no_web_framework() {
    let graph = Graph::read();
    assert_eq!(graph.siblings(CORE), BTreeSet::from([PASSWORD]));
    let below = graph.below_with_tests(CORE);
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
fn an_authority_knows_core_and_what_authorities_share_and_no_other_sibling() {
    let graph = Graph::read();
    let authorities = graph.authorities();
    assert_eq!(authorities.len(), 3, "{authorities:?}");
    for authority in authorities {
        let known = graph.siblings(authority);
        assert_eq!(known, BTreeSet::from([CORE, AUTHORITY]), "{authority}");
        for member in graph.members().into_keys() {
            let is_known = graph.built_with(member).contains(authority);
            assert_eq!(is_known, member == GATEWAY, "{member} and {authority}");
        }
    }
}

#[test]
fn what_authorities_share_knows_core_and_only_authorities_know_it() {
    let graph = Graph::read();
    assert_eq!(graph.siblings(AUTHORITY), BTreeSet::from([CORE]));
    let authorities = graph.authorities();
    for member in graph.members().into_keys() {
        let knows_it = graph.siblings(member).contains(AUTHORITY);
        assert_eq!(knows_it, authorities.contains(member), "{member}");
    }
}

#[test]
fn the_conversations_know_only_the_wire() {
    let graph = Graph::read();
    assert_eq!(graph.siblings(CONFORMANCE), BTreeSet::new());
    assert!(!graph.below(CONFORMANCE).contains("actix-web"));
}

#[test]
fn the_transport_of_the_reverse_proxy_knows_no_sibling() {
    let graph = Graph::read();
    assert_eq!(graph.siblings(REVERSE_PROXY), BTreeSet::new());
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
