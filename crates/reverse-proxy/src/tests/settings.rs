//! Settings that are refused.

use std::time::Duration;

use crate::{HostHeader, ReverseProxy, Settings, SettingsError};

type Change = fn(&mut Settings);

/// Returns the reason for which changed settings are refused.
fn refusal(change: Change) -> String {
    let mut settings = Settings::new(vec!["http://127.0.0.1:1".parse().unwrap()]);
    change(&mut settings);
    ReverseProxy::new("test", settings)
        .err()
        .unwrap()
        .to_string()
}

#[test]
fn settings_outside_their_range_are_refused() {
    let refusals: [(Change, &str); 8] = [
        (|settings| settings.addresses.clear(), "no address"),
        (|settings| settings.connections = 0, "connections must"),
        (|settings| settings.queue = usize::MAX, "queue must"),
        (|settings| settings.failures = 0, "failures must"),
        (
            |settings| settings.response_timeout = Duration::ZERO,
            "response_timeout must",
        ),
        (
            |settings| settings.host = HostHeader::Name("a\r\nb: c".to_owned()),
            "host must",
        ),
        (
            |settings| settings.health_path = Some("health".to_owned()),
            "health_path must",
        ),
        (
            |settings| settings.health_path = Some("/a b".to_owned()),
            "health_path must",
        ),
    ];
    for (change, start) in refusals {
        let reason = refusal(change);
        assert!(reason.starts_with(start), "{reason}");
    }
}

#[test]
fn files_of_tls_are_read_only_if_an_address_needs_them() {
    let mut settings = Settings::new(vec!["http://127.0.0.1:1".parse().unwrap()]);
    settings.tls.ca_file = Some("/nonexistent/ca.pem".into());
    assert!(ReverseProxy::new("test", settings.clone()).is_ok());
    settings
        .addresses
        .push("https://127.0.0.1".parse().unwrap());
    let refused = ReverseProxy::new("test", settings);
    assert!(matches!(refused, Err(SettingsError::File { .. })));
}
