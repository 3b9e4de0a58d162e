//! The formats that other programs read, and the standard output.

use isogloss_testkit::Request;
use regex_lite::Regex;

use super::{SAMPLE, gateway, lines, log_in};

const COMMON: &str = r#"^(\S+) - (\S+) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "([^"\\]*(?:\\.[^"\\]*)*)" (\d{3}) (\d+|-)"#;
const REST: &str = r#" "([^"\\]*(?:\\.[^"\\]*)*)" "([^"\\]*(?:\\.[^"\\]*)*)""#;

/// Sends requests with hostile texts and returns the fields of each line.
fn fields(format: &str, pattern: &str) -> Vec<Vec<String>> {
    let gateway = gateway(format).start().unwrap();
    gateway.wait_until_ready().unwrap();
    log_in(&gateway, "sample-demo");
    let agent = "a\" 200 17 \"-\" \"é\\";
    let hostile = Request::get("/v2/no%22%0d%0aforged\"where?token=x")
        .header("User-Agent", agent)
        .header("Referer", "https://u:p@example.com/a\"b?token=x");
    hostile.send(gateway.public()).unwrap();
    let pattern = Regex::new(pattern).unwrap();
    let lines = lines(&gateway, 2);
    let fields = lines.iter().map(|line| {
        assert!(
            line.is_ascii() && !line.contains(char::is_control),
            "{line}"
        );
        let found = pattern.captures(line).unwrap_or_else(|| panic!("{line}"));
        let groups = found.iter().skip(1);
        groups
            .map(|group| group.unwrap().as_str().to_owned())
            .collect()
    });
    fields.collect()
}

#[test]
fn a_common_line_is_read_by_its_usual_expression() {
    let fields = fields("common", &format!("{COMMON}$"));
    assert_eq!(fields[0][0], "127.0.0.1");
    assert_eq!(fields[0][1], SAMPLE);
    assert_eq!(fields[0][3..5], ["POST /v2/authorize HTTP/1.1", "200"]);
    assert_eq!(fields[1][1], "-");
    let request = r"GET /v2/no%22%0d%0aforged\x22where HTTP/1.1";
    assert_eq!(fields[1][3..5], [request, "404"]);
}

#[test]
fn a_combined_line_is_read_by_its_usual_expression() {
    let fields = fields("combined", &format!("{COMMON}{REST}$"));
    assert_eq!(fields[0][6..], ["-", "-"]);
    let agent = r"a\x22 200 17 \x22-\x22 \x22\xC3\xA9\x5C";
    assert_eq!(fields[1][6..], [r"https://example.com/a\x22b", agent]);
}

#[test]
fn lines_go_to_the_standard_output() {
    let gateway = gateway("json").env("ISOGLOSS__LOGGING__ACCESS_TO", "stdout");
    let mut gateway = gateway.start().unwrap();
    log_in(&gateway, "sample-demo");
    assert!(gateway.terminate().unwrap().success());
    let log = gateway.log();
    let lines = log.iter().filter(|line| line.contains(r#""log":"access""#));
    assert_eq!(lines.count(), 1, "{log:#?}");
    assert!(!gateway.folder().join("access").exists());
}
