//! The pages of the console with few and with many users, tokens and days of usage, and how much of the database they
//! read.

mod rows;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Gateway, Postgres, Redis, Request, Store};

use super::plans::database;
use super::table_reads::TableReads;
use super::{Growth, grouped};
use crate::gateways::{Setting, filled, start_with, with};
use crate::report::Report;
use crate::targets::at_most;

const SETTINGS: [Setting; 3] = [
    ("ISOGLOSS__MANAGEMENT__CONSOLE", "true"),
    ("ISOGLOSS__AUDIT__DATABASE", "true"),
    ("ISOGLOSS__PASSWORDS__BCRYPT_COST", "4"),
];

/// In milliseconds.
const PAGE: f64 = 300.0;
const SEARCH: f64 = 50.0;
/// How many rows of large tables a page may read on average, by whatever index.
const ROWS: f64 = 2_000.0;

/// Pages by name. `{user}` and `{dialect}` stand for a user's identifier and a dialect.
const PAGES: [(&str, &str); 22] = [
    ("Overview", "overview"),
    ("Dialects", "dialects"),
    ("a dialect", "dialects/bimplus"),
    ("a planned change", "dialects/bimplus?plan=switch-off"),
    ("People", "people"),
    ("People, never logged in", "people?login=never"),
    ("People, disabled", "people?state=disabled"),
    (
        "People of an organisation",
        "people?organisation=Organisation+7",
    ),
    ("People of an authority", "people?authority=corp"),
    ("a person", "people/{user}"),
    ("Clients and keys", "keys"),
    ("Clients and keys, by label", "keys?label=42"),
    ("Throttle", "throttle"),
    ("Throttle, by user", "throttle?user=user7"),
    ("Throttle, by address", "throttle?source=198.51.100.7"),
    ("Audit", "audit"),
    (
        "Audit, by outcome and dialect",
        "audit?outcome=refused&dialect=crmcom",
    ),
    ("Audit, by user", "audit?user=user7"),
    ("Refusals", "refusals"),
    ("Refusals, by address", "refusals?source=198.51.100.7"),
    ("Refusals, by user", "refusals?user=user7"),
    ("Sessions of a user", "sessions?user=user7"),
];

/// The page with a count of all users, which is made in the background at most once a minute.
const COUNT: (&str, &str) = ("Users' way over", "/console/way-over");

/// Searches for users: by the beginning of a login name, of a last name, of a number, and of a name that no user has.
const SEARCHES: [&str; 5] = ["user77", "last1", "First5 Last", "1000", "zebra"];

