//! What a process uses, according to `/proc`.

use std::fs;

use anyhow::{Context as _, Result};

/// Returns the resident memory in megabytes, including mapped parts of the program file.
pub(crate) fn resident(process: u32) -> Result<f64> {
    megabytes(process, "VmRSS:")
}

/// Returns the resident memory in megabytes that is not mapped from files.
pub(crate) fn own(process: u32) -> Result<f64> {
    megabytes(process, "RssAnon:")
}

fn megabytes(process: u32, of: &'static str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(of));
    let kilobytes: f64 = line.context(of)?.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1024.0)
}

/// Returns the number of open files and connections.
pub(crate) fn open_files(process: u32) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{process}/fd"))?.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_open_files() {
        let this = std::process::id();
        assert!(resident(this).unwrap() > own(this).unwrap());
        assert!(own(this).unwrap() > 0.0);
        assert!(open_files(this).unwrap() > 2);
    }
}
