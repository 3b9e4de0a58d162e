//! Chromium, driven by a script of a test.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// Returns the folder of the libraries that `tests/install browser` has put next to the build.
fn installed() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().nth(3).unwrap_or(Path::new("target"));
    let modules = target.join("browser/node_modules");
    assert!(
        modules.join("axe-core").is_dir(),
        "playwright-core or axe-core is not installed: tests/install browser"
    );
    modules
}

/// Runs a script with a plan, and returns what it printed: what a person saw in the browser.
pub(crate) fn browse(script: &str, plan: &Value) -> Value {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("script.mjs");
    fs::write(&file, script).unwrap();
    let chromium = include_str!("browser/chromium.mjs");
    fs::write(folder.path().join("chromium.mjs"), chromium).unwrap();
    // Node.js looks for libraries in the folder of the script.
    symlink(installed(), folder.path().join("node_modules")).unwrap();
    let output = Command::new("node")
        .arg(file)
        .arg(plan.to_string())
        .output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}
