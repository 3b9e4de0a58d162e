//! Unusable certificate files are reported in one line.

use std::process::Command;

use crate::tls::certificate_pair::{Files, Pair};

/// Returns exit code and message of `config check`.
fn check(table: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(&file, table).unwrap();
    let mut command = Command::new(crate::PROGRAM);
    command.current_dir(folder.path());
    command.args(["config", "check", "--config", "a.toml"]);
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn files_that_cannot_serve_are_refused_by_key_and_name() {
    let (pair, other) = (Pair::make(), Pair::make());
    let both = format!("{}{}", pair.certificate, pair.key);
    let (empty, broken) = (String::new(), "-----BEGIN CERTIFICATE-----\nx".to_owned());
    for section in ["server", "management"] {
        for (certificate, key, wrong, expected) in [
            (
                &pair.certificate,
                &other.key,
                "key_file",
                "KEY is not the key of CERT",
            ),
            (
                &pair.key,
                &pair.key,
                "certificate_file",
                "CERT holds no certificate in PEM",
            ),
            (
                &empty,
                &pair.key,
                "certificate_file",
                "CERT holds no certificate in PEM",
            ),
            (
                &broken,
                &pair.key,
                "certificate_file",
                "CERT is not PEM: expected a certificate",
            ),
            (
                &pair.certificate,
                &pair.certificate,
                "key_file",
                "KEY holds no private key in PEM",
            ),
            (
                &pair.certificate,
                &empty,
                "key_file",
                "KEY holds no private key in PEM",
            ),
        ] {
            let files = Files::with(&pair);
            files.put("certificate.pem", certificate);
            files.put("key.pem", key);
            let (exit, said) = check(&files.table(section));
            let shown = |name: &str| files.path(name).display().to_string();
            let expected = expected
                .replace("KEY", &shown("key.pem"))
                .replace("CERT", &shown("certificate.pem"));
            let line = format!("isogloss: {section}.tls.{wrong}: {expected} (in a.toml)\n");
            assert_eq!((exit, said.as_str()), (Some(2), line.as_str()));
        }
        // One file may hold both.
        let files = Files::with(&pair);
        files.put("certificate.pem", &both);
        files.put("key.pem", &both);
        assert_eq!(check(&files.table(section)), (Some(0), String::new()));
    }
}

#[test]
fn files_that_are_missing_and_keys_that_are_none_are_refused_by_name() {
    let files = Files::with(&Pair::make());
    let key = files.path("key.pem").display().to_string();
    for (table, expected) in [
        (
            format!("[server.tls]\ncertificate_file = \"/no/such\"\nkey_file = \"{key}\""),
            "server.tls.certificate_file: /no/such: No such file or directory (os error 2) (in a.toml)",
        ),
        (
            format!("[server.tls]\nkey_file = \"{key}\""),
            "server.tls.certificate_file: expected a file in PEM (in a.toml)",
        ),
        (
            format!("{}client_ca_file = \"{key}\"", files.table("management")),
            "management.tls.client_ca_file: KEY holds no certificate in PEM (in a.toml)",
        ),
        (
            "[server.tls]\ncertificate = \"x\"".to_owned(),
            "server.tls.certificate: no such key, expected one of `certificate_file`, `key_file`, `client_ca_file` (in a.toml)",
        ),
        (
            "[server]\ntls = true".to_owned(),
            "server.tls: expected a table (in a.toml)",
        ),
    ] {
        let (exit, said) = check(&table);
        let expected = expected.replace("KEY", &key);
        assert_eq!(
            (exit, said.trim_end()),
            (Some(2), format!("isogloss: {expected}").as_str())
        );
    }
}