/// Measures the pages on that database and that Redis.
pub(super) fn measure(
    program: &Path,
    growth: Growth,
    (postgres, url): (&Postgres, &str),
    redis: &Redis,
    report: &mut Report,
) -> Result<()> {
    let start = || {
        start_with(program, Store::Redis(redis.url()), |builder| {
            with(filled(builder, url), &SETTINGS)
                .config_text("[server]\ntrusted_proxies = [\"127.0.0.1\"]")
        })
    };
    let mut gateway = start()?;
    let database = database(url)?;
    be_refused(&gateway)?;
    wait_until("refused requests are recorded", || {
        rows::count(postgres, database, "refused_requests").is_ok_and(|count| count > 0)
    })?;
    rows::fill(postgres, database, growth)?;
    let sizes = rows::sizes(&TableReads::read(postgres, database)?);
    report.line(&format!("The console is asked with these rows: {sizes}."));

    let mut slowest: Vec<(f64, String)> = Vec::new();
    let mut judge = |name: &str, took: Duration, limit: f64, report: &mut Report| {
        let took = took.as_secs_f64() * 1_000.0;
        report.line(&format!("{name}: at most {took:.0} ms of {limit:.0} ms."));
        slowest.push((took / limit, name.to_owned()));
    };
    let (name, path) = COUNT;
    let took = Console::open(&gateway, growth.requests)?.slowest(path)?;
    judge(name, took, PAGE, report);
    gateway.terminate()?;

    // A gateway counts users and removes old rows when it starts, which no page waits for.
    let unused = TableReads::read(postgres, database)?;
    start()?.terminate()?;
    let of_start = TableReads::read(postgres, database)?.since(&unused);

    let mut gateway = start()?;
    let console = Console::open(&gateway, growth.requests)?;
    let user = rows::user(postgres, database)?;
    let mut pages = Vec::new();
    for (name, path) in PAGES {
        let path = format!("/console/{}", path.replace("{user}", &user));
        pages.push((name.to_owned(), path, PAGE));
    }
    for prefix in SEARCHES {
        let path = format!("/console/people?search={}", prefix.replace(' ', "+"));
        pages.push((format!("a search for {prefix:?}"), path, SEARCH));
    }
    let before = TableReads::read(postgres, database)?;
    for (name, path, limit) in &pages {
        judge(name, console.slowest(path)?, *limit, report);
    }
    slowest.sort_by(|one, other| other.0.total_cmp(&one.0));
    let (worst, name) = slowest.first().context("no page")?;
    let what = format!("slowest page of the console or search, relative to 300 or 50 ms: {name}");
    report.judge(at_most(&what, "", *worst, 1.0));
    gateway.terminate()?;
    // The server adds a connection's statistics when the connection ends.
    let read = TableReads::read(postgres, database)?
        .since(&before)
        .since(&of_start);
    report.line(&format!(
        "Rows of large tables that were read: {}.",
        rows::reads(&read)
    ));
    #[expect(clippy::cast_precision_loss, reason = "they are few")]
    let each = rows::read_of_large(&read) as f64 / (pages.len() * growth.requests) as f64;
    let what = format!(
        "rows of large tables that PostgreSQL reads for a page, with {} users",
        grouped(growth.users.many)
    );
    report.judge(at_most(&what, "rows", each, ROWS));
    Ok(())
}

/// Sends logins with wrong passwords and unknown names from many addresses.
fn be_refused(gateway: &Gateway) -> Result<()> {
    for number in 0..1_000 {
        let (name, address) = (number % 200, number % 250);
        let request = Request::post("/v2/authorize")
            .header("X-Forwarded-For", format!("198.51.100.{address}"))
            .json(&serde_json::json!({"user_id": format!("user{name}"), "password": "wrong"}));
        let response = request.send(gateway.public())?;
        ensure!(response.status >= 400, "{}", response.status);
    }
    Ok(())
}

/// A session at the console.
struct Console<'g> {
    gateway: &'g Gateway,
    cookie: String,
    /// How often each page is requested, one request after another.
    requests: usize,
}

impl<'g> Console<'g> {
    fn open(gateway: &'g Gateway, requests: usize) -> Result<Self> {
        let form = Request::post("/console/sign-in").form("key=demo-admin-key");
        let response = form.send(gateway.management())?;
        let cookie = response.header("Set-Cookie");
        let cookie = cookie.and_then(|cookie| cookie.split(';').next());
        let cookie = cookie.with_context(|| format!("no session: {}", response.status))?;
        Ok(Self {
            gateway,
            cookie: cookie.to_owned(),
            requests,
        })
    }

    /// Requests a page several times and returns the time of the slowest response. Fails if one is not the page.
    fn slowest(&self, path: &str) -> Result<Duration> {
        let mut slowest = Duration::ZERO;
        for _ in 0..self.requests {
            let request = Request::get(path).header("Cookie", &self.cookie);
            let begun = Instant::now();
            let response = request.send(self.gateway.management())?;
            slowest = slowest.max(begun.elapsed());
            let text = response.text();
            ensure!(
                response.status == 200 && !text.contains("role=\"alert\""),
                "{path}: {} {text}",
                response.status
            );
        }
        Ok(slowest)
    }
}
