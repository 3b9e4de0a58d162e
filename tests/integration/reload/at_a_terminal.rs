//! At a terminal, SIGHUP has its usual meaning.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use isogloss_testkit::terminal;

use crate::reload::builder;

const SIGHUP: i32 = 1;

#[test]
fn a_gateway_at_a_terminal_ends_with_it() {
    let (mut screen, terminal) = terminal::open();
    let folder = tempfile::tempdir().unwrap();
    let gateway = builder("").command(folder.path()).unwrap();
    // The process that runs this test may ignore the signal, and children inherit that.
    let mut command = Command::new("env");
    command
        .arg("--default-signal=HUP")
        .arg(gateway.get_program());
    command.args(gateway.get_args()).current_dir(folder.path());
    for (key, value) in gateway.get_envs() {
        match value {
            Some(value) => command.env(key, value),
            None => command.env_remove(key),
        };
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut gateway = command.stderr(terminal).spawn().unwrap();
    terminal::shown_until(&mut screen, "\"mounted\"");
    let id = gateway.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-HUP", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(gateway.wait().unwrap().signal(), Some(SIGHUP));
}
