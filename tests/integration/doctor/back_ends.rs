//! Back ends that respond, and those that do not.

use isogloss_testkit::{BackEndServer, Builder, Report, Step};
use tempfile::TempDir;

use super::{Front, Manner, builder, http};

const CHECK: &str = "back end of bimplus";

fn with_back_end(folder: &TempDir, address: &str, more: &str) -> Builder {
    let settings = format!("[dialects.bimplus]\nbackend = '{address}'\n{more}");
    builder(folder).config_text(settings)
}

/// Returns the report on a running gateway whose back end has that address.
fn report_on(address: &str, more: &str) -> Report {
    let folder = TempDir::new().unwrap();
    let builder = with_back_end(&folder, address, more);
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    Report::new(&builder, &gateway, &folder, Some(&http(gateway.public())))
}

#[test]
fn a_back_end_is_asked_through_the_public_address() {
    let response = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let back_end = BackEndServer::start(move |_| Step::respond(response)).unwrap();
    let folder = TempDir::new().unwrap();
    let builder = with_back_end(&folder, &back_end.url(), "");
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let front = Front::start(gateway.public(), Manner::Silent);
    let report = Report::new(&builder, &gateway, &folder, Some(&http(front.address)));
    let text = format!("{} responds (404)", back_end.url());
    report.assert(CHECK, "ok", &text);
    assert_eq!(report.code, 0, "{:#?}", report.findings);
    assert_eq!(
        report.of("back end of ").len(),
        1,
        "the other dialects have none"
    );
    // Without a public address, the gateway's own one will do.
    let report = Report::new(&builder, &gateway, &folder, None);
    report.assert(CHECK, "ok", &text);
    assert_eq!(back_end.request_count(), 2);
}

#[test]
fn the_cause_is_reported_with_the_setting_that_removes_it() {
    let silent = BackEndServer::start(|_| Step::silence()).unwrap();
    let plain = Front::start(silent.address(), Manner::Silent);
    let without_tls = format!("https://{}", plain.address);
    let folder = TempDir::new().unwrap();
    let private = Front::start_with_tls(silent.address(), &folder, 90);
    let unknown = format!("https://localhost:{}", private.address.port());
    let no_time = "[dialects.bimplus.proxy]\nresponse_timeout = '1s'";
    for (address, more, text, hint) in [
        (
            "http://127.0.0.1:1",
            "",
            "connecting: Connection refused",
            "start the back end",
        ),
        (
            "unix:/nowhere/at/all",
            "",
            "connecting: No such file",
            "the path of its socket",
        ),
        (
            &silent.url(),
            no_time,
            "no response within 1s",
            "the back end's log",
        ),
        (
            &without_tls,
            "",
            "TLS: received corrupt message",
            "http:// in dialects.bimplus.backend",
        ),
        (
            &unknown,
            "",
            "TLS: invalid peer certificate: UnknownIssuer",
            "dialects.bimplus.proxy.ca_file",
        ),
    ] {
        let report = report_on(address, more);
        report.assert(CHECK, "failed", text);
        assert_eq!(report.code, 1, "{address}");
        let given = report.of(CHECK)[0]["hint"].as_str().unwrap();
        assert!(given.contains(hint), "{address}: {given}");
    }
}

#[test]
fn a_back_end_with_tls_that_gets_none_is_warned_of() {
    let silent = BackEndServer::start(|_| Step::silence()).unwrap();
    let folder = TempDir::new().unwrap();
    let with_tls = Front::start_with_tls(silent.address(), &folder, 90);
    let report = report_on(&http(with_tls.address), "");
    report.assert(CHECK, "warning", "responds with 400");
    assert_eq!(report.code, 0);
}

#[test]
fn a_back_end_that_the_running_gateway_does_not_have_is_found_out() {
    let folder = TempDir::new().unwrap();
    let gateway = builder(&folder).start().unwrap();
    gateway.wait_until_ready().unwrap();
    let changed = with_back_end(&folder, "http://127.0.0.1:1", "");
    let report = Report::new(&changed, &gateway, &folder, Some(&http(gateway.public())));
    report.assert(CHECK, "failed", "the running gateway has none");
    assert_eq!(report.code, 1);
}
