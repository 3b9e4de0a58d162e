//! User names and passwords that nobody has.

use isogloss_testkit::dialects::dialects;

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
                let (response, token) = dialect.login(public, &user, &password).unwrap();
                let what = format!(
                    "{}: {user:?} {password:?}: {}",
                    dialect.name,
                    error_shape::shown(&response)
                );
                assert_eq!(token, None, "{what}");
                assert_eq!(
                    error_shape::check(dialect.name, &response),
                    Ok(()),
                    "{what}"
                );
                let statuses = match dialect.name {
                    "crmcom" => [200, 200],
                    _ => [401, 400],
                };
                assert!(statuses.contains(&response.status), "{what}");
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
            let (response, token) = dialect.login(public, user, password).unwrap();
            let what = format!(
                "{}: {user:.9} {password:.9}: {}",
                dialect.name,
                error_shape::shown(&response)
            );
            assert_eq!(token, None, "{what}");
            assert_eq!(
                error_shape::check(dialect.name, &response),
                Ok(()),
                "{what}"
            );
            let status = if dialect.name == "crmcom" {
                200
            } else {
                status
            };
            assert_eq!(response.status, status, "{what}");
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
            let (response, token) = dialect.login(public, user, "admin-demo").unwrap();
            let what = format!(
                "{}: {user}: {}",
                dialect.name,
                error_shape::shown(&response)
            );
            assert_eq!(token, None, "{what}");
            assert_eq!(
                error_shape::check(dialect.name, &response),
                Ok(()),
                "{what}"
            );
            let status = if dialect.name == "crmcom" { 200 } else { 401 };
            assert_eq!(response.status, status, "{what}");
            assert!(!response.text().contains(user) || user.len() < 5, "{what}");
        }
    }
    assert_unharmed(&mut gateway);
}
