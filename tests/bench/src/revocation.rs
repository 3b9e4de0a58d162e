//! How soon a logout at one gateway takes effect at another.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use isogloss_testkit::{Gateway, Redis, Request, Store};

use crate::Effort;
use crate::gateways::{start, start_beside};
use crate::report::Report;
use crate::targets::at_most;
use crate::tokens::issue;

pub(crate) fn measure(program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    let redis = Redis::start()?;
    let store = || Store::Redis(redis.url());
    let here = start(program, store(), &[])?;
    let there = start_beside(&here, program, store(), &[])?;
    let tokens = issue(&here, &redis.url(), effort.revocations)?;
    let mut took = Vec::new();
    for token in &tokens {
        // Checked twice, so that the token is in the cache.
        for _ in 0..2 {
            ensure!(check(&there, token)? == 200, "a valid token is refused");
        }
        let end = Request::new("DELETE", "/v2/authorize")
            .header("Authorization", format!("BimPlus {token}"));
        ensure!(
            end.send(here.public())?.status == 200,
            "a logout is refused"
        );
        let ended = Instant::now();
        while check(&there, token)? != 401 {}
        took.push(ended.elapsed().as_secs_f64() * 1_000.0);
    }
    took.sort_by(f64::total_cmp);
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    let what = "99th percentile of the time until a logout takes effect at another gateway (including one request)";
    report.judge(at_most(what, "ms", at(99), 5.0));
    report.line(&format!(
        "{} logouts: half take effect within {:.2} ms, 99 % within {:.2} ms, all within {:.2} ms.",
        took.len(),
        at(50),
        at(99),
        at(100)
    ));
    Ok(())
}

fn check(gateway: &Gateway, token: &str) -> Result<u16> {
    let request = Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"));
    Ok(request.send(gateway.public())?.status)
}
