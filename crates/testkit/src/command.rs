//! A gateway that is to refuse its start.

use std::io;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

/// Runs a command until it ends, and returns its output.
///
/// # Errors
/// If the command cannot be started, or still runs after 30 seconds; it is killed then, and the error has
/// what it wrote.
pub fn run_to_end(mut command: Command) -> io::Result<Output> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            child.kill()?;
            let said = child.wait_with_output()?;
            let said = String::from_utf8_lossy(&said.stderr);
            return Err(io::Error::other(format!("it started: {said}")));
        }
        thread::sleep(GLANCE);
    }
    child.wait_with_output()
}
