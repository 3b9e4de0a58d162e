//! Load from wrk, a public load generator: requests as fast as responses come.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

/// The requests of a measurement, sent in turn and repeated from the beginning.
pub(crate) struct Questions {
    script: PathBuf,
    _folder: TempDir,
}

impl Questions {
    /// Creates one request for each token. `before` and `after` are the text of the request around the token.
    pub(crate) fn about(tokens: &[String], before: &str, after: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        let list = folder.path().join("tokens");
        fs::write(&list, tokens.join("\n") + "\n")?;
        let mut lua = String::new();
        writeln!(lua, "local before, after = {before:?}, {after:?}")?;
        writeln!(lua, "local tokens, count, last = {{}}, 0, 0")?;
        writeln!(
            lua,
            "for line in io.lines({:?}) do",
            list.display().to_string()
        )?;
        lua.push_str("    count = count + 1\n    tokens[count] = line\nend\n");
        lua.push_str("request = function()\n    last = last % count + 1\n");
        lua.push_str("    return before .. tokens[last] .. after\nend\n");
        Self::of(folder, &lua)
    }

    /// Takes whole requests. A response without `mark` in its body fails the measurement, whatever its status.
    pub(crate) fn whole(requests: &[String], mark: &str) -> Result<Self> {
        let mut lua = String::from("local requests = {\n");
        for request in requests {
            writeln!(lua, "    {request:?},")?;
        }
        lua.push_str("}\nlocal last = 0\n");
        lua.push_str("request = function()\n    last = last % #requests + 1\n");
        lua.push_str("    return requests[last]\nend\n");
        lua.push_str("response = function(status, headers, body)\n");
        writeln!(
            lua,
            "    if not body:find({mark:?}, 1, true) then os.exit(1) end\nend"
        )?;
        Self::of(TempDir::new()?, &lua)
    }

    fn of(folder: TempDir, lua: &str) -> Result<Self> {
        let script = folder.path().join("questions.lua");
        fs::write(&script, lua)?;
        Ok(Self {
            script,
            _folder: folder,
        })
    }
}

/// Result of a measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answers {
    pub(crate) many: u64,
    /// Responses per second.
    pub(crate) rate: f64,
}

/// Sends requests over that many connections, on each the next one as soon as there is a response. Fails if any
/// response has an error status.
pub(crate) fn ask(
    server: SocketAddr,
    questions: &Questions,
    connections: usize,
    during: Duration,
) -> Result<Answers> {
    // wrk measures whole seconds, and rejects zero.
    let seconds = during.as_secs().max(1);
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s")])
        .arg("--script")
        .arg(Path::new(&questions.script))
        .arg(format!("http://{server}/"))
        .output()
        .context("wrk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || text.contains("Non-2xx") || text.contains("Socket errors") {
        let complained = String::from_utf8_lossy(&output.stderr);
        bail!("wrk ({}): {text}{complained}", output.status);
    }
    read(&text)
}

fn read(text: &str) -> Result<Answers> {
    let lines = || text.lines().map(str::trim);
    let many = lines().find_map(|line| line.split_once(" requests in "));
    let rate = lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    Ok(Answers {
        many: many.context("wrk printed no number")?.0.parse()?,
        rate: rate.context("wrk printed no rate")?.trim().parse()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_rate_are_read_from_what_wrk_tells() {
        let text = "Running 1s test @ http://127.0.0.1:1/\n  1 threads and 2 connections\n  \
            5023 requests in 1.10s, 1.20MB read\nRequests/sec:   4566.36\nTransfer/sec:      1.09MB\n";
        let answers = read(text).unwrap();
        assert_eq!(answers.many, 5023);
        assert!((answers.rate - 4566.36).abs() < 1e-9);
        assert!(read("Running 1s test").is_err());
    }
}
