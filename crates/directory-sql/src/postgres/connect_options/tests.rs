//! Accepted addresses, and what they mean.

use std::path::Path;

use sqlx::postgres::PgConnectOptions;

use super::*;

mod environment;
mod refusals;

/// Parses an address with an empty environment. Fails like [`read_in`].
fn read(url: &str, ca_file: Option<&Path>) -> Result<Servers, AddressError> {
    read_in(&|_| None, url, ca_file)
}

fn servers(url: &str) -> Servers {
    read(url, None).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn one(url: &str) -> PgConnectOptions {
    servers(url).each()[0].clone()
}

fn refusal(url: &str) -> String {
    match read(url, None) {
        Ok(_) => panic!("{url} is accepted"),
        Err(error) => error.to_string(),
    }
}

/// Returns the password as the `Debug` output of the options shows it, because the library has no accessor for it.
fn password(options: &PgConnectOptions) -> String {
    let shown = format!("{options:?}");
    let (_, rest) = shown.split_once("password: Some(\"").unwrap();
    rest.split_once("\")").unwrap().0.to_owned()
}

#[test]
fn ipv6_addresses_are_read_in_every_form_that_libpq_has() {
    for url in [
        "postgres://u@[::1]:5433/d",
        "postgres://u@[::1]:5433/d?sslmode=verify-full",
        "postgres://u@/d?host=::1&port=5433",
        "postgres://u@:5433/d?host=::1",
        "postgres://u@/d?host=[::1]&port=5433",
        "postgres://u@/d?hostaddr=::1&port=5433",
        "postgres://u@db.example/d?hostaddr=::1&port=5433&sslmode=require",
        "postgres://u@other:5433/d?host=%3A%3A1",
    ] {
        let options = one(url);
        assert_eq!(
            (options.get_host(), options.get_port()),
            ("::1", 5433),
            "{url}"
        );
    }
    assert_eq!(
        one("postgres://[fe80::1%25eth0]/d").get_host(),
        "fe80::1%eth0"
    );
    for url in [
        "postgres://u@::1/d",
        "postgres://u@[::1/d",
        "postgres://u@[x]/d",
    ] {
        assert!(refusal(url).starts_with("host: "), "{}", refusal(url));
    }
    assert_eq!(
        refusal("postgres://h/d?hostaddr=db.example"),
        "hostaddr: expected an IP address"
    );
    let both = "postgres://db.example/d?hostaddr=::1&sslmode=verify-full";
    assert!(refusal(both).starts_with("hostaddr: cannot be combined"));
}

#[test]
fn several_servers_are_read_with_their_ports() {
    let all = |url: &str| -> Vec<(String, u16)> {
        let servers = servers(url);
        let each = servers.each().iter();
        each.map(|options| (options.get_host().to_owned(), options.get_port()))
            .collect()
    };
    let expected = [("a".to_owned(), 5433), ("::1".to_owned(), 5434)];
    assert_eq!(all("postgres://a:5433,[::1]:5434/d"), expected);
    assert_eq!(all("postgres:///d?host=a,::1&port=5433,5434"), expected);
    let one_port = [("a".to_owned(), 5433), ("b".to_owned(), 5433)];
    assert_eq!(all("postgres:///d?host=a,b&port=5433"), one_port);
    assert!(refusal("postgres:///d?host=a,b&port=1,2,3").starts_with("port: "));
}

#[test]
fn every_part_is_decoded_once_and_a_plus_is_a_plus() {
    for (written, meant) in [
        ("a+b", "a+b"),
        ("a%2Bb", "a+b"),
        ("a%252Bb", "a%2Bb"),
        ("a%40b", "a@b"),
        ("a@b", "a@b"),
        ("a%3Ab", "a:b"),
        ("a%20b", "a b"),
        ("a b", "a b"),
        ("a%2Fb%3Fc%23d", "a/b?c#d"),
        ("%C3%A9", "é"),
    ] {
        let options = one(&format!("postgres://u:{written}@h/d"));
        assert_eq!(password(&options), meant, "{written}");
        let options = one(&format!("postgres://{written}:p@h/d"));
        assert_eq!(options.get_username(), meant, "{written}");
        let options = one(&format!("postgres://u:p@h/{}", written.replace('@', "%40")));
        assert_eq!(options.get_database(), Some(meant), "{written}");
        let options = one(&format!("postgres://u:p@h/d?application_name={written}"));
        assert_eq!(options.get_application_name(), Some(meant), "{written}");
    }
    let colon = one("postgres://u:p:q@h/d");
    assert_eq!(
        (colon.get_username(), password(&colon)),
        ("u", "p:q".to_owned())
    );
    let folder = "/run/my pg+1";
    for url in [
        "postgres://u@%2Frun%2Fmy%20pg+1/d",
        "postgres:///d?host=/run/my%20pg+1",
    ] {
        assert_eq!(one(url).get_socket().unwrap(), Path::new(folder), "{url}");
    }
}

/// For each parameter, values that work, and values that are rejected with its name.
const PARAMETERS: &[(&str, &[&str], &[&str])] = &[
    (
        "host",
        &["db.example", "127.0.0.1", "::1", "/run/postgresql"],
        &["@abstract"],
    ),
    ("hostaddr", &["127.0.0.1", "::1"], &["db.example"]),
    ("port", &["5433", ""], &["0", "-1", "70000", "x"]),
    ("dbname", &["other"], &[]),
    ("user", &["other"], &[]),
    ("password", &[], &["x"]),
    ("passfile", &[], &["/x"]),
    ("require_auth", &[], &["scram-sha-256"]),
    ("channel_binding", &["disable", "prefer"], &["require", "x"]),
    (
        "connect_timeout",
        &["0", "10", "-1", " 3 "],
        &["x", "1s", "99999999999"],
    ),
    ("client_encoding", &["UTF8", "utf-8"], &["auto", "LATIN1"]),
    ("options", &["-c search_path=x", "-csearch_path%3Dx"], &[]),
    ("application_name", &["x"], &[]),
    ("fallback_application_name", &["x"], &[]),
    ("keepalives", &["0"], &["1"]),
    ("keepalives_idle", &[], &["10"]),
    ("keepalives_interval", &[], &["10"]),
    ("keepalives_count", &[], &["10"]),
    ("tcp_user_timeout", &["0"], &["10"]),
    ("replication", &["false"], &["database"]),
    ("gssencmode", &["disable", "prefer"], &["require"]),
    (
        "sslmode",
        &[
            "disable",
            "allow",
            "prefer",
            "require",
            "verify-ca",
            "verify-full",
        ],
        &["maybe", "VERIFY-FULL"],
    ),
    ("requiressl", &[], &["1"]),
    ("ssl", &["true"], &["false"]),
    ("sslnegotiation", &["postgres"], &["direct"]),
    ("sslcompression", &["0"], &["1"]),
    ("sslcert", &[], &["/no/such/file"]),
    ("sslkey", &[], &["/no/such/file"]),
    ("sslkeylogfile", &[], &["/x"]),
    ("sslpassword", &[], &["x"]),
    ("sslcertmode", &["allow"], &["require", "disable"]),
    ("sslrootcert", &["system"], &["/no/such/file"]),
    ("sslcrl", &[], &["/x"]),
    ("sslcrldir", &[], &["/x"]),
    ("sslsni", &["1"], &["0"]),
    ("requirepeer", &[], &["postgres"]),
    ("ssl_min_protocol_version", &["TLSv1.2"], &["TLSv1.3"]),
    ("ssl_max_protocol_version", &["TLSv1.3"], &["TLSv1.2"]),
    ("min_protocol_version", &["3.0"], &["3.2"]),
    ("max_protocol_version", &["3.0", "latest"], &["2.0"]),
    ("krbsrvname", &[], &["x"]),
    ("gsslib", &[], &["gssapi"]),
    ("gssdelegation", &["0"], &["1"]),
    ("scram_client_key", &[], &["x"]),
    ("scram_server_key", &[], &["x"]),
    ("service", &[], &["x"]),
    ("servicefile", &[], &["/x"]),
    (
        "target_session_attrs",
        &[
            "any",
            "read-write",
            "read-only",
            "primary",
            "standby",
            "prefer-standby",
        ],
        &["master"],
    ),
    ("load_balance_hosts", &["disable"], &["random"]),
    ("oauth_issuer", &[], &["x"]),
    ("oauth_client_id", &[], &["x"]),
    ("oauth_client_secret", &[], &["x"]),
    ("oauth_scope", &[], &["x"]),
    ("statement-cache-capacity", &["10"], &["x", "-1"]),
];

#[test]
fn each_parameter_of_libpq_works_or_is_refused_by_its_name() {
    let tested: Vec<_> = PARAMETERS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(tested, parameters::names().collect::<Vec<_>>());
    for (name, accepted, refused) in PARAMETERS {
        for value in *accepted {
            let url = format!("postgres:///isogloss?{name}={value}");
            assert!(
                read(&url, None).is_ok(),
                "{url}: {:?}",
                read(&url, None).err()
            );
        }
        for value in *refused {
            let refusal = refusal(&format!("postgres:///isogloss?{name}={value}"));
            assert!(
                refusal.starts_with(&format!("{name}: ")),
                "{name}={value}: {refusal}"
            );
            assert!(*name != "password" || !refusal.contains('x'), "{refusal}");
        }
    }
}

#[test]
fn options_of_the_address_win_over_those_of_the_gateway() {
    let own = servers("postgres://h/d?options=-c%20search_path%3Dx&options[geqo]=off");
    let limited = own.limited_to(Duration::from_secs(2));
    let options = limited.each()[0].get_options().unwrap();
    for part in [
        "-c client_min_messages=warning",
        "-c search_path=x",
        "-c geqo=off",
    ] {
        assert!(options.contains(part), "{options}");
    }
    let idle = "-c idle_in_transaction_session_timeout=2000";
    let both = format!("-c statement_timeout=2000 {idle}");
    assert!(options.ends_with(&both), "{options}");
    let limit = servers("postgres://h/d?options=-c%20statement_timeout%3D5s");
    let limited = limit.limited_to(Duration::from_secs(2));
    let options = limited.each()[0].get_options().unwrap();
    let both = format!("-c statement_timeout=5s {idle}");
    assert!(options.ends_with(&both), "{options}");
}

#[test]
fn an_authority_makes_the_server_prove_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "").unwrap();
    let mode = |url: &str, ca_file: Option<&Path>| {
        let servers = read(url, ca_file).unwrap();
        format!("{:?}", servers.each()[0].get_ssl_mode())
    };
    assert_eq!(mode("postgres://h/d", Some(&file)), "VerifyFull");
    assert_eq!(
        mode("postgres://h/d?sslmode=require", Some(&file)),
        "VerifyFull"
    );
    assert_eq!(
        mode("postgres://h/d?sslmode=verify-ca", Some(&file)),
        "VerifyCa"
    );
    assert_eq!(mode("postgres://h/d?sslmode=allow", None), "Prefer");
    assert_eq!(mode("postgres://h/d?ssl=true", None), "Require");
    assert_eq!(
        mode("postgres://h/d?sslrootcert=system", None),
        "VerifyFull"
    );
    let root = format!("sslrootcert={}", file.display());
    assert_eq!(
        mode(&format!("postgres://h/d?sslmode=require&{root}"), None),
        "VerifyCa"
    );
    let both = read(&format!("postgres://h/d?{root}"), Some(&file)).unwrap_err();
    assert!(both.to_string().starts_with("sslrootcert: "), "{both}");
    assert!(refusal("postgres://h/d?sslmode=require&sslrootcert=system").starts_with("sslmode: "));
}
