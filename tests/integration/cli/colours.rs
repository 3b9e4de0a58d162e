//! Colours: shown at a terminal, unless the user disables them.

use std::process::Stdio;

use isogloss_testkit::{Gateway, terminal};

/// Returns what a gateway logs at a terminal until its start is complete, with these variables.
fn shown(variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).env("ISOGLOSS__LOGGING__FORMAT", "text");
    let mut command = builder.command(folder.path()).unwrap();
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    let (mut screen, terminal) = terminal::open();
    command
        .env("TERM", "xterm-256color")
        .envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut gateway = command.stderr(terminal).spawn().unwrap();
    let shown = terminal::shown_until(&mut screen, "mounted");
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    shown
}

#[test]
fn a_log_at_a_terminal_is_coloured_unless_the_user_wants_none() {
    for coloured in [&[][..], &[("NO_COLOR", "")], &[("CLICOLOR", "1")]] {
        assert!(shown(coloured).contains('\u{1b}'), "{coloured:?}");
    }
    for plain in [
        &[("NO_COLOR", "1")][..],
        &[("NO_COLOR", "0")],
        &[("CLICOLOR", "0")],
        &[("TERM", "dumb")],
        &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
    ] {
        assert!(!shown(plain).contains('\u{1b}'), "{plain:?}");
    }
}
