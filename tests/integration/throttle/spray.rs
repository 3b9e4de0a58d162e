//! Password spraying over many users: no client name gets a single additional guess checked.

use std::fmt::Write as _;
use std::fs;

use tempfile::TempDir;

use super::*;

const USERS: usize = 60;
const GUESSES: usize = 600;
const SOURCE_TRIES: usize = 100;

const APPLICATION: &str = "6C12345D9B0C4F3C23ABB5721D098F7B";
const CLIENT: &str = "31cb1181-2cbc-49dc-883a-0620e20140a4";
const HOME: &str = "192.0.2.1";

/// Client name that a login sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Declared {
    Nothing,
    /// The name that its owner's client sends.
    Known,
    /// A new name each time.
    Fresh,
}

fn login(dialect: Dialect, name: &str, password: &str, client: Option<&str>) -> Request {
    match (dialect, client) {
        (Bimplus, Some(client)) => Request::post("/v2/authorize").json(&json!({"user_id": name,
            "password": password, "client_id": client, "application_id": APPLICATION})),
        (Tokenlogin, Some(client)) => {
            Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key").json(
                &json!({"userName": name, "password": password, "deviceName": client,
                    "generateReAuthenticationToken": true}),
            )
        }
        (Bimplus | Crmcom | Tokenlogin | Memsource, _) => dialect.login(name, password),
    }
}

/// Starts a gateway with users who have all logged in from one address, with clients of the usual name.
fn at_home() -> (TempDir, Gateway) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.toml");
    let mut text = "organisations = [{ name = 'CRMDEMO', default_unit = 'A', units = [{ id = 'A', name = 'A' }] }]\n\
        keys = [{ realm = 'tokenlogin', label = 'app', key = 'demo-api-key', allow_weak = true }]\nusers = [\n"
        .to_owned();
    for user in 0..USERS {
        let name = format!("user-{user}");
        let entry = format!(
            "{{ user_name = '{name}', organisation = 'CRMDEMO', password = '{name}-pw' }},"
        );
        writeln!(text, "{entry}").unwrap();
    }
    text.push(']');
    fs::write(&file, text).unwrap();
    let gateway = gateway(&format!(
        "source_tries = {SOURCE_TRIES}\naccount_tries = 10"
    ))
    .config_text(BEHIND_A_PROXY)
    .config_text(LONG_QUEUE)
    .config_text("[dialects.bimplus]\napplications = 'any'")
    .env("ISOGLOSS__DIRECTORY__IMPORT", file.display().to_string())
    .start()
    .unwrap();
    gateway.wait_until_ready().unwrap();
    for user in 0..USERS {
        let name = format!("user-{user}");
        for dialect in [Bimplus, Tokenlogin] {
            let login = login(dialect, &name, &format!("{name}-pw"), Some(CLIENT));
            assert_in(dialect, &forwarded(login, HOME), gateway.public());
        }
    }
    (folder, gateway)
}

/// Returns how many guesses from that address are checked.
fn looked_at(gateway: &Gateway, mix: &[Dialect], declared: Declared, address: &str) -> usize {
    let before = throttled(gateway);
    concurrently(GUESSES, |guess| {
        let dialect = mix[guess / USERS % mix.len()];
        let fresh = format!("{guess:032x}");
        let client = match declared {
            Declared::Nothing => None,
            Declared::Known => Some(CLIENT),
            Declared::Fresh => Some(&*fresh),
        };
        let name = format!("user-{}", guess % USERS);
        let login = login(dialect, &name, &format!("guess-{guess}"), client);
        forwarded(login, address).send(gateway.public()).unwrap();
    });
    GUESSES - (throttled(gateway) - before)
}

#[test]
fn no_client_name_and_no_mix_of_dialects_has_more_guesses_looked_at() {
    let (_folder, gateway) = at_home();
    let mut address = 0;
    for mix in [
        &DIALECTS[..],
        &[Bimplus],
        &[Crmcom],
        &[Tokenlogin],
        &[Memsource],
    ] {
        for declared in [Declared::Nothing, Declared::Known, Declared::Fresh] {
            address += 1;
            let looked_at = looked_at(&gateway, mix, declared, &format!("203.0.{address}.1"));
            eprintln!("{mix:?} {declared:?}: {looked_at} of {GUESSES}");
            assert_eq!(looked_at, SOURCE_TRIES, "{mix:?} {declared:?}");
        }
    }
    // The same applies to the address at which all users are known.
    let at_home = looked_at(&gateway, &DIALECTS, Declared::Known, HOME);
    assert_eq!(at_home, SOURCE_TRIES);
}
