//! Commands of the README and of `back-ends.md`, run as printed, return the printed responses.

use std::path::Path;
use std::process::Command;

use isogloss_testkit::{Gateway, Result};
use serde_json::{Number, Value};

const README: &str = include_str!("../../README.md");
const BACK_ENDS: &str = include_str!("../../docs/back-ends.md");

/// Returns the blocks of a page in these languages, in their order.
fn blocks(page: &'static str, languages: [&str; 3]) -> Vec<(&'static str, &'static str)> {
    page.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.split_once('\n'))
        .filter(|(language, _)| languages.contains(language))
        .collect()
}

/// Returns whether two values have the same keys, types and formats: strings of the same length with the same
/// kinds of characters.
fn same_shape(printed: &Value, came: &Value) -> bool {
    match (printed, came) {
        (Value::Object(printed), Value::Object(came)) => {
            printed.keys().eq(came.keys())
                && printed
                    .iter()
                    .all(|(key, value)| same_shape(value, &came[key]))
        }
        (Value::String(printed), Value::String(came)) => {
            make(printed) == make(came) || (is_handle(printed) && is_handle(came))
        }
        (Value::Number(printed), Value::Number(came)) => {
            printed == came || (is_moment(printed) && is_moment(came))
        }
        (printed, came) => printed == came,
    }
}

/// Returns whether the text is the handle of a token.
fn is_handle(text: &str) -> bool {
    let allowed = |c| matches!(c, 'a'..='z' | '2'..='7');
    text.len() == 26 && text.chars().all(allowed)
}

/// Returns whether the number is a Unix time after 2001.
fn is_moment(number: &Number) -> bool {
    number
        .as_i64()
        .is_some_and(|seconds| seconds > 1_000_000_000)
}

/// Replaces all hexadecimal digits with one character for each case.
fn make(text: &str) -> String {
    let one = |c: char| match c {
        '0'..='9' | 'a'..='f' => 'x',
        'A'..='F' => 'X',
        other => other,
    };
    let mixed: String = text.chars().map(one).collect();
    // In upper-case tokens, decimal digits count as upper case.
    if mixed.contains('X') {
        mixed.replace('x', "X")
    } else {
        mixed
    }
}

#[test]
fn every_command_of_the_readme_gives_the_printed_answer() -> Result<()> {
    every_command_gives_the_printed_answer(README, 8)
}

#[test]
fn every_command_for_services_gives_the_printed_answer() -> Result<()> {
    every_command_gives_the_printed_answer(BACK_ENDS, 4)
}

fn every_command_gives_the_printed_answer(page: &'static str, answers: usize) -> Result<()> {
    let gateway = Gateway::builder(crate::PROGRAM).start()?;
    gateway.wait_until_ready()?;
    let addressed = |text: &str| {
        text.replace("127.0.0.1:8080", &gateway.public().to_string())
            .replace("127.0.0.1:8081", &gateway.management().to_string())
    };
    let folder = tempfile::tempdir()?;
    // Later commands use variables and files of earlier ones, so one shell runs all of them.
    let mut script = "set -eu\n".to_owned();
    let mut printed: Vec<Value> = Vec::new();
    for (language, text) in blocks(page, ["sh", "json", "text"]) {
        match language {
            "sh" => script.push_str(&addressed(&format!("{text}\necho\n"))),
            _ => printed.push(serde_json::from_str(text).unwrap()),
        }
    }
    let output = shell(&script, folder.path())?;
    let came: Vec<Value> = output
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(printed.len(), answers, "responses on the page");
    assert_eq!(came.len(), printed.len(), "{output}");
    for (printed, came) in printed.iter().zip(&came) {
        assert!(
            same_shape(printed, came),
            "printed {printed}\nreceived {came}"
        );
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
    let makefile = include_str!("../../Makefile");
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
