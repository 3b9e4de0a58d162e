//! Commands whose standard output is closed, as by `head`, end silently.

use std::io::pipe;
use std::process::{Command, Stdio};

use isogloss_testkit::{Gateway, Redis, Store};

/// Exit code that a shell reports for a program that SIGPIPE has ended.
const SIGPIPE: i32 = 128 + 13;

#[test]
fn a_command_whose_output_is_closed_ends_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let redis = Redis::start().unwrap();
    let store = Store::Redis(redis.url());
    let builder = Gateway::builder(crate::PROGRAM)
        .folder(folder.path())
        .store(store);
    let gateway = builder.clone().start().unwrap();
    gateway.wait_until_ready().unwrap();
    let served = builder.command(folder.path()).unwrap();
    for line in [
        "config check",
        "config show",
        "config show --json",
        "config schema",
        "config reference",
        "openapi",
        "openapi memsource",
        "completions bash",
        "completions zsh",
        "completions fish",
        "completions elvish",
        "completions powershell",
        "directory export",
        "directory migrate",
        "directory migrate --json",
        "directory digest-keys list",
        "directory digest-keys list --json",
        "user list",
        "user list --json",
        "user show admin",
        "user show admin --json",
        "user app-password list admin",
        "key list",
        "key list --json",
        "session list --user admin",
        "session list --user admin --json",
        "throttle list",
        "throttle list --json",
        "audit list",
        "audit list --json",
        "sunset report",
        "sunset report --json",
        "doctor",
        "doctor --json",
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = Command::new(crate::PROGRAM);
        command
            .current_dir(folder.path())
            .args(line.split(' '))
            .args(served.get_args().skip(1));
        command.envs(
            served
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        );
        command
            .env("ISOGLOSS__SERVER__BIND", gateway.public().to_string())
            .env(
                "ISOGLOSS__MANAGEMENT__BIND",
                gateway.management().to_string(),
            )
            .stdin(Stdio::null())
            .stdout(writer);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), said.as_str()),
            (Some(SIGPIPE), ""),
            "{line}"
        );
    }
}

#[test]
fn help_whose_reader_is_gone_is_no_panic() {
    for line in [
        "--help",
        "user --help",
        "--version",
        "config reference --help",
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = Command::new(crate::PROGRAM);
        command.args(line.split(' ')).stdout(writer);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
    }
}
