//! Memory of the gateway while long bodies pass through it.
//!
//! `ISOGLOSS_STREAM_MIB` sets the length of each body, in MiB. The default is 256, because the gateway is not optimised in
//! tests; the requirement is 1024.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use isogloss_testkit::dialects::HeldToken;
use isogloss_testkit::{Gateway, Step};

use super::{name_of, read_head, read_text};
use crate::back_end::{Settings, Site};

const MIB: u64 = 1024 * 1024;
const BLOCK: usize = 64 * 1024;
/// How much more memory the gateway may use than before, in KiB.
const GROWTH: u64 = 8 * 1024;

fn length() -> u64 {
    let set = std::env::var_os("ISOGLOSS_STREAM_MIB");
    MIB * set.map_or(256, |text| text.to_str().unwrap().parse::<u64>().unwrap())
}

/// Returns a line of the status of the gateway's process, in KiB.
fn memory(gateway: &Gateway, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.unwrap().trim_start_matches(':').trim();
    number.trim_end_matches(" kB").parse().unwrap()
}

/// Checks that the gateway never uses much more memory during `work` than before.
fn assert_memory_is_bounded(what: &str, gateway: &Gateway, work: impl FnOnce()) {
    // Sets the peak to the present use.
    fs::write(format!("/proc/{}/clear_refs", gateway.id()), "5").unwrap();
    let before = memory(gateway, "VmRSS");
    work();
    let growth = memory(gateway, "VmHWM").saturating_sub(before);
    eprintln!("{what}: {growth} KiB more than {before} KiB");
    assert!(
        growth < GROWTH,
        "{what}: {growth} KiB more than {before} KiB"
    );
}

fn upload(site: &Site, held: &HeldToken, length: u64) {
    let lines = format!("Content-Length: {length}\r\n");
    let mut client = site.begin(held, "POST", "up", &lines);
    let block = vec![b'u'; BLOCK];
    for _ in 0..length / BLOCK as u64 {
        client.write_all(&block).unwrap();
    }
    assert!(read_head(&mut client).starts_with("HTTP/1.1 200 "));
    assert_eq!(read_text(&mut client, 4), "done");
}

fn upload_chunks(site: &Site, held: &HeldToken, length: u64) {
    let mut client = site.begin(held, "POST", "up", "Transfer-Encoding: chunked\r\n");
    let mut chunk = format!("{BLOCK:x}\r\n").into_bytes();
    chunk.extend(vec![b'u'; BLOCK]);
    chunk.extend(b"\r\n");
    for _ in 0..length / BLOCK as u64 {
        client.write_all(&chunk).unwrap();
    }
    client.write_all(b"0\r\n\r\n").unwrap();
    assert!(read_head(&mut client).starts_with("HTTP/1.1 200 "));
}

fn start_download(site: &Site, held: &HeldToken, length: u64) -> TcpStream {
    let mut client = site.begin(held, "GET", &length.to_string(), "");
    let response_head = read_head(&mut client);
    assert!(
        response_head
            .to_lowercase()
            .contains(&format!("content-length: {length}\r\n")),
        "{response_head}"
    );
    client
}

fn read_rest(mut client: TcpStream, length: u64) {
    let mut block = vec![0; BLOCK];
    let mut received = 0;
    while received < length {
        let count = client.read(&mut block).unwrap();
        assert!(count > 0, "the connection ended after {received} bytes");
        assert!(block[..count].iter().all(|byte| *byte == b'd'));
        received += count as u64;
    }
}

fn site() -> (Site, HeldToken) {
    let site = Site::start(&Settings::default(), |request| {
        name_of(request)
            .parse()
            .map_or_else(|_| Step::text("done"), Step::download)
    });
    let held = site.linguist();
    // What the first bodies need stays allocated.
    upload(&site, &held, 4 * MIB);
    upload_chunks(&site, &held, 4 * MIB);
    read_rest(start_download(&site, &held, 4 * MIB), 4 * MIB);
    site.assert_logins_succeed();
    (site, held)
}

#[test]
fn long_bodies_need_little_memory() {
    let (site, held) = site();
    let length = length();
    assert_memory_is_bounded("an upload", &site.gateway, || {
        upload(&site, &held, length);
    });
    assert_memory_is_bounded("an upload in chunks", &site.gateway, || {
        upload_chunks(&site, &held, length / 4);
    });
    assert_memory_is_bounded("a download", &site.gateway, || {
        read_rest(start_download(&site, &held, length), length);
    });
    let uploads: Vec<_> = site
        .arrived("/up")
        .iter()
        .map(|one| one.body_length)
        .collect();
    assert_eq!(uploads, [4 * MIB, 4 * MIB, length, length / 4]);
    assert!(site.arrived("/up").iter().all(|one| one.is_complete));
}

#[test]
fn a_client_that_does_not_read_holds_little_memory() {
    let (site, held) = site();
    let length = 64 * MIB;
    assert_memory_is_bounded("downloads that wait", &site.gateway, || {
        let waiting: Vec<_> = (0..8)
            .map(|_| start_download(&site, &held, length))
            .collect();
        // Meanwhile, the back end has sent as much as the others take.
        read_rest(start_download(&site, &held, length), length);
        thread::scope(|scope| {
            for client in waiting.into_iter().take(2) {
                scope.spawn(|| read_rest(client, length));
            }
        });
    });
    site.assert_logins_succeed();
}

#[test]
fn a_back_end_that_does_not_read_holds_little_memory() {
    let site = Site::start(
        &Settings {
            proxy: "idle_timeout = \"2s\"\nresponse_timeout = \"2s\"",
            ..Settings::default()
        },
        |request| {
            if request.target().contains("stuck") {
                vec![Step::Wait(isogloss_testkit::Signal::default())]
            } else {
                Step::text("done")
            }
        },
    );
    let held = site.linguist();
    upload(&site, &held, 4 * MIB);
    assert_memory_is_bounded("an upload that waits", &site.gateway, || {
        let mut client = site.begin(&held, "POST", "stuck", "Content-Length: 1000000000\r\n");
        let block = vec![b'u'; BLOCK];
        // It is given up when the back end takes no more.
        while client.write_all(&block).is_ok() {}
    });
    site.assert_logins_succeed();
}
