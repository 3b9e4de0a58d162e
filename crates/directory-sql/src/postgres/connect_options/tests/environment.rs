//! Values that an address omits are taken from the variables of libpq, or rejected with the variable's name.

use super::*;

fn read_with(variable: &str, value: &str, url: &str) -> Result<Servers, AddressError> {
    let environment = |name: &str| (name == variable).then(|| value.into());
    read_in(&environment, url, None)
}

fn shown(variable: &str, value: &str, url: &str) -> String {
    let servers = read_with(variable, value, url);
    format!(
        "{:?}",
        servers.unwrap_or_else(|error| panic!("{variable}: {error}"))
    )
}

#[test]
fn a_variable_counts_where_the_address_is_silent() {
    for (variable, value, silent, expected, said) in [
        (
            "PGHOST",
            "h1,h2",
            "postgres:///d",
            "host: \"h2\"",
            "postgres://h/d",
        ),
        (
            "PGHOSTADDR",
            "::1",
            "postgres:///d",
            "host: \"::1\"",
            "postgres:///d?hostaddr=::2",
        ),
        (
            "PGPORT",
            "5433",
            "postgres://h/d",
            "port: 5433",
            "postgres://h:1/d",
        ),
        (
            "PGDATABASE",
            "own",
            "postgres://h",
            "database: Some(\"own\")",
            "postgres://h/d",
        ),
        (
            "PGUSER",
            "own",
            "postgres://h/d",
            "username: \"own\"",
            "postgres://u@h/d",
        ),
        (
            "PGPASSWORD",
            "own",
            "postgres://u@h/d",
            "password: Some(\"own\")",
            "postgres://u:p@h/d",
        ),
        (
            "PGAPPNAME",
            "own",
            "postgres://h/d",
            "Some(\"own\")",
            "postgres://h/d?application_name=a",
        ),
        (
            "PGOPTIONS",
            "-c geqo=off",
            "postgres://h/d",
            "geqo=off",
            "postgres://h/d?options=-c%20a%3Db",
        ),
        (
            "PGSSLMODE",
            "require",
            "postgres://h/d",
            "ssl_mode: Require",
            "postgres://h/d?sslmode=disable",
        ),
        (
            "PGSSLMODE",
            "verify-full",
            "postgres://h/d",
            "ssl_mode: VerifyFull",
            "postgres://h/d?ssl=true",
        ),
        (
            "PGCONNECT_TIMEOUT",
            "3",
            "postgres://h/d",
            "connect_timeout: Some(3s)",
            "postgres://h/d?connect_timeout=5",
        ),
        (
            "PGTARGETSESSIONATTRS",
            "primary",
            "postgres://h/d",
            "attributes: Primary",
            "postgres://h/d?target_session_attrs=any",
        ),
    ] {
        let taken = shown(variable, value, silent);
        assert!(taken.contains(expected), "{variable}: {taken}");
        let own = shown(variable, value, said);
        assert!(!own.contains(expected), "{variable}: {own}");
    }
}

#[test]
fn a_variable_that_cannot_be_honoured_is_refused_by_its_name() {
    for (variable, value) in [
        ("PGHOST", "@abstract"),
        ("PGHOSTADDR", "localhost"),
        ("PGPORT", "many"),
        ("PGREQUIREAUTH", "scram-sha-256"),
        ("PGCHANNELBINDING", "require"),
        ("PGSERVICE", "own"),
        ("PGSSLMODE", "maybe"),
        ("PGREQUIRESSL", "1"),
        ("PGSSLNEGOTIATION", "direct"),
        ("PGSSLCERT", "/no/such/file"),
        ("PGSSLKEY", "/no/such/file"),
        ("PGSSLCERTMODE", "require"),
        ("PGSSLROOTCERT", "/no/such/file"),
        ("PGSSLCRL", "/no/such/file"),
        ("PGSSLCRLDIR", "/no/such/folder"),
        ("PGREQUIREPEER", "postgres"),
        ("PGSSLMINPROTOCOLVERSION", "TLSv1.3"),
        ("PGSSLMAXPROTOCOLVERSION", "TLSv1.2"),
        ("PGGSSENCMODE", "require"),
        ("PGCONNECT_TIMEOUT", "soon"),
        ("PGTARGETSESSIONATTRS", "leader"),
    ] {
        let Err(refusal) = read_with(variable, value, "postgres:///d") else {
            panic!("{variable}={value} is accepted");
        };
        let refusal = refusal.to_string();
        assert!(refusal.starts_with(&format!("{variable}: ")), "{refusal}");
        assert!(
            read_with(variable, "", "postgres:///d").is_ok(),
            "{variable}"
        );
    }
}

#[test]
fn a_setting_for_the_authorities_counts_for_more_than_the_environment() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let environment = |name: &str| (name == "PGSSLROOTCERT").then(|| "/no/such/file".into());
    let read = read_in(&environment, "postgres://h/d", Some(file.path()));
    assert!(read.is_ok(), "{:?}", read.err());
}
