//! `isogloss doctor`: reports what is right, what is wrong, and how to repair it.

mod back_ends;
mod behind_nginx;
mod certificates;
mod stores;

use std::net::SocketAddr;
use std::process::Command;

use isogloss_testkit::dialects::dialects;
use isogloss_testkit::{Builder, Gateway, Store};
use tempfile::TempDir;

use crate::doctor::behind_nginx::{Front, Manner};
use isogloss_testkit::Report;

fn builder(folder: &TempDir) -> Builder {
    Gateway::builder(crate::PROGRAM).folder(folder.path())
}

fn http(address: SocketAddr) -> String {
    format!("http://{address}")
}

#[test]
fn a_gateway_that_is_well_is_told_so_and_what_to_look_at() {
    let folder = TempDir::new().unwrap();
    let builder = builder(&folder).store(Store::Embedded);
    let builder = builder.config_text("[server]\ntrusted_proxies = [\"127.0.0.1\"]");
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let front = Front::start(gateway.public(), Manner::Replacing);
    let url = http(front.address);
    let report = Report::new(&builder, &gateway, &folder, Some(&url));
    assert_eq!(report.code, 0, "{:#?}", report.findings);
    report.assert("configuration", "ok", "valid");
    report.assert("files", "ok", "other users cannot read");
    report.assert("directory", "ok", "can be queried");
    report.assert("token store", "ok", "tokens.redb");
    report.assert("management listener", "ok", "ready");
    report.assert("clock", "ok", "the same time as this machine");
    report.assert("names", "ok", "no two names look alike");
    report.assert("demo passwords", "warning", "admin");
    report.assert("demo passwords", "warning", "the admin key `demo`");
    report.assert("certificate", "warning", "not HTTPS");
    for dialect in dialects().iter().map(|dialect| dialect.name) {
        report.assert(
            &format!("{dialect} at {}", http(gateway.public())),
            "ok",
            "leads here",
        );
        report.assert(&format!("{dialect} at {url}"), "ok", "leads here");
    }
}

#[test]
fn listeners_at_ipv6_addresses_are_found() {
    for (bind, host) in [("[::1]:0", "[::1]"), ("[::]:0", "[::1]")] {
        let folder = TempDir::new().unwrap();
        let builder = builder(&folder)
            .env("ISOGLOSS__SERVER__BIND", bind)
            .env("ISOGLOSS__MANAGEMENT__BIND", bind);
        let gateway = builder.clone().start().unwrap();
        gateway.wait_until_ready().unwrap();
        let listener = format!("http://{host}:{}", gateway.public().port());
        let builder = builder.config_text(format!("[server]\npublic_url = \"{listener}\""));
        let report = Report::new(&builder, &gateway, &folder, None);
        report.assert("management listener", "ok", "ready");
        for dialect in dialects().iter().map(|dialect| dialect.name) {
            report.assert(&format!("{dialect} at {listener}"), "ok", "leads here");
        }
        let health = Command::new(crate::PROGRAM)
            .arg("health")
            .current_dir(folder.path())
            .env(
                "ISOGLOSS__MANAGEMENT__BIND",
                gateway.management().to_string(),
            )
            .output()
            .unwrap();
        assert!(health.status.success(), "{health:?}");
    }
}

#[test]
fn a_proxy_that_logs_queries_is_found_out() {
    let folder = TempDir::new().unwrap();
    let builder = builder(&folder).config_text("[server]\ntrusted_proxies = [\"127.0.0.1\"]");
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let front = Front::start(gateway.public(), Manner::Replacing);
    let url = http(front.address);
    let other = folder.path().join("other.log");
    std::fs::write(&other, "").unwrap();
    for (log, verdict, code, text) in [
        (front.log("full.log"), "failed", 1, "contains queries"),
        (front.log("paths.log"), "ok", 0, "without queries"),
        (other, "warning", 0, "contains no line of a request"),
        (front.log("missing.log"), "warning", 0, "No such file"),
    ] {
        let log = log.display().to_string();
        let more = ["--public-url", &url, "--proxy-log", &log];
        let report = Report::with(&builder, &gateway, &folder, &more);
        report.assert("proxy's log", verdict, text);
        assert_eq!(report.code, code, "{log}");
    }
    let report = Report::new(&builder, &gateway, &folder, Some(&url));
    report.assert("proxy's log", "ok", "give --proxy-log FILE");
    assert_eq!(report.code, 0);
}

#[test]
fn digest_keys_that_no_pepper_opens_are_found_out() {
    let folder = TempDir::new().unwrap();
    let builder = builder(&folder);
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let report = Report::new(&builder, &gateway, &folder, None);
    report.assert("digest keys", "ok", "opens all of them");
    let wrong = builder.env("ISOGLOSS__TOKENS__PEPPER", "the pepper of another gateway");
    let report = Report::new(&wrong, &gateway, &folder, None);
    assert_eq!(report.code, 1);
    report.assert("digest keys", "failed", "of 7 cards and keys");
}

