//! Whatever is sent to a dialect's routes is refused in that dialect's own words, and harms nobody.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod damage;
mod documented;
mod documents;
mod heads;
mod inputs;
mod methods;
mod names;
mod oversized;
mod properties;
mod protection;
mod refusal;
mod routes;
mod size;
mod slow;
mod tokens;

use isogloss_testkit::Gateway;
use isogloss_testkit::dialects::dialects;

use self::routes::ROUTES;

fn gateway() -> Gateway {
    Gateway::builder(env!("CARGO_BIN_EXE_isogloss-under-test"))
        .start()
        .unwrap()
}

#[test]
fn every_dialect_has_its_routes_here() {
    for dialect in dialects() {
        let name = dialect.name;
        assert!(
            ROUTES.iter().any(|route| route.dialect == name),
            "crates/{name}/testing.toml has no route: see docs/adding-a-dialect.md"
        );
    }
}

/// Good logins still work, and the log knows of no panic and no failure of ours.
fn assert_unharmed(gateway: &mut Gateway) {
    for dialect in dialects() {
        let (response, token) = dialect
            .login(gateway.public(), "admin", "admin-demo")
            .unwrap();
        assert!(
            token.is_some(),
            "{} after all that: {response:?}",
            dialect.name
        );
    }
    assert!(gateway.terminate().unwrap().success());
    for line in gateway.log() {
        let bad = line.contains("panic") || line.contains("\"ERROR\"");
        assert!(!bad, "{line}");
    }
}
