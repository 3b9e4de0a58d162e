//! The Containerfile: the files it copies exist, and the commands it runs are valid. `tests/image/run` builds the image
//! and runs it.

use std::path::Path;
use std::process::Command;

const CONTAINERFILE: &str = include_str!("../../config/Containerfile");
const DEPLOYMENT: &str = include_str!("../../config/kubernetes/deployment.yaml");
const NETWORK_POLICY: &str = include_str!("../../config/kubernetes/networkpolicy.yaml");

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn what_is_copied_is_there() {
    let copied = CONTAINERFILE
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|rest| !rest.starts_with("--from"));
    for line in copied {
        let mut paths: Vec<_> = line.split_whitespace().collect();
        paths.pop();
        for path in paths {
            assert!(repository().join(path).exists(), "{path}");
        }
    }
}

#[test]
fn what_is_run_is_understood_with_the_configuration_that_is_copied() {
    let commands: Vec<Vec<String>> = CONTAINERFILE
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CMD "))
        .map(|list| serde_json::from_str(list).unwrap())
        .collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let [program, command, option, file] = command.try_into().unwrap();
        assert_eq!(
            (program.as_str(), option.as_str()),
            ("isogloss", "--config")
        );
        assert!(CONTAINERFILE.contains(&format!("COPY config/container.toml {file}")));
        for arguments in [vec![&*command, "--help"], vec!["config", "check"]] {
            let output = Command::new(crate::PROGRAM)
                .args(arguments)
                .arg("--config")
                .arg(repository().join("config/container.toml"))
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
        }
    }
}

/// Claims that a file has each of these lines, with any indentation.
fn has_lines(file: &str, lines: &[&str]) {
    for line in lines {
        assert!(file.lines().any(|other| other.trim() == *line), "{line}");
    }
}

#[test]
fn an_intruder_finds_no_shell_and_has_no_rights() {
    let (_, runtime) = CONTAINERFILE.rsplit_once("\nFROM ").unwrap();
    assert!(runtime.starts_with("scratch\n"), "{runtime}");
    has_lines(runtime, &["USER 65532:65532"]);
    let rights = [
        "automountServiceAccountToken: false",
        "runAsNonRoot: true",
        "runAsUser: 65532",
        "allowPrivilegeEscalation: false",
        "readOnlyRootFilesystem: true",
        "drop: [ALL]",
        "type: RuntimeDefault",
    ];
    has_lines(DEPLOYMENT, &rights);
}

#[test]
fn the_management_listener_is_for_pods_of_chosen_namespaces() {
    let (public, management) = NETWORK_POLICY
        .split_once("- { port: management, protocol: TCP }")
        .unwrap();
    has_lines(public, &["- { port: public, protocol: TCP }"]);
    has_lines(management, &["from:", "- podSelector: {}"]);
}
