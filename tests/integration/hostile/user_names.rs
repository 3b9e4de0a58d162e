//! User names and passwords that no user has.

use std::net::SocketAddr;

use isogloss_testkit::Response;
use isogloss_testkit::dialects::{Dialect, dialects};

use crate::hostile::error_shape;
use crate::hostile::{assert_unharmed, gateway};

fn controls() -> impl Iterator<Item = char> {
    ('\0'..' ').chain([
        '\u{7f}',
        '\u{85}',
        '\u{202e}',
        '\u{feff}',
        '\u{fffd}',
        '\u{10ffff}',
    ])
}

/// Logs in and checks that the dialect issues no token and refuses the login in its own format, with one of
/// `statuses`, or with 200 at CRM.COM. Returns the response.
fn assert_refused(
    dialect: &Dialect,
    public: SocketAddr,
    (user, password): (&str, &str),
    statuses: &[u16],
) -> Response {
    let (response, token) = dialect.login(public, user, password).unwrap();
    let shown = error_shape::shown(&response);
    let what = format!("{}: {user:.99?} {password:.99?}: {shown}", dialect.name);
    assert_eq!(token, None, "{what}");
    let checked = error_shape::check(dialect.name, &response);
    assert_eq!(checked, Ok(()), "{what}");
    let statuses = if dialect.name == "crmcom" {
        &[200]
    } else {
        statuses
    };
    assert!(statuses.contains(&response.status), "{what}");
    response
}

#[test]
fn names_and_passwords_with_control_characters_are_refused() {
    let mut gateway = gateway();
    let public = gateway.public();
    for dialect in dialects() {
        for control in controls() {
            for (user, password) in [
                (format!("ad{control}min"), "admin-demo".to_owned()),
                (format!("{control}{control}"), "admin-demo".to_owned()),
                ("admin".to_owned(), format!("admin-demo{control}")),
                ("admin".to_owned(), format!("{control}admin-demo")),
                (format!("{control}nobody"), format!("{control}")),
            ] {
                assert_refused(dialect, public, (&user, &password), &[401, 400]);
            }
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn long_names_and_passwords_are_refused() {
    let mut gateway = gateway();
    let public = gateway.public();
    let (long, longer) = ("a".repeat(20_000), "a".repeat(70 * 1024));
    // Bcrypt looks at 72 bytes: what stands behind them must not be cut off.
    let cut_off = format!("admin-demo{}", "\0".repeat(100));
    for dialect in dialects() {
        for (user, password, status) in [
            (long.as_str(), "x", 401),
            ("admin", long.as_str(), 401),
            ("admin", cut_off.as_str(), 401),
            (longer.as_str(), "x", 413),
            ("admin", longer.as_str(), 413),
        ] {
            assert_refused(dialect, public, (user, password), &[status]);
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn names_that_mean_something_elsewhere_are_refused() {
    let mut gateway = gateway();
    let public = gateway.public();
    for dialect in dialects() {
        for user in [
            "' OR 1=1 --",
            "admin'--",
            "%",
            "_dmin",
            "adm*",
            "admin\\",
            "${jndi:ldap://127.0.0.1/x}",
            "{{7*7}}",
            "../../etc/passwd",
            "admin@example.com@example.com",
            "<script>alert(1)</script>",
            "30",
            "{}",
            "null",
        ] {
            let response = assert_refused(dialect, public, (user, "admin-demo"), &[401]);
            let shown = error_shape::shown(&response);
            let is_echoed = response.text().contains(user) && user.len() >= 5;
            assert!(!is_echoed, "{}: {user}: {shown}", dialect.name);
        }
    }
    assert_unharmed(&mut gateway);
}
