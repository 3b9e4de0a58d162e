//! The table of the documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use isogloss_testkit::servers::{Slapd, wait_until};
use isogloss_testkit::{Gateway, Redis, Store};

use super::{families, login, metrics, value};
use crate::{synchronisation, web_hook};

#[test]
fn the_table_of_the_documentation_names_what_is_served_and_nothing_else() {
    let (redis, folder) = (Redis::start().unwrap(), tempfile::tempdir().unwrap());
    let hook = web_hook::start();
    let slapd = Slapd::start(&synchronisation::person("ann")).unwrap();
    let authorities = [
        web_hook::table("shop", hook.address()),
        synchronisation::table(&slapd, "sync = '1m'"),
    ];
    let gateway = Gateway::builder(crate::PROGRAM)
        .store(Store::Redis(redis.url()))
        .config_text(authorities.concat())
        .env(
            "ISOGLOSS__AUDIT__TO",
            format!("file:{}", folder.path().join("audit").display()),
        )
        .env(
            "ISOGLOSS__DIALECTS__MEMSOURCE__BACKEND",
            "http://127.0.0.1:1",
        )
        .env("ISOGLOSS__LOGGING__ACCESS_TO", "file:access.jsonl")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    login("admin", "admin-demo").send(gateway.public()).unwrap();
    login("eve", web_hook::PASSWORD)
        .send(gateway.public())
        .unwrap();
    // The users are counted after the start.
    let has_counted = || {
        let families = families(&metrics(&gateway));
        let counts = ["isogloss_users", "isogloss_synchronised_users_total"];
        counts.iter().all(|name| families.contains(*name))
    };
    wait_until("users are synchronised and counted", has_counted).unwrap();
    let count = |name: &str, authority: &str| {
        let labels = [("authority", authority), ("state", "active")];
        value(&metrics(&gateway), name, &labels).unwrap()
    };
    assert!(count("isogloss_users", "") > 0.0);
    assert!(count("isogloss_users_never_logged_in", "") > 0.0);
    let mut served = families(&metrics(&gateway));
    served.retain(|name| name.starts_with("isogloss_"));

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/monitoring.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("\n## Metrics\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| `isogloss_"));
    let documented: BTreeSet<_> = rows
        .map(|row| row.split('`').nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(documented, served);

    // Alerts use only metrics that exist.
    let words = section.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    for word in words.filter(|word| word.starts_with("isogloss_")) {
        let base = word.trim_end_matches("_bucket").trim_end_matches("_count");
        assert!(served.contains(word) || served.contains(base), "{word}");
    }
}
