//! The alert rules and the dashboard that come with the documentation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/monitoring")
}

/// Returns the names and texts of the files that name metrics.
pub(super) fn files() -> Vec<(String, String)> {
    let names = ["alerts.yml", "alerts.test.yml", "grafana.json"];
    let text = |name: &str| fs::read_to_string(folder().join(name)).unwrap();
    names.map(|name| (name.to_owned(), text(name))).into()
}

fn promtool(arguments: &[&str]) -> String {
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(folder());
    let output = command.output().expect("run `make servers`");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

#[test]
fn prometheus_accepts_the_rules_and_each_alert_fires_when_it_should() {
    let said = promtool(&["check", "rules", "alerts.yml"]);
    let (_, tested) = files().swap_remove(1);
    let (_, rules) = files().swap_remove(0);
    let names = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let names: Vec<_> = names.collect();
    assert!(
        said.contains(&format!("{} rules found", names.len())),
        "{said}"
    );
    promtool(&["test", "rules", "alerts.test.yml"]);
    for name in names {
        let tests = tested.matches(&format!("alertname: {name}\n")).count();
        assert_eq!(
            tests, 2,
            "{name}: one time at which it fires, and one at which it does not"
        );
    }
}

#[test]
fn each_query_of_the_dashboard_is_one_that_prometheus_understands() {
    let (_, text) = files().swap_remove(2);
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let queries = targets.map(|target| target["expr"].as_str().unwrap());
    let rules = queries.enumerate().map(|(number, query)| {
        // Grafana replaces its variables before it sends a query.
        let query = query
            .replace("$__rate_interval", "5m")
            .replace("$instance", ".*");
        format!(
            "      - record: query:{number}\n        expr: {}\n",
            Value::from(query)
        )
    });
    let rules: Vec<_> = rules.collect();
    assert!(rules.len() > 20);
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!("groups:\n  - name: queries\n    rules:\n{}", rules.concat());
    fs::write(file.path(), text).unwrap();
    let said = promtool(&["check", "rules", file.path().to_str().unwrap()]);
    assert!(
        said.contains(&format!("{} rules found", rules.len())),
        "{said}"
    );
}
