//! Help, and the exit codes of wrong usage.

use tempfile::TempDir;

use crate::shell::{Said, Shell};

/// Collects every command with its help, starting from the help of `path`.
fn commands(shell: &Shell, path: &[String], found: &mut Vec<(String, String)>) {
    let mut arguments: Vec<_> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = shell.run(&arguments).done();
    let listed = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "));
    let listed: Vec<_> = listed
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    for name in listed {
        commands(shell, &[path, &[name.to_owned()]].concat(), found);
    }
    found.push((path.join(" "), help));
}

fn all_commands() -> Vec<(String, String)> {
    let folder = TempDir::new().unwrap();
    let mut found = Vec::new();
    commands(&Shell::alone(folder.path()), &[], &mut found);
    found
}

#[test]
fn every_command_of_the_contract_is_there() {
    let found = all_commands();
    for command in [
        "serve",
        "config check",
        "config show",
        "directory import",
        "directory export",
        "user add",
        "user list",
        "user show",
        "user set-password",
        "user invite",
        "user disable",
        "user enable",
        "user logout",
        "user totp enrol",
        "user totp disable",
        "user totp recovery-codes",
        "user totp status",
        "user app-password add",
        "user app-password list",
        "user app-password revoke",
        "session list",
        "session revoke",
        "throttle clear",
        "throttle list",
        "audit list",
        "backup",
        "restore",
        "conformance",
    ] {
        assert!(found.iter().any(|(path, _)| path == command), "{command}");
    }
}

#[test]
fn every_command_says_what_it_is_for() {
    for (command, help) in all_commands() {
        let first = help.lines().next().unwrap();
        assert!(
            first.len() > 10 && !first.starts_with("Usage"),
            "{command}: {help}"
        );
        assert!(help.contains("\nUsage: "), "{command}: {help}");
        assert!(help.contains("--config <FILE>"), "{command}: {help}");
        let mut lines = help.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(option) = line.trim_start().strip_prefix("--") else {
                continue;
            };
            // The description of a long option is on the next line.
            let (_, words) = option.split_once("  ").unwrap_or_default();
            let next = lines.peek().filter(|next| next.starts_with("          "));
            let words = [words, next.copied().unwrap_or_default()].concat();
            let words = words.trim();
            let described = !words.is_empty() && !words.starts_with("[default");
            assert!(described, "{command}: no word on --{option}");
        }
    }
}

#[test]
fn every_listing_speaks_json() {
    for (command, help) in all_commands() {
        let last = command.rsplit(' ').next().unwrap();
        if ["list", "show", "status", "export"].contains(&last) {
            assert!(help.contains("--json"), "{command}: {help}");
        }
    }
}

#[test]
fn no_command_takes_a_password_as_an_argument() {
    for (command, help) in all_commands() {
        assert!(
            !help.contains("--password <") && !help.contains("<PASSWORD>"),
            "{command}: {help}"
        );
    }
    let folder = TempDir::new().unwrap();
    let shell = Shell::alone(folder.path());
    shell.import_demo().done();
    let before = shell.run(&["directory", "export"]).done();
    for arguments in [
        &[
            "user",
            "add",
            "eve",
            "--organisation",
            "CRMDEMO",
            "--password",
            "x",
        ][..],
        &[
            "user",
            "add",
            "eve",
            "--organisation",
            "CRMDEMO",
            "--password=x",
        ],
        &["user", "add", "eve", "x", "--organisation", "CRMDEMO"],
        &[
            "user",
            "add",
            "eve",
            "--organisation",
            "CRMDEMO",
            "--password-stdin",
            "x",
        ],
        &["user", "set-password", "admin", "x"],
        &["user", "set-password", "admin", "--password", "x"],
        &["user", "set-password", "admin", "--password-stdin=x"],
    ] {
        let said = shell.run_with(arguments, "from-stdin\n");
        assert_eq!(
            (said.exit, said.out.as_str()),
            (Some(2), ""),
            "{arguments:?}: {said:?}"
        );
    }
    assert_eq!(shell.run(&["directory", "export"]).done(), before);
}

#[test]
fn bad_usage_is_exit_code_2() {
    let folder = TempDir::new().unwrap();
    let shell = Shell::alone(folder.path());
    for arguments in [
        &[][..],
        &["nonsense"],
        &["user"],
        &["user", "nonsense"],
        &["user", "show"],
        &["user", "add", "eve"],
        &["user", "add", "--organisation", "CRMDEMO"],
        &[
            "user",
            "add",
            "eve",
            "--organisation",
            "CRMDEMO",
            "--number",
            "x",
        ],
        &[
            "user",
            "add",
            "eve",
            "--organisation",
            "CRMDEMO",
            "--role",
            "KING",
        ],
        &["user", "disable"],
        &["user", "disable", "a", "b"],
        &["user", "list", "--yaml"],
        &["user", "totp", "enrol"],
        &[
            "user",
            "totp",
            "enrol",
            "a",
            "--code-stdin",
            "--unconfirmed",
        ],
        &["user", "app-password", "add", "a"],
        &["user", "app-password", "add", "a", "--dialect", "latin"],
        &["user", "app-password", "revoke", "a"],
        &["directory", "import"],
        &["config", "show", "--nope"],
        &["serve", "--config"],
    ] {
        let Said { exit, out, err } = shell.run(arguments);
        assert_eq!((exit, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(
            err.contains("Usage:") || err.contains("--help"),
            "{arguments:?}: {err}"
        );
    }
}
