//! The formats of a line.

use std::fmt::Write as _;

use actix_web::http::Version;
use isogloss_core::audit::moment;
use isogloss_core::printable_json;
use serde::Serialize;
use time::UtcOffset;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use uuid::Uuid;

use super::record::AccessRecord;

/// The members of a line of JSON. Unknown values are left out.
#[derive(Serialize)]
struct JsonLine<'r> {
    time: String,
    log: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dialect: Option<&'r str>,
    #[serde(rename = "http.method")]
    method: &'r str,
    #[serde(rename = "http.route", skip_serializing_if = "Option::is_none")]
    route: Option<&'r str>,
    #[serde(rename = "http.path", skip_serializing_if = "Option::is_none")]
    path: Option<&'r str>,
    #[serde(rename = "http.version")]
    version: &'static str,
    #[serde(rename = "http.status_code")]
    status: u16,
    bytes: u64,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    back_end: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    aborted: bool,
    #[serde(rename = "user.id", skip_serializing_if = "Option::is_none")]
    user: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'r str>,
}

/// Returns a record as one line of JSON.
pub(super) fn json(record: &AccessRecord) -> String {
    let line = JsonLine {
        time: moment(record.time),
        log: "access",
        source: record.source.map(|source| source.to_string()),
        dialect: record.dialect,
        method: &record.method,
        route: record.route.as_deref(),
        path: record.path(),
        version: version(record.version),
        status: record.status_or_499(),
        bytes: record.bytes,
        // In whole microseconds.
        duration_ms: (record.duration.as_secs_f64() * 1e6).round() / 1e3,
        outcome: record.outcome,
        back_end: record.back_end,
        aborted: !record.is_complete,
        user: record.user,
        request_id: record.request_id,
        user_agent: record.user_agent.as_deref(),
    };
    // Texts and numbers under fixed names: serialization cannot fail.
    let line = serde_json::to_string(&line).unwrap_or_default();
    printable_json(&line).into_owned()
}

/// Returns a record as one line of the Common Log Format.
pub(super) fn common(record: &AccessRecord) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    let source = record.source.map(|source| source.to_string());
    let user = record.user.map(|user| user.to_string());
    let time = record.time.to_offset(UtcOffset::UTC).format(FORMAT);
    format!(
        r#"{} - {} [{}] "{} {} HTTP/{}" {} {}"#,
        source.as_deref().unwrap_or("-"),
        user.as_deref().unwrap_or("-"),
        // Numbers in a fixed format: formatting cannot fail.
        time.unwrap_or_default(),
        record.method,
        quoted(record.target()),
        version(record.version),
        record.status_or_499(),
        record.bytes,
    )
}

/// Returns a record as one line of the Combined Log Format.
pub(super) fn combined(record: &AccessRecord) -> String {
    let shown = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), quoted);
    format!(
        r#"{} "{}" "{}""#,
        common(record),
        shown(&record.referrer),
        shown(&record.user_agent)
    )
}

/// Returns a text for a place between quotation marks, escaped as in nginx.
fn quoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' | 0..=0x1f | 0x7f.. => {
                // Writing to a string does not fail.
                let _ = write!(shown, "\\x{byte:02X}");
            }
            _ => shown.push(char::from(byte)),
        }
    }
    shown
}

fn version(version: Version) -> &'static str {
    if version == Version::HTTP_10 {
        "1.0"
    } else {
        "1.1"
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use actix_web::test::TestRequest;
    use time::macros::datetime;

    use super::*;

    const HOSTILE: &str = "\"} \\\u{1b}[2J\u{7f}é\u{9b}\u{202e}";

    fn record() -> AccessRecord {
        let request = TestRequest::post()
            .uri("/web/api2/v1/pro%22jects?token=secret")
            .insert_header(("Referer", "https://u:p@a.example/x?token=secret"))
            .insert_header(("Authorization", "ApiToken secret"))
            .insert_header(("Cookie", "memsource_token=secret"))
            .to_http_request();
        let source = IpAddr::from([192, 0, 2, 7]).into();
        let time = datetime!(2026-11-29 09:00:00.120 +1);
        AccessRecord {
            status: Some(200),
            bytes: 17,
            is_complete: true,
            duration: Duration::from_micros(1234),
            user_agent: Some(HOSTILE.to_owned()),
            ..AccessRecord::begin(request.head(), Some(source), time)
        }
    }

    #[test]
    fn a_line_of_json_has_what_is_known() {
        let known = AccessRecord {
            request_id: Some(Uuid::from_u128(7)),
            user: Some(Uuid::from_u128(9)),
            dialect: Some("memsource"),
            route: Some("/web/api/v3/auth/login".to_owned()),
            outcome: Some("done"),
            user_agent: Some("curl/8".to_owned()),
            ..record()
        };
        assert_eq!(
            json(&known),
            r#"{"time":"2026-11-29T08:00:00.120Z","log":"access","source":"192.0.2.7","dialect":"memsource","http.method":"POST","http.route":"/web/api/v3/auth/login","http.version":"1.1","http.status_code":200,"bytes":17,"duration_ms":1.234,"outcome":"done","user.id":"00000000-0000-0000-0000-000000000009","request_id":"00000000-0000-0000-0000-000000000007","user_agent":"curl/8"}"#
        );
    }

    #[test]
    fn a_path_is_shown_where_the_gateway_has_no_route() {
        let unknown = json(&record());
        let parsed: serde_json::Value = serde_json::from_str(&unknown).unwrap();
        assert_eq!(parsed["http.path"], "/web/api2/v1/pro%22jects");
        assert_eq!(parsed["user_agent"], HOSTILE);
        assert!(
            !unknown.contains(isogloss_core::is_unprintable),
            "{unknown}"
        );
        assert!(!unknown.contains("secret"), "{unknown}");
        let relayed = AccessRecord {
            route: Some("{backend}".to_owned()),
            back_end: Some("answered"),
            ..record()
        };
        let parsed: serde_json::Value = serde_json::from_str(&json(&relayed)).unwrap();
        assert_eq!(parsed["http.path"], "/web/api2/v1/pro%22jects");
        assert_eq!(parsed["back_end"], "answered");
    }

    #[test]
    fn the_common_and_the_combined_format_are_those_of_nginx() {
        let user = AccessRecord {
            user: Some(Uuid::from_u128(9)),
            ..record()
        };
        let line = r#"192.0.2.7 - 00000000-0000-0000-0000-000000000009 [29/Nov/2026:08:00:00 +0000] "POST /web/api2/v1/pro%22jects HTTP/1.1" 200 17"#;
        assert_eq!(common(&user), line);
        let rest = r#"https://a.example/x" "\x22} \x5C\x1B[2J\x7F\xC3\xA9\xC2\x9B\xE2\x80\xAE""#;
        assert_eq!(combined(&user), format!("{line} \"{rest}"));
        let unknown = AccessRecord {
            source: None,
            status: None,
            referrer: None,
            user_agent: None,
            ..record()
        };
        let line = r#"- - - [29/Nov/2026:08:00:00 +0000] "POST /web/api2/v1/pro%22jects HTTP/1.1" 499 17 "-" "-""#;
        assert_eq!(combined(&unknown), line);
    }
}
