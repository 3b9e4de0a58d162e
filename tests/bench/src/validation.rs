//! Token checks, as fast as responses come.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use isogloss_testkit::{Redis, Store};

use crate::Effort;
use crate::dialects::{BIMPLUS as LOGIN, MEMSOURCE};
use crate::gateways::start;
use crate::hello::Hello;
use crate::load::{Questions, ask};
use crate::peer::{Peer, teach};
use crate::report::Report;
use crate::rounds::{Contestant, run};
use crate::targets::{Target, beside};
use crate::unseen::Unseen;

/// Few and many clients.
const CLIENTS: [usize; 2] = [32, 256];
/// Workers of the public listener, and of the management listener.
const WORKERS: [usize; 2] = [2, 1];

const NGINX: &str = "nginx + Lua + Redis";
const ONCE: &str = "BIMplus, Redis, each token once";
pub(crate) const BIMPLUS: &str =
    "GET /v2/authorize HTTP/1.1\r\nHost: bench\r\nAuthorization: BimPlus ";
const FORWARD: &str = "GET /forward-auth/bimplus HTTP/1.1\r\nHost: bench\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Uri: /x\r\nAuthorization: BimPlus ";
const INTROSPECT: &str = "POST /introspect HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer demo-introspection-key\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 38\r\n\r\ntoken=";
pub(crate) const END: &str = "\r\n\r\n";

pub(crate) fn measure(program: &Path, effort: Effort, report: &mut Report) -> Result<()> {
    let hello = Hello::start(WORKERS[0])?;
    let hello_of_one = Hello::start(WORKERS[1])?;
    let redis = Redis::start()?;
    let warm = start(program, Store::Redis(redis.url()), &[])?;
    let embedded = start(program, Store::Embedded, &[])?;
    let unseen = Unseen::issue(program, effort.cold)?;

    let one = LOGIN.token(warm.public())?;
    let knows = Redis::start()?;
    teach(&knows, std::slice::from_ref(&one))?;
    let bimplus = |token: String| Questions::about(&[token], BIMPLUS, END);
    let whoami = format!(
        "GET /web/api/v3/auth/whoAmI?token={} HTTP/1.1\r\nHost: bench\r\n\r\n",
        MEMSOURCE.token(warm.public())?
    );
    let questions = [
        ("hello", hello.place, bimplus(one.clone())?),
        ("hello, 1 worker", hello_of_one.place, bimplus(one.clone())?),
        ("BIMplus, Redis", warm.public(), bimplus(one.clone())?),
        (
            "Memsource, Redis",
            warm.public(),
            Questions::about(&[String::new()], &whoami, "")?,
        ),
        (
            "/introspect, Redis",
            warm.management(),
            Questions::about(std::slice::from_ref(&one), INTROSPECT, "")?,
        ),
        (
            "/forward-auth, Redis",
            warm.management(),
            Questions::about(std::slice::from_ref(&one), FORWARD, END)?,
        ),
        (
            "BIMplus, embedded",
            embedded.public(),
            bimplus(LOGIN.token(embedded.public())?)?,
        ),
    ];
    for clients in CLIENTS {
        let nginx = Peer::start(&knows, WORKERS[0], clients)?;
        let peer = bimplus(one.clone())?;
        let mut contestants: Vec<_> = questions
            .iter()
            .map(|(name, place, questions)| contestant(name, *place, questions, clients, effort))
            .collect();
        contestants.push(Contestant::new(ONCE, || {
            unseen.ask(&[], clients, effort.each)
        }));
        contestants.push(contestant(NGINX, nginx.place, &peer, clients, effort));
        let what = format!("validation, {clients} clients");
        let all = run(&what, "checks/s", effort.rounds, &contestants)?;
        for target in targets(clients) {
            report.judge(beside(&all, &target));
        }
        report.table(&what, "checks/s", &all);
    }
    Ok(())
}

fn contestant<'a>(
    name: &str,
    place: SocketAddr,
    questions: &'a Questions,
    clients: usize,
    effort: Effort,
) -> Contestant<'a> {
    Contestant::new(name, move || {
        Ok(ask(place, questions, clients, effort.each)?.rate)
    })
}

fn targets(clients: usize) -> Vec<Target<'static>> {
    let target = |who: &'static str, other: &'static str, least: f64| Target {
        what: format!("{who}, {clients} clients, relative to {other}"),
        who,
        other,
        least,
        limit: (other == NGINX).then_some("hello"),
    };
    let mut targets = vec![
        target("BIMplus, Redis", "hello", 0.80),
        target("Memsource, Redis", "hello", 0.80),
        target("/introspect, Redis", "hello, 1 worker", 0.80),
        target("/forward-auth, Redis", "hello, 1 worker", 0.80),
        target(ONCE, "hello", 0.50),
        target("BIMplus, embedded", "hello", 0.80),
    ];
    if clients == 256 {
        targets.push(target("BIMplus, Redis", NGINX, 2.5));
        targets.push(target(ONCE, NGINX, 1.7));
    }
    targets
}
