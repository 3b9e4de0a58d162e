//! The README's commands, run as printed, give the printed answers.

use std::path::Path;
use std::process::Command;

use conformance::{Gateway, Result};
use serde_json::Value;

const README: &str = include_str!("../README.md");
const PRINTED_ADDRESS: &str = "127.0.0.1:8080";

/// The blocks of the README in the languages given, in their order.
fn blocks(languages: [&str; 2]) -> Vec<(&'static str, &'static str)> {
    README
        .split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.split_once('\n'))
        .filter(|(language, _)| languages.contains(language))
        .collect()
}

/// The same keys, and under each the same type; strings of the same length and make.
fn same_shape(printed: &Value, came: &Value) -> bool {
    match (printed, came) {
        (Value::Object(printed), Value::Object(came)) => {
            printed.keys().eq(came.keys())
                && printed
                    .iter()
                    .all(|(key, value)| same_shape(value, &came[key]))
        }
        (Value::String(printed), Value::String(came)) => make(printed) == make(came),
        (printed, came) => printed == came,
    }
}

/// Digits and hexadecimal letters all count as one.
fn make(text: &str) -> String {
    let one = |c: char| match c {
        '0'..='9' | 'a'..='f' => 'x',
        'A'..='F' => 'X',
        other => other,
    };
    let mixed: String = text.chars().map(one).collect();
    // In upper-case tokens digits are as good as letters.
    if mixed.contains('X') {
        mixed.replace('x', "X")
    } else {
        mixed
    }
}

#[test]
fn every_command_gives_the_printed_answer() -> Result<()> {
    let gateway = Gateway::builder(env!("CARGO_BIN_EXE_isogloss-under-test")).start()?;
    let address = gateway.public().to_string();
    let folder = tempfile::tempdir()?;
    // Later commands use what earlier ones put into variables and files: one shell runs them all.
    let mut script = "set -eu\n".to_owned();
    let mut printed: Vec<Value> = Vec::new();
    for (language, text) in blocks(["sh", "json"]) {
        match language {
            "sh" => script.push_str(&format!("{text}\necho\n").replace(PRINTED_ADDRESS, &address)),
            _ => printed.push(serde_json::from_str(text).unwrap()),
        }
    }
    let output = shell(&script, folder.path())?;
    let came: Vec<Value> = output
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(printed.len(), 8, "commands in the README");
    assert_eq!(came.len(), printed.len(), "{output}");
    for (printed, came) in printed.iter().zip(&came) {
        assert!(same_shape(printed, came), "printed {printed}\ncame {came}");
    }
    Ok(())
}

fn shell(script: &str, folder: &Path) -> Result<String> {
    let output = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_first_command_serves_the_demo_and_the_second_runs_the_tests() {
    let makefile = include_str!("../Makefile");
    assert!(README.contains("\nmake run\n") && README.contains("\nmake test\n"));
    assert!(makefile.contains("isogloss-gateway -- serve --config config/demo.toml"));
    assert!(makefile.contains("\ntest: servers "));
}

#[test]
fn shapes_are_told_apart() {
    let printed = serde_json::json!({"token": "4AD9C84FA60F9FE407140E20F707726A", "n": 1});
    let same = serde_json::json!({"token": "0B7B3D1C2A5E4F6089ABCDEF01234567", "n": 1});
    assert!(same_shape(&printed, &same));
    for other in [
        serde_json::json!({"token": "4ad9c84fa60f9fe407140e20f707726a", "n": 1}),
        serde_json::json!({"token": "4AD9C84FA60F9FE407140E20F707726", "n": 1}),
        serde_json::json!({"token": "4AD9C84FA60F9FE407140E20F707726A", "n": "1"}),
        serde_json::json!({"token": "4AD9C84FA60F9FE407140E20F707726A"}),
    ] {
        assert!(!same_shape(&printed, &other), "{other}");
    }
}
