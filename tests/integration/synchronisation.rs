//! Users whom gateways and a command bring up to date with an LDAP server's list.

use isogloss_testkit::servers::{Slapd, wait_until};
use isogloss_testkit::{Builder, Gateway, Postgres, Request};
use serde_json::{Value, json};

use crate::shell::Shell;

const PASSWORD: &str = "geheim-am-ldap";

pub(crate) fn person(name: &str) -> String {
    format!(
        "dn: uid={name},ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\n\
         sn: {name}\nuserPassword: {PASSWORD}\n\n"
    )
}

/// Returns the table of an authority at the server, with these further settings.
pub(crate) fn table(slapd: &Slapd, more: &str) -> String {
    format!(
        "[[authorities]]\nname = 'corp'\nkind = 'ldap'\norganisation = 'CRMDEMO'\ntimeout = '1m'\n{more}\n\
         [authorities.ldap]\nurls = ['{}']\nbase = 'ou=people,dc=example,dc=com'\n",
        slapd.url()
    )
}

fn login(gateway: &Gateway, name: &str) -> Option<String> {
    let login =
        Request::post("/v2/authorize").json(&json!({"user_id": name, "password": PASSWORD}));
    let answer = login.send(gateway.public()).unwrap();
    let body: Value = answer.json().ok()?;
    Some(body["access_token"].as_str()?.to_owned())
}

fn is_live(gateway: &Gateway, token: &str) -> bool {
    let call = Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"));
    call.send(gateway.public()).unwrap().status == 200
}

fn users(shell: &Shell) -> Vec<(String, bool)> {
    let listed = shell
        .run(&["user", "list", "--authority", "corp", "--json"])
        .json();
    let mut users: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|user| {
            let name = user["user_name"].as_str().unwrap();
            (name.to_owned(), user["state"] == "disabled")
        })
        .collect();
    users.sort();
    users
}

fn named(users: &[(&str, bool)]) -> Vec<(String, bool)> {
    let users = users.iter();
    users
        .map(|(name, is_disabled)| ((*name).to_owned(), *is_disabled))
        .collect()
}

fn events(shell: &Shell, kind: &str) -> Vec<Value> {
    let listed = shell
        .run(&["audit", "list", "--json", "--limit", "1000"])
        .json();
    let events = listed.as_array().unwrap().iter();
    events
        .filter(|event| event["event"] == kind)
        .cloned()
        .collect()
}

#[test]
fn a_command_shows_what_would_change_and_changes_it_and_disabled_users_are_out_at_once() {
    let slapd = Slapd::start(&["ann", "ben", "cleo"].map(person).concat()).unwrap();
    let builder = Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS__AUDIT__DATABASE", "true")
        .config_text(table(&slapd, "max_disable = '1'"));
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let shell = Shell::beside(&builder, gateway.folder());
    let config = gateway.folder().join("corp.toml");
    std::fs::write(&config, table(&slapd, "max_disable = '1'")).unwrap();
    let config = config.to_str().unwrap();
    let sync = |more: &[&str]| {
        let command = [&["directory", "sync", "corp", "--config", config], more].concat();
        shell.run(&command)
    };

    let preview = sync(&["--dry-run"]);
    assert_eq!(preview.exit, Some(0), "{preview:?}");
    let lines: Vec<_> = preview.out.lines().collect();
    assert_eq!(lines.len(), 4, "{preview:?}");
    assert!(lines[0].starts_with("create user ann: "), "{preview:?}");
    assert_eq!(
        lines[3],
        "3 listed; would be: 3 created, 0 updated, 0 disabled, 0 enabled, 0 unchanged"
    );
    assert_eq!(users(&shell), []);
    let done = sync(&[]);
    assert_eq!(
        (done.exit, done.out.as_str()),
        (
            Some(0),
            "3 listed; 3 created, 0 updated, 0 disabled, 0 enabled, 0 unchanged\n"
        ),
        "{done:?}"
    );
    let token = login(&gateway, "ann").unwrap();
    assert!(is_live(&gateway, &token));

    let gone = "dn: uid=ann,ou=people,dc=example,dc=com\nchangetype: delete\n";
    slapd.apply(gone).unwrap();
    let counts: Value = serde_json::from_str(&sync(&["--json"]).out).unwrap();
    assert_eq!(counts["counts"]["disabled"], 1, "{counts}");
    assert_eq!(
        counts["changes"][0]["members"][0]["values"],
        json!([false, true])
    );
    assert!(!is_live(&gateway, &token));
    assert_eq!(login(&gateway, "ann"), None);
    let disabled = events(&shell, "disable_user");
    assert_eq!(disabled.len(), 1, "{disabled:?}");
    assert_eq!(
        (&disabled[0]["target"], &disabled[0]["actor"]),
        (&json!("corp"), &json!("command line"))
    );

    let gone = ["ben", "cleo"]
        .map(|name| format!("dn: uid={name},ou=people,dc=example,dc=com\nchangetype: delete\n\n"));
    slapd.apply(&gone.concat()).unwrap();
    slapd.apply(&person("dan")).unwrap();
    let refused = sync(&[]);
    assert_eq!(refused.exit, Some(1));
    assert!(
        refused
            .err
            .contains("2 of 2 active users would be disabled"),
        "{refused:?}"
    );
    assert_eq!(
        users(&shell),
        named(&[("ann", true), ("ben", false), ("cleo", false)])
    );
    let list = ["authority", "list", "--json", "--config", config];
    let listed = shell.run(&list).json();
    assert_eq!(
        listed["authorities"][0]["synchronisation"]["outcome"]["failed"],
        "brake"
    );
    let refused = &events(&shell, "synchronise_users")[0];
    assert_eq!(
        (&refused["reason"], &refused["cause"]),
        (&json!("brake"), &json!("brake"))
    );
    assert_eq!(sync(&["--max-disable", "100%"]).exit, Some(0));
    assert_eq!(
        users(&shell),
        named(&[("ann", true), ("ben", true), ("cleo", true), ("dan", false)])
    );
    let listed = shell.run(&list).json();
    let done = &listed["authorities"][0]["synchronisation"]["outcome"]["done"];
    assert_eq!(
        (&done["created"], &done["disabled"]),
        (&json!(1), &json!(2))
    );
}

