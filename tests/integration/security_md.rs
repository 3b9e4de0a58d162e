//! `SECURITY.md` names a test for each defence, and each of these tests exists.

use std::fs;
use std::path::Path;

/// Header of each table, after its first cell.
const HEADER: &str = " | what stops it | shown by |";
const NOT_DEFENDED: &str = "## What is not defended";

/// Returns the faults of the page. `has` returns whether a file has a test, or exists if no test is named.
fn faults(page: &str, has: impl Fn(&str, Option<&str>) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    if !page.contains(NOT_DEFENDED) {
        faults.push(format!("nothing is under `{NOT_DEFENDED}`"));
    }
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let rows = rows.filter(|line| !line.ends_with(HEADER) && !line.starts_with("| ---"));
    let mut count = 0;
    for row in rows {
        count += 1;
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [attack, _, shown_by] = cells[..] else {
            faults.push(format!("not three cells: {row}"));
            continue;
        };
        // Every second piece is in backticks.
        let names: Vec<_> = shown_by.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            faults.push(format!("{attack}: no test shows it"));
        }
        let missing = names
            .into_iter()
            .filter(|name| match name.split_once("::") {
                Some((file, test)) => !has(file, Some(test)),
                // A documented conversation is a test by itself.
                None => !(name.starts_with("tests/exchanges/") && has(name, None)),
            });
        faults.extend(missing.map(|name| format!("{attack}: there is no {name}")));
    }
    if count == 0 {
        faults.push("there is no table".to_owned());
    }
    faults
}

/// Returns whether the text has a test of that name, and not just a function.
fn has_test(text: &str, name: &str) -> bool {
    let heads = [format!("fn {name}()"), format!("async fn {name}()")];
    let mut lines = text.lines().map(str::trim).scan("", |before, line| {
        let pair = (*before, line);
        *before = line;
        Some(pair)
    });
    lines.any(|(before, line)| {
        let is_test = before.starts_with("#[") && before.contains("test");
        is_test && heads.iter().any(|head| line.starts_with(head.as_str()))
    })
}

#[test]
fn everything_that_is_defended_is_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap_or_default();
    let faults = faults(&page, |file, test| {
        let text = fs::read_to_string(root.join(file)).ok();
        text.is_some_and(|text| test.is_none_or(|test| has_test(&text, test)))
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn faults_are_found() {
    let page = |rows: &str| {
        format!("| attack{HEADER}\n| --- | --- | --- |\n{rows}\n{NOT_DEFENDED}\n\n- much\n")
    };
    let has = |file: &str, test: Option<&str>| match test {
        Some(test) => (file, test) == ("a.rs", "holds"),
        None => file == "tests/exchanges/a.toml",
    };
    for (rows, expected) in [
        (
            "| x | y | `a.rs::holds`, `tests/exchanges/a.toml` |",
            &[][..],
        ),
        ("", &["there is no table"]),
        ("| x | y |", &["not three cells: | x | y |"]),
        ("| x | y | words |", &["x: no test shows it"]),
        (
            "| x | y | `a.rs::holds`, `a.rs::gone`, `b.toml`, `a.rs` |",
            &[
                "x: there is no a.rs::gone",
                "x: there is no b.toml",
                "x: there is no a.rs",
            ],
        ),
    ] {
        assert_eq!(faults(&page(rows), has), expected, "{rows}");
    }
    assert!(has_test("#[test]\nfn a() {", "a"));
    assert!(has_test("    #[tokio::test]\n    async fn a() {", "a"));
    assert!(!has_test("fn a() {", "a"));
    assert!(!has_test("#[test]\nfn ab() {", "a"));
}
