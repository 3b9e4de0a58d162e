//! Memory of the gateway and of Redis.

use std::path::Path;

use anyhow::{Context as _, Result};
use isogloss_testkit::{Redis, Reply, Store};

use crate::Effort;
use crate::gateways::start;
use crate::load::{Questions, ask};
use crate::process::{own, resident};
use crate::report::Report;
use crate::targets::at_most;
use crate::tokens::{issue, put_for_many};
use crate::validation::{BIMPLUS, END};

const CLIENTS: usize = 32;

pub(crate) fn measure(program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    let redis = Redis::start()?;
    let gateway = start(program, Store::Redis(redis.url()), &[])?;
    report.judge(at_most(
        "memory of an idle gateway",
        "MB",
        resident(gateway.id())?,
        15.0,
    ));
    report.line(&format!(
        "Of the memory of an idle gateway {:.1} MB are its data. The rest is the program, which the system maps.",
        own(gateway.id())?
    ));
    let empty = used(&redis)?;
    put_for_many(&gateway, &redis.url(), effort.hot)?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = (used(&redis)? - empty) / effort.hot as f64;
    report.judge(at_most(
        "memory of Redis for each session, including its index",
        "bytes",
        each,
        280.0,
    ));
    let tokens = issue(&gateway, &redis.url(), effort.hot)?;
    let questions = Questions::about(&tokens, BIMPLUS, END)?;
    // Long enough to check each token several times.
    ask(gateway.public(), &questions, CLIENTS, effort.each * 5)?;
    let what = format!("memory of a gateway with {} hot tokens", effort.hot);
    report.judge(at_most(&what, "MB", resident(gateway.id())?, 60.0));
    Ok(())
}

/// Returns the memory that Redis uses, in bytes.
fn used(redis: &Redis) -> Result<f64> {
    let Reply::Bulk(Some(text)) = redis.command(&["INFO", "memory"])? else {
        anyhow::bail!("INFO is not text");
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    Ok(line.context("used_memory")?.trim().parse()?)
}
