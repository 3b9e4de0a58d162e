//! The table of the documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use isogloss_testkit::servers::{Slapd, wait_until};
use isogloss_testkit::{Gateway, Redis, Store};

use super::{families, login, metrics, rules, value};
use crate::tls::certificate_pair::{Files, Pair};
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
    // What a store in this process and TLS add. The tokens are counted at the start.
    let files = Files::with(&Pair::make());
    let embedded = || Gateway::builder(crate::PROGRAM).store(Store::Embedded);
    let mut before = embedded().start().unwrap();
    before.wait_until_ready().unwrap();
    login("admin", "admin-demo").send(before.public()).unwrap();
    assert!(before.terminate().unwrap().success());
    let other = embedded().folder(before.folder());
    let other = other.config_text(files.table("server")).start().unwrap();
    let live = [("dialect", "bimplus"), ("purpose", "access")];
    let has_counted = || value(&metrics(&other), "isogloss_live_tokens", &live) == Some(1.0);
    wait_until("the tokens are counted", has_counted).unwrap();
    served.extend(families(&metrics(&other)));
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

    // Alerts and the dashboard use only metrics that exist.
    for (name, text) in rules::files() {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let words: Vec<_> = words.filter(|word| word.starts_with("isogloss_")).collect();
        assert!(words.len() > 10, "{name}");
        for word in words {
            let base = word.trim_end_matches("_bucket").trim_end_matches("_count");
            assert!(
                served.contains(word) || served.contains(base),
                "{name}: {word}"
            );
        }
    }
}
