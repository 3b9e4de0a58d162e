//! Files that are not writable.

use std::process::Command;

use isogloss_testkit::Store;
use isogloss_testkit::servers::wait_until;

use crate::readiness::Subject;
use isogloss_testkit::Report;
use isogloss_testkit::SmallDisk;

#[test]
fn a_full_disk_under_the_tokens_is_named() {
    let disk = SmallDisk::mount();
    let subject = Subject::start(|builder| builder.store(Store::Embedded).folder(disk.path()));
    subject.assert_mended("at the start");
    disk.fill();
    wait_until("a login is 503", || subject.login() == 503).unwrap();
    let named = || {
        let (status, body) = subject.readyz();
        status == 503
            && body["reason"]
                .to_string()
                .contains("No space left on device")
    };
    let named = wait_until("it is named", named);
    assert!(named.is_ok(), "{:?}", subject.readyz());
    disk.empty();
    subject.assert_mended("a full disk");
}

#[test]
fn a_directory_that_became_read_only_is_a_warning() {
    let disk = SmallDisk::mount();
    let url = format!("sqlite:{}", disk.path().join("directory.db").display());
    let subject = Subject::start(|builder| builder.directory(url));
    subject.assert_mended("at the start");
    // Open files stay writable; files opened from now on are read-only.
    let mount = |options: &[&str]| {
        let mut command = Command::new("mount");
        let status = command.args(options).arg(disk.path()).arg(disk.path());
        assert!(status.status().unwrap().success(), "needs root");
    };
    mount(&["--bind"]);
    mount(&["-o", "remount,bind,ro"]);
    subject.gateway.hang_up().unwrap();
    let named = || {
        let (status, body) = subject.readyz();
        status == 200
            && body["directory"]
                .to_string()
                .contains("cannot be written to")
    };
    let named = wait_until("it is named", named);
    let login = subject.login();
    let report = Report::new(&subject.builder, &subject.gateway, &subject.folder, None);
    // Lazily: the gateway may just have opened a file there.
    let unmounted = Command::new("umount")
        .arg("--lazy")
        .arg(disk.path())
        .status();
    assert!(unmounted.unwrap().success());
    assert!(named.is_ok(), "{:?}", subject.readyz());
    assert_eq!(login, 200);
    report.assert("directory", "warning", "readonly");
    subject.assert_mended("a read-only directory");
}
