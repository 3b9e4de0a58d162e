//! Content of files that settings name: reloaded, or reported as waiting for a restart.

use std::fs;

use isogloss_testkit::{Gateway, Request};

use crate::reload::{NOT_RELOADED, RELOADED, builder, fields};

const WAITS: &str = "the changed contents of a file wait for a restart";

fn logs_in(gateway: &Gateway, name: &str, password: &str) -> bool {
    let login = Request::post("/web/api/v3/auth/login");
    let login = login.form(format!("userName={name}&password={password}"));
    login.send(gateway.public()).unwrap().status == 200
}

fn directory(users: &[&str]) -> String {
    let organisation = "[[organisations]]\nname = \"Demo\"\n".to_owned();
    let users = users.iter().map(|user| {
        format!(
            "[[users]]\nuser_name = \"{user}\"\norganisation = \"Demo\"\n\
             password = \"marked-{user}-password\"\n"
        )
    });
    [organisation].into_iter().chain(users).collect()
}

#[test]
fn a_changed_directory_file_is_applied_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.toml");
    fs::write(&file, directory(&["alice"])).unwrap();
    let gateway = builder("")
        .env("ISOGLOSS__DIRECTORY__IMPORT", file.display().to_string())
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    assert!(logs_in(&gateway, "alice", "marked-alice-password"));
    assert!(!logs_in(&gateway, "bob", "marked-bob-password"));

    fs::write(&file, "users = 3").unwrap();
    gateway.hang_up().unwrap();
    assert!(gateway.logs(NOT_RELOADED));
    let problem = fields(&gateway, NOT_RELOADED)[0]["problem"].to_string();
    assert!(problem.contains("directory.import"), "{problem}");

    fs::write(&file, directory(&["alice", "bob"])).unwrap();
    gateway.hang_up().unwrap();
    assert!(gateway.logs(RELOADED), "{:#?}", gateway.log());
    assert!(logs_in(&gateway, "bob", "marked-bob-password"));
    let applied = fields(&gateway, "applied the directory file");
    assert_eq!(applied.len(), 2);
    assert_eq!(
        (&applied[1]["created"], &applied[1]["unchanged"]),
        (&1.into(), &2.into())
    );

    // The same file is not applied again.
    gateway.hang_up().unwrap();
    assert!(gateway.logs_times(RELOADED, 2));
    assert_eq!(fields(&gateway, "applied the directory file").len(), 2);
}

#[test]
fn changed_secrets_that_wait_for_a_restart_are_named_by_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let write = |version: &str| {
        for name in ["pepper", "previous", "jwt", "previous-jwt", "next-jwt"] {
            let text = format!("marked-{version}-{name}-that-is-long-enough-for-all");
            fs::write(folder.path().join(name), text).unwrap();
        }
    };
    write("first");
    let text = format!(
        "[tokens]\nprevious_pepper_file = {:?}\n\
         [jwt]\nenabled = true\nissuer = \"https://login.example.com\"\naudience = \"all\"\n\
         secret_file = {:?}\nprevious_secret_file = {:?}\nnext_secret_file = {:?}\n",
        file("previous"),
        file("jwt"),
        file("previous-jwt"),
        file("next-jwt")
    );
    let gateway = builder(&text)
        .env("ISOGLOSS__TOKENS__PEPPER_FILE", file("pepper"))
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    gateway.hang_up().unwrap();
    assert!(gateway.logs(RELOADED), "{:#?}", gateway.log());
    assert_eq!(fields(&gateway, WAITS).len(), 0);

    write("second");
    gateway.hang_up().unwrap();
    assert!(gateway.logs_times(RELOADED, 2));
    let keys: Vec<_> = fields(&gateway, WAITS)
        .iter()
        .map(|fields| fields["key"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        keys,
        [
            "jwt.next_secret_file",
            "jwt.previous_secret_file",
            "jwt.secret_file",
            "tokens.pepper_file",
            "tokens.previous_pepper_file",
        ]
    );
    assert!(!gateway.log().join("\n").contains("marked-"));
}
