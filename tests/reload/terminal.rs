//! At a terminal SIGHUP means what it always has.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::builder;

const SIGHUP: i32 = 1;

#[test]
fn a_gateway_at_a_terminal_ends_with_it() {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let terminal = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let gateway = builder("").command(folder.path()).unwrap();
    // Whoever runs this may ignore the signal, and children inherit that.
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
    let mut gateway = command.stderr(File::from(terminal)).spawn().unwrap();
    let (mut screen, mut shown) = (File::from(ours), Vec::new());
    while !String::from_utf8_lossy(&shown).contains("\"mounted\"") {
        let mut buffer = [0; 4096];
        let count = screen.read(&mut buffer).unwrap();
        shown.extend_from_slice(&buffer[..count]);
    }
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
