//! Processes of a server that stand still for a while.

use std::io::{Error, Result};
use std::process::Command;

/// Processes that stand still. They go on when this is dropped.
#[derive(Debug, Default)]
pub struct Stalled(Vec<String>);

impl Stalled {
    pub(super) fn add(&mut self, process: &str) -> Result<()> {
        signal("-STOP", process)?;
        self.0.push(process.to_owned());
        Ok(())
    }
}

impl Drop for Stalled {
    fn drop(&mut self) {
        for process in &self.0 {
            drop(signal("-CONT", process));
        }
    }
}

pub(in crate::servers) fn signal(signal: &str, process: &str) -> Result<()> {
    let sent = Command::new("kill").args([signal, process]).status()?;
    if sent.success() {
        return Ok(());
    }
    Err(Error::other(format!("kill {signal} {process}: {sent}")))
}
