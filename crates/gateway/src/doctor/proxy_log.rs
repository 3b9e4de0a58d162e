//! Does the proxy in front write queries into its log? Some have passwords and tokens.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use isogloss_core::{Clock as _, SystemClock};

use super::{Finding, Findings, probe};
use crate::config::{BaseUrl, Config};
use crate::http::self_probe::{Challenge, HEADER, ProbeSubject};
use crate::http_client::HttpClient;

const CHECK: &str = "proxy's log";
const HINT: &str = "configure it to log paths without queries: see docs/reverse-proxies.md";

/// Number of polls for a line, pause between two of them, and maximum number of bytes that are read.
const POLLS: u32 = 30;
const POLL_INTERVAL: Duration = Duration::from_millis(100);
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Sends a request with a unique query through the public address, and searches the proxy's log for that query.
/// Adds the result to `findings`.
pub(super) fn examine(
    config: &Config,
    public_url: Option<&str>,
    log: Option<&Path>,
    findings: &mut Findings,
) {
    let Some(mount) = config.mounts.first() else {
        return;
    };
    let Some(log) = log else {
        let text = "clients send passwords and tokens in queries; give --proxy-log FILE to check \
                    whether the proxy logs them (docs/reverse-proxies.md)";
        findings.add(Finding::ok(CHECK, text));
        return;
    };
    let url = public_url.unwrap_or(&config.sections.server.public_url);
    let finding = match (url.parse::<BaseUrl>(), probe(config)) {
        (Ok(base), Some(probe)) => {
            let challenge = probe
                .challenge(ProbeSubject::Arrival, SystemClock.now())
                .ok();
            let challenge = challenge.as_ref().map(Challenge::as_str);
            let path = format!("{}/isogloss-doctor", mount.path);
            search_log(&HttpClient::new(base), &path, challenge, log)
        }
        _ => Err("cannot be checked without the public address and the pepper".to_owned()),
    };
    findings.add(finding.unwrap_or_else(|reason| {
        let text = format!("{}: {reason}", log.display());
        Finding::warning(CHECK, text, "check that this is the log of the proxy")
    }));
}

/// Sends a request, and returns the finding whether its query is in the log. Fails with a message if the log
/// cannot be read, the request fails, or the log has no line of it in time.
fn search_log(
    client: &HttpClient,
    path: &str,
    challenge: Option<&str>,
    log: &Path,
) -> Result<Finding, String> {
    let failed = |error: io::Error| error.to_string();
    let [in_path, in_query] = [unique_text()?, unique_text()?];
    let mut file = File::open(log).map_err(failed)?;
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    let target = format!("{path}-{in_path}?token={in_query}");
    let name = HEADER;
    let header = challenge.map(|challenge| (name.as_str(), challenge));
    let response = client.get(&target, header.as_slice());
    response.map_err(|error| error.to_string())?;
    let mut written = Vec::new();
    let has = |written: &[u8], unique_text: &str| {
        let mut parts = written.windows(unique_text.len());
        parts.any(|part| part == unique_text.as_bytes())
    };
    for _ in 0..POLLS {
        let rest = MAX_BYTES.saturating_sub(written.len() as u64);
        let read = (&mut file).take(rest).read_to_end(&mut written);
        read.map_err(failed)?;
        if has(&written, &in_query) {
            let text = format!("{} contains queries of requests", log.display());
            return Ok(Finding::failed(CHECK, text, HINT));
        }
        if has(&written, &in_path) {
            let text = format!("{} contains paths without queries", log.display());
            return Ok(Finding::ok(CHECK, text));
        }
        sleep(POLL_INTERVAL);
    }
    Err("contains no line of a request that was just sent".to_owned())
}

/// Returns a random text that appears nowhere else. Fails with a message if the system has no random numbers.
fn unique_text() -> Result<String, String> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(hex::encode(bytes))
}
