//! What a process uses, according to `/proc`.

use std::fs;
use std::time::Duration;

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

/// Returns the CPU time of all threads so far, to a hundredth of a second.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program is in parentheses and may contain blanks. The state follows, then ten fields and the two
    // times, in ticks of which Linux always reports a hundred for each second.
    let (_, fields) = stat.rsplit_once(") ").context("stat")?;
    let times = fields.split(' ').skip(11).take(2);
    let ticks = times.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
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

    #[test]
    fn this_process_uses_the_cpu_that_it_is_busy_for() {
        let this = std::process::id();
        let before = cpu(this).unwrap();
        let mut busy = 0_u64;
        while cpu(this).unwrap() < before + Duration::from_millis(50) {
            busy = std::hint::black_box(busy + 1);
        }
        assert!(busy > 0);
    }
}
