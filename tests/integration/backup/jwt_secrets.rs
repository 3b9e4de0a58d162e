//! The secrets of JWTs in a backup, and a restore where others are configured.

use std::fs;

use isogloss_testkit::Store;
use tempfile::TempDir;

use crate::backup::site::Site;

const NEXT: &str = "the next secret of JWTs, of thirty-two bytes";

#[test]
fn the_next_jwt_secret_is_backed_up_and_missed_by_a_restore_that_does_not_have_it() {
    let site = Site::new(Store::Embedded, None);
    drop(site.start(""));
    let room = TempDir::new().unwrap();
    let next = room.path().join("next");
    fs::write(&next, NEXT).unwrap();
    let setting = ("ISOGLOSS__JWT__NEXT_SECRET_FILE", next.to_str().unwrap());
    let folder = room.path().join("backup");
    let folder = folder.to_str().unwrap();
    let backup = site.shell().with(setting.0, setting.1);
    let printed = backup.run(&["backup", folder]).done();
    assert!(printed.contains("next-jwt-secret"), "{printed}");
    let copy = format!("{folder}/next-jwt-secret");
    assert_eq!(fs::read_to_string(copy).unwrap(), NEXT);

    let missed =
        "the backup has a next JWT secret, which is not configured here: set jwt.next_secret_file";
    for (with_setting, is_missed) in [(false, true), (true, false)] {
        let target = Site::new(Store::Embedded, None);
        let mut shell = target.shell();
        if with_setting {
            shell = shell.with(setting.0, setting.1);
        }
        let said = shell.run(&["restore", folder]);
        assert_eq!(said.exit, Some(0), "{said:?}");
        assert_eq!(said.err.contains(missed), is_missed, "{said:?}");
        assert!(!said.err.contains(NEXT));
    }
}
