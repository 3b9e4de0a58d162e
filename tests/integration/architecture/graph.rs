//! The dependencies of this workspace's packages, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

pub(super) const CORE: &str = "isogloss-core";
pub(super) const DIALECT: &str = "isogloss-dialect";
pub(super) const CONFORMANCE: &str = "isogloss-conformance";
pub(super) const GATEWAY: &str = "isogloss-gateway";
pub(super) const PASSWORD: &str = "isogloss-password";
pub(super) const LANES: &str = "isogloss-bcrypt-lanes";
/// Packages that store tokens and users.
pub(super) const BACKENDS: [&str; 3] = [
    "isogloss-directory-sql",
    "isogloss-store-embedded",
    "isogloss-store-redis",
];
/// What packages that ask other systems about passwords share.
pub(super) const AUTHORITY: &str = "isogloss-authority";
/// The beginning of their names.
const AUTHORITY_KIND: &str = "isogloss-authority-";
pub(super) const STORE_CONTRACT: &str = "isogloss-store-contract";
pub(super) const TESTKIT: &str = "isogloss-testkit";
pub(super) const REVERSE_PROXY: &str = "isogloss-reverse-proxy";

/// The workspace and all packages that it depends on.
pub(super) struct Graph(pub(super) Value);

impl Graph {
    pub(super) fn read() -> Self {
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
    pub(super) fn members(&self) -> BTreeMap<&str, &Value> {
        let members = self.0["workspace_members"].as_array().unwrap();
        let packages = self.0["packages"].as_array().unwrap().iter();
        packages
            .filter(|package| members.contains(&package["id"]))
            .map(|package| (package["name"].as_str().unwrap(), package))
            .collect()
    }

    /// Returns the names of the packages in `crates/`.
    pub(super) fn crates(&self) -> BTreeSet<&str> {
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

    pub(super) fn dialects(&self) -> BTreeSet<&str> {
        let mut dialects = self.crates();
        let others = [
            CORE,
            AUTHORITY,
            DIALECT,
            CONFORMANCE,
            GATEWAY,
            PASSWORD,
            LANES,
            STORE_CONTRACT,
            TESTKIT,
            REVERSE_PROXY,
        ];
        dialects.retain(|name| !others.contains(name) && !BACKENDS.contains(name));
        dialects.retain(|name| !name.starts_with(AUTHORITY_KIND));
        dialects
    }

    pub(super) fn authorities(&self) -> BTreeSet<&str> {
        let mut authorities = self.crates();
        authorities.retain(|name| name.starts_with(AUTHORITY_KIND));
        authorities
    }

    /// Returns all packages that a member's manifest names, also those for builds and tests.
    pub(super) fn dependencies(&self, member: &str) -> BTreeSet<&str> {
        let declared = self.members()[member]["dependencies"].as_array().unwrap();
        declared
            .iter()
            .map(|dependency| dependency["name"].as_str().unwrap())
            .collect()
    }

    /// Returns the other packages of this workspace that a member names, without the testkit, which every crate
    /// may use in its tests.
    pub(super) fn siblings(&self, member: &str) -> BTreeSet<&str> {
        let mut members: BTreeSet<_> = self.members().into_keys().collect();
        members.remove(TESTKIT);
        let dependencies = self.dependencies(member);
        dependencies.intersection(&members).copied().collect()
    }

    /// Returns the siblings that a member is built with, without those of its tests.
    pub(super) fn built_with(&self, member: &str) -> BTreeSet<&str> {
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
    pub(super) fn below(&self, member: &str) -> BTreeSet<String> {
        self.needed(&[member])
    }

    /// Returns the names of all packages that the build of a member and of its tests needs, as `cargo tree` does.
    pub(super) fn below_with_tests(&self, member: &str) -> BTreeSet<String> {
        let mut roots: Vec<_> = self.dependencies(member).into_iter().collect();
        roots.push(member);
        self.needed(&roots)
    }

    /// Returns the names of all packages that the builds of the given ones need, without their tests.
    fn needed(&self, roots: &[&str]) -> BTreeSet<String> {
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
        let packages = self.0["packages"].as_array().unwrap();
        let roots = packages
            .iter()
            .filter(|package| roots.contains(&package["name"].as_str().unwrap()));
        let mut open: Vec<_> = roots.map(|root| root["id"].as_str().unwrap()).collect();
        while let Some(id) = open.pop() {
            if found.insert(id) {
                open.extend(&used[id]);
            }
        }
        packages
            .iter()
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