struct Servers {
    slapd: Slapd,
    directory: String,
    _postgres: Postgres,
}

impl Servers {
    fn gateway(&self) -> Builder {
        Gateway::builder(crate::PROGRAM)
            .directory(&self.directory)
            .env("ISOGLOSS__TOKENS__PEPPER", "the same at every gateway")
            .env("ISOGLOSS__DIRECTORY__TIMEOUT", "20s")
            .env("ISOGLOSS__AUDIT__DATABASE", "true")
            .config_text(table(&self.slapd, "sync = '1s'"))
    }
}

#[test]
fn of_several_gateways_one_synchronises_at_a_time() {
    let postgres = Postgres::start().unwrap();
    let names: Vec<_> = (0..20).map(|number| format!("u{number}")).collect();
    let people: String = names.iter().map(|name| person(name)).collect();
    let servers = Servers {
        slapd: Slapd::start(&people).unwrap(),
        directory: postgres.new_database().unwrap(),
        _postgres: postgres,
    };
    let gateways = [(); 2].map(|()| servers.gateway().start().unwrap());
    for gateway in &gateways {
        gateway.wait_until_ready().unwrap();
    }
    let [one, _] = &gateways;
    let shell = Shell::beside(&servers.gateway(), one.folder());
    let config = one.folder().join("corp.toml");
    std::fs::write(&config, table(&servers.slapd, "sync = '1s'")).unwrap();
    let config = config.to_str().unwrap();
    wait_until("all users", || users(&shell).len() == names.len()).unwrap();
    assert!(login(one, "u7").is_some());
    let rounds = || events(&shell, "synchronise_users").len();
    wait_until("further rounds", || rounds() > 4).unwrap();
    // Each user was added once, and no round failed.
    assert_eq!(events(&shell, "add_user").len(), names.len());
    let all = events(&shell, "synchronise_users");
    assert!(
        all.iter().all(|event| event["outcome"] == "done"),
        "{all:?}"
    );
    assert!(
        all.iter().all(|event| event["actor"] == "configuration"),
        "{all:?}"
    );

    // While one of them waits for the server, nothing else begins.
    servers.slapd.stall().unwrap();
    let list = ["authority", "list", "--json", "--config", config];
    let state = || shell.run(&list).json()["authorities"][0]["synchronisation"].clone();
    wait_until("one of them begins", || state()["running"] == true).unwrap();
    let before = state()["begun_at"].clone();
    let refused = shell.run(&["directory", "sync", "corp", "--config", config]);
    assert_eq!(refused.exit, Some(1), "{refused:?}");
    assert!(
        refused.err.contains("another process synchronises"),
        "{refused:?}"
    );
    assert_eq!(state()["begun_at"], before);
    let done = rounds();
    servers.slapd.go_on().unwrap();
    wait_until("another round", || rounds() > done).unwrap();
}
