//! A terminal of the test's own.

use std::fs::File;
use std::io::Read as _;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Opens a pseudo-terminal. Returns the test's side, from which what is shown can be read, and the side for a
/// program.
pub fn open() -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (File::from(ours), File::from(theirs))
}

/// Reads what is shown until it contains `text`, and returns all of it.
pub fn shown_until(screen: &mut File, text: &str) -> String {
    let mut shown = Vec::new();
    loop {
        let so_far = String::from_utf8_lossy(&shown);
        if so_far.contains(text) {
            return so_far.into_owned();
        }
        let mut buffer = [0; 4096];
        let count = screen.read(&mut buffer).unwrap();
        shown.extend_from_slice(&buffer[..count]);
    }
}
