//! Reset keys in e-mails.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::Instant;

use crate::faults::cut_requests::public::tokenlogin;
use crate::faults::cut_requests::{GLANCE, PATIENCE, done, user};

/// Requests an e-mail for that subject's user, waits for it, and returns the key in it.
pub(crate) fn reset_key(folder: &Path, server: SocketAddr, subject: usize) -> String {
    let known = keys(folder, subject);
    done(&tokenlogin::forgotten(subject), server);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let new = keys(folder, subject)
            .into_iter()
            .find(|key| !known.contains(key));
        if let Some(key) = new {
            return key;
        }
        assert!(Instant::now() < deadline, "no e-mail arrived");
        thread::sleep(GLANCE);
    }
}

fn keys(folder: &Path, subject: usize) -> Vec<String> {
    let to = format!("To: {}@example.com", user(subject));
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let letters = files.filter_map(|file| fs::read_to_string(file.path()).ok());
    let letters = letters.filter(|letter| letter.contains(&to) && letter.contains("sets one"));
    letters
        .filter_map(|letter| {
            let mut words = letter.split(|c: char| !c.is_ascii_hexdigit());
            words.find(|word| word.len() == 32).map(str::to_owned)
        })
        .collect()
}