#[test]
fn names_that_are_taken_for_one_another_are_told() {
    let folder = TempDir::new().unwrap();
    // As in an export of an earlier release's directory.
    let user = |name: &str| {
        format!(
            "[[users]]\nuser_name = \"{name}\"\norganisation = \"Old\"\n\
             password = \"looked-upon\"\ngrandfathered = true\n"
        )
    };
    let names = ["m\u{430}x", "max", "zo\u{e9}", "zoe\u{301}"].map(user);
    let file = folder.path().join("old.toml");
    let organisation = "[[organisations]]\nname = \"Old\"\n".to_owned();
    std::fs::write(&file, organisation + &names.concat()).unwrap();
    let file = file.display().to_string();
    let builder = builder(&folder).env("ISOGLOSS__DIRECTORY__IMPORT", file);
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let report = Report::new(&builder, &gateway, &folder, None);
    let look = "max of user max and m\u{430}x (m\\u{430}x) of user m\u{430}x";
    report.assert("names", "warning", look);
    let one_name = "one name in Unicode NFC, stored in several forms: zoe\u{301} (zoe\\u{301})";
    report.assert("names", "warning", one_name);
    assert_eq!(report.code, 0);
    let warning = "names that look alike";
    assert!(gateway.logs_times(warning, 1), "{:#?}", gateway.log());
}

#[test]
fn an_address_that_leads_elsewhere_is_found_out() {
    let folder = TempDir::new().unwrap();
    let builder = builder(&folder);
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let other = Gateway::builder(crate::PROGRAM).start().unwrap();
    let changing = Front::start(gateway.public(), Manner::ChangingPaths);
    for (url, text) in [
        (http(other.public()), "is not this gateway"),
        (http(gateway.management()), "is not this gateway"),
        (http(changing.address), "but no dialect"),
        (http("127.0.0.1:1".parse().unwrap()), "connecting to"),
        ("login.example.com".to_owned(), "expected something like"),
    ] {
        let report = Report::new(&builder, &gateway, &folder, Some(&url));
        assert_eq!(report.code, 1, "{url}");
        let at = if url.starts_with("http") {
            format!("crmcom at {url}")
        } else {
            "public address".to_owned()
        };
        report.assert(&at, "failed", text);
    }
    let report = Report::new(&builder, &gateway, &folder, None);
    assert_eq!(report.code, 0);
    report.assert("public address", "warning", "not set");
}

#[test]
fn a_proxy_that_lets_clients_say_who_they_are_is_found_out() {
    let folder = TempDir::new().unwrap();
    let trusting = builder(&folder).config_text("[server]\ntrusted_proxies = [\"127.0.0.1\"]");
    let gateway = trusting.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let believing = Front::start(gateway.public(), Manner::PassingOn);
    let report = Report::new(&trusting, &gateway, &folder, Some(&http(believing.address)));
    assert_eq!(report.code, 1);
    report.assert(
        &format!("bimplus at http://{}", believing.address),
        "failed",
        "forge their address",
    );
    let silent = Front::start(gateway.public(), Manner::Silent);
    let report = Report::new(&trusting, &gateway, &folder, Some(&http(silent.address)));
    assert_eq!(report.code, 0);
    report.assert(
        &format!("bimplus at http://{}", silent.address),
        "warning",
        "does not send the client's address",
    );
}

#[test]
fn a_proxy_that_is_not_listed_is_found_out() {
    let folder = TempDir::new().unwrap();
    let builder = builder(&folder);
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    for (manner, verdict, text) in [
        (
            Manner::Replacing,
            "warning",
            "it is not in server.trusted_proxies",
        ),
        (Manner::Silent, "ok", "leads here"),
    ] {
        let front = Front::start(gateway.public(), manner);
        let url = http(front.address);
        let report = Report::new(&builder, &gateway, &folder, Some(&url));
        report.assert(&format!("bimplus at {url}"), verdict, text);
    }
    // The doctor's own requests do not count as those of a proxy.
    let report = Report::new(&builder, &gateway, &folder, Some(&http(gateway.public())));
    report.assert("bimplus at", "ok", "seen as 127.0.0.1");
    assert!(
        !gateway
            .log()
            .join("\n")
            .contains("sends X-Forwarded-For or Forwarded")
    );
}

#[test]
fn a_gateway_that_does_not_run_and_files_that_all_may_read_are_told() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = TempDir::new().unwrap();
    let builder = builder(&folder);
    let mut gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    gateway.terminate().unwrap();
    let everybody = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    everybody(folder.path(), 0o755);
    everybody(&folder.path().join("pepper"), 0o644);
    let report = Report::new(&builder, &gateway, &folder, None);
    assert_eq!(report.code, 1);
    report.assert("files", "warning", "pepper");
    report.assert("management listener", "warning", "connecting to");
    report.assert("crmcom at", "failed", "connecting to");
    assert_eq!(report.of("bimplus at").len(), 0, "one is enough");
}
