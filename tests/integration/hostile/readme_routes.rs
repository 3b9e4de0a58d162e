//! Compares the list of routes with the READMEs of the dialects, which document every route.

use std::collections::BTreeSet;
use std::fs;

use isogloss_testkit::dialects::dialects;

use crate::hostile::routes::routes_of;

const METHODS: [&str; 3] = ["DELETE", "GET", "POST"];

/// Returns methods and paths in the first column of the tables under `# Routes`.
fn documented(readme: &str, mount: &str) -> BTreeSet<(String, String)> {
    let section = readme.split("\n# Routes\n").nth(1).unwrap();
    let section = section.split("\n# ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    rows.flat_map(|row| in_cell(row.split(" |").next().unwrap(), mount))
        .collect()
}

/// Returns methods and paths of a cell, which may name several paths. A method counts for the following paths,
/// too; without any, a path has GET and POST.
fn in_cell(cell: &str, mount: &str) -> Vec<(String, String)> {
    let mut methods = vec!["GET", "POST"];
    let mut found = Vec::new();
    // Every second piece is in backticks.
    for quoted in cell.split('`').skip(1).step_by(2) {
        let path = match quoted.split_once(' ') {
            Some((method, path)) if METHODS.contains(&method) => {
                methods = vec![method];
                path
            }
            None if quoted.contains('/') => quoted,
            _ => continue,
        };
        let path = path.split('?').next().unwrap();
        let pairs = methods.iter();
        found.extend(pairs.map(|method| ((*method).to_owned(), format!("{mount}/{path}"))));
    }
    found
}

#[test]
fn every_documented_route_is_listed_and_no_other() {
    for dialect in dialects() {
        let listed: BTreeSet<_> = routes_of(dialect.name)
            .map(|route| (route.method.to_owned(), route.path.to_owned()))
            .collect();
        let readme = fs::read_to_string(dialect.file("README.md")).unwrap();
        let documented = documented(&readme, dialect.mount);
        assert_eq!(listed, documented, "{}", dialect.name);
    }
}
