//! Certificates, as the doctor reports them.

use isogloss_testkit::Report;
use tempfile::TempDir;

use super::behind_nginx::{Front, make_certificate};
use super::builder;

#[test]
fn the_certificate_that_clients_see_is_judged() {
    let folder = TempDir::new().unwrap();
    let builder = builder(&folder).config_text("[server]\ntrusted_proxies = [\"127.0.0.1\"]");
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    for (days, verdict, text) in [
        (90, "ok", "for 90 days"),
        (5, "warning", "for 5 days"),
        (-1, "failed", "expired"),
    ] {
        let front = Front::start_with_tls(gateway.public(), &folder, days);
        let url = format!("https://localhost:{}", front.address.port());
        let report = Report::new(&builder, &gateway, &folder, Some(&url));
        report.assert("certificate", verdict, text);
        let route = format!("crmcom at {url}");
        report.assert(&route, if days > 0 { "ok" } else { "failed" }, "");
    }
    let front = Front::start_with_tls(gateway.public(), &folder, 90);
    std::fs::remove_file(folder.path().join("ca.pem")).unwrap();
    let url = format!("https://localhost:{}", front.address.port());
    let report = Report::new(&builder, &gateway, &folder, Some(&url));
    report.assert("certificate", "failed", "");
}

#[test]
fn the_certificate_of_a_listener_is_judged_by_its_file() {
    for (days, verdict) in [(90, "ok"), (5, "warning")] {
        let folder = TempDir::new().unwrap();
        make_certificate(folder.path(), days);
        let builder = builder(&folder).config_text(
            "[server.tls]\ncertificate_file = \"certificate.pem\"\nkey_file = \"key.pem\"",
        );
        let gateway = builder.clone().start().unwrap();
        gateway.wait_until_ready().unwrap();
        let url = format!("https://localhost:{}", gateway.public().port());
        let report = Report::new(&builder, &gateway, &folder, Some(&url));
        assert_eq!(report.of("certificate").len(), 2, "{:#?}", report.findings);
        for finding in report.of("certificate") {
            assert_eq!(finding["verdict"], verdict);
        }
        report.assert(&format!("crmcom at {url}"), "ok", "leads here");
        assert_eq!(report.code, 0);
    }
}
