//! Third-party crates: which are used, each in one version and with the same features in every build.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use super::{GATEWAY, Graph};

impl Graph {
    /// Returns the versions of all packages that are built, by name.
    fn versions(&self) -> BTreeMap<&str, Vec<&str>> {
        let nodes = self.0["resolve"]["nodes"].as_array().unwrap();
        let built: BTreeSet<_> = nodes.iter().map(|node| node["id"].as_str()).collect();
        let mut versions = BTreeMap::<_, Vec<_>>::new();
        for package in self.0["packages"].as_array().unwrap() {
            if built.contains(&package["id"].as_str()) {
                let name = package["name"].as_str().unwrap();
                let version = package["version"].as_str().unwrap();
                versions.entry(name).or_default().push(version);
            }
        }
        versions
    }
}

#[test]
fn no_openssl_is_built() {
    let graph = Graph::read();
    let versions = graph.versions();
    assert!(versions.len() > 100, "only {} packages", versions.len());
    for name in [
        "openssl",
        "openssl-sys",
        "openssl-src",
        "native-tls",
        "tokio-native-tls",
    ] {
        assert!(!versions.contains_key(name), "{name}");
    }
}

#[test]
fn what_we_stand_on_is_there_once() {
    let graph = Graph::read();
    let versions = graph.versions();
    for name in [
        "actix-web",
        "serde",
        "serde_json",
        "redis",
        "deadpool-redis",
        "bcrypt",
        "argon2",
        "pbkdf2",
        "scrypt",
        "sha-crypt",
        "md-5",
        "sha1",
        "uuid",
        "config",
        "tracing-actix-web",
    ] {
        let found = versions.get(name).map_or(0, Vec::len);
        assert_eq!(found, 1, "{name}: {:?}", versions.get(name));
    }
}

/// Returns the features of every package in a tree, as `cargo tree` prints them.
fn features(arguments: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(["tree", "--offline", "--locked", "--no-dedupe"])
        .args(["--prefix", "none", "--format", "{p}|{f}"])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let mut features = BTreeMap::<_, BTreeSet<_>>::new();
    let tree = String::from_utf8(output.stdout).unwrap();
    // Empty lines separate the trees of several packages.
    for (package, enabled) in tree.lines().filter_map(|line| line.split_once('|')) {
        let enabled_here = features.entry(package.to_owned()).or_default();
        // `(*)` marks a package whose tree is left out: it depends on itself in its tests.
        enabled_here.insert(enabled.trim_end_matches(" (*)").to_owned());
    }
    features
}

/// With different features, cargo would compile the gateway, and most of its dependencies, once for each.
#[test]
fn one_package_and_the_workspace_are_built_with_the_same_features() {
    let gateway = features(&["--package", GATEWAY, "--edges", "normal,build"]);
    let workspace = features(&["--workspace", "--edges", "normal,build,dev"]);
    for (package, enabled) in gateway {
        assert_eq!(Some(&enabled), workspace.get(&package), "{package}");
    }
}
