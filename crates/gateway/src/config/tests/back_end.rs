//! Settings of back ends: what is refused, and with which message.

use super::of_text;

/// Fails unless the settings of the dialect `memsource` are refused with that message.
fn assert_refused(settings: &str, expected: &str) {
    let text = format!("[dialects.bimplus]\n[dialects.memsource]\n{settings}\n");
    let refusal = of_text(&text).err();
    let refusal = refusal.unwrap_or_else(|| panic!("{settings}: is valid"));
    let expected = format!("dialects.memsource.{expected} (in a.toml)");
    assert_eq!(refusal.to_string(), expected, "{settings}");
}

#[test]
fn one_address_and_several_are_accepted() {
    for backend in [
        "'http://10.0.0.7:9000'",
        "['https://a.internal', 'https://[2001:db8::1]:8443/']",
        "'unix:/run/app.sock'",
    ] {
        let config = of_text(&format!("[dialects.memsource]\nbackend = {backend}\n")).unwrap();
        let shown = config.show().unwrap();
        assert!(shown.contains("backend = ["), "{shown}");
    }
}

#[test]
fn invalid_settings_are_refused_by_name() {
    let backend = "backend = 'http://10.0.0.7:9000'\n";
    for (settings, expected) in [
        (
            "backend = 'ftp://a'",
            "backend: expected http://host:port, https://host:port or unix:/path/to/socket",
        ),
        (
            "backend_paths = ['/a']",
            "backend_paths: expected dialects.memsource.backend, too",
        ),
        (
            "public_paths = ['/a']",
            "public_paths: expected dialects.memsource.backend, too",
        ),
        (
            "backend_auth = 'maybe'",
            "backend_auth: expected required or optional",
        ),
        (
            "proxy.token = 'jwt'",
            "proxy.token: expected jwt.enabled = true, too",
        ),
        (
            "proxy.host = 'a b'",
            "proxy.host: expected client, backend or a host name",
        ),
        (
            "proxy.pins = ['YWJj']",
            "proxy.pins: expected SHA-256 digests in base64, of 44 characters each",
        ),
        (
            "proxy.ca_file = 'nowhere.pem'",
            "proxy.ca_file: expected the path of a file",
        ),
        (
            "proxy.connections = 0",
            "proxy.connections: expected a number from 1 to 65536",
        ),
        (
            "proxy.queue_timeout = '0s'",
            "proxy.queue_timeout: expected a duration from 1ms to 1day",
        ),
    ] {
        assert_refused(settings, expected);
    }
    for (settings, expected) in [
        (
            "backend_paths = ['/a', 'a']",
            "backend_paths: expected [METHOD ]/path or [METHOD ]/path/*, without escapes, in entry 2",
        ),
        (
            "backend_paths = ['/web/*']",
            "backend_paths: expected paths below /web: all of /web would take the logins, too (entry 1)",
        ),
        (
            "backend_paths = ['/v2/projects']",
            "backend_paths: /v2/projects is below the path of bimplus",
        ),
    ] {
        assert_refused(&format!("{backend}{settings}"), expected);
    }
}

#[test]
fn one_path_cannot_go_to_two_back_ends() {
    let text = |one: &str, other: &str| {
        format!(
            "[dialects.bimplus]\nbackend = 'http://a'\nbackend_paths = ['{one}']\n\
             [dialects.memsource]\nbackend = 'http://b'\nbackend_paths = ['{other}']\n"
        )
    };
    for (one, other) in [("/rest/*", "/rest/*"), ("/a", "GET /a"), ("/a", "/A")] {
        let refusal = of_text(&text(one, other)).err().unwrap().to_string();
        assert!(refusal.contains("is taken by bimplus"), "{refusal}");
    }
    for (one, other) in [("/rest/*", "/rest/a"), ("POST /a", "GET /a")] {
        of_text(&text(one, other)).unwrap();
    }
}
