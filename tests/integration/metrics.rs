//! `/metrics`: requests and stores are counted, and clients cannot create arbitrary series.

mod documentation;
mod routes;
mod rules;

use std::collections::BTreeSet;

use isogloss_testkit::{Gateway, Postgres, Redis, Request, Store};
use serde_json::json;

fn start() -> Gateway {
    let gateway = Gateway::builder(crate::PROGRAM).start().unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

fn metrics(gateway: &Gateway) -> Vec<String> {
    let answer = Request::get("/metrics").send(gateway.management()).unwrap();
    assert_eq!(answer.status, 200);
    answer.text().lines().map(str::to_owned).collect()
}

/// Returns the value of the series of that name that has all these labels, `None` if there is none.
fn value(metrics: &[String], name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let labels: Vec<_> = labels
        .iter()
        .map(|(label, value)| format!("{label}=\"{value}\""))
        .collect();
    let mut found = metrics.iter().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let is_it = series.split('{').next() == Some(name);
        (is_it && labels.iter().all(|label| series.contains(label)))
            .then(|| value.parse::<f64>().unwrap())
    });
    let value = found.next();
    assert!(found.next().is_none(), "{name} {labels:?}: several series");
    value
}

fn total(metrics: &[String], labels: &[(&str, &str)]) -> Option<f64> {
    value(metrics, "isogloss_http_requests_total", labels)
}

fn login(user: &str, password: &str) -> Request {
    Request::post("/v2/authorize").json(&json!({"user_id": user, "password": password}))
}

/// Returns the names of the metrics, without the suffixes of histograms.
fn families(metrics: &[String]) -> BTreeSet<String> {
    let helped = metrics
        .iter()
        .filter_map(|line| line.strip_prefix("# HELP "));
    helped
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

#[test]
fn requests_are_counted_and_timed_by_dialect_and_route() {
    let gateway = start();
    let public = gateway.public();
    for _ in 0..3 {
        assert_eq!(
            login("admin", "admin-demo").send(public).unwrap().status,
            200
        );
    }
    login("admin", "wrong").send(public).unwrap();
    let envelope = json!({"username": "admin", "password": "wrong", "organisation": "CRMDEMO"});
    let envelope = Request::post("/crmapi/rest/v2/authentication/token").json(&envelope);
    assert_eq!(envelope.send(public).unwrap().status, 200);
    Request::get("/API/v1/authentication/LOGIN?APIKey=x")
        .send(public)
        .unwrap();
    Request::get("/healthz").send(gateway.management()).unwrap();

    let metrics = metrics(&gateway);
    let authorize = [
        ("dialect", "bimplus"),
        ("route", "/v2/authorize"),
        ("method", "POST"),
    ];
    let ended =
        |status, outcome| [&authorize[..], &[("status", status), ("outcome", outcome)]].concat();
    assert_eq!(total(&metrics, &ended("200", "done")), Some(3.0));
    assert_eq!(total(&metrics, &ended("401", "refused")), Some(1.0));
    // An error counts as refused, whatever status its dialect has for it.
    let crmcom = [
        ("dialect", "crmcom"),
        ("status", "200"),
        ("outcome", "refused"),
    ];
    assert_eq!(total(&metrics, &crmcom), Some(1.0));
    // A route that ignores case has one name.
    let tokenlogin = [
        ("dialect", "tokenlogin"),
        ("route", "/api/v1/authentication/login"),
    ];
    assert_eq!(total(&metrics, &tokenlogin), Some(1.0));
    let inner = [("dialect", ""), ("route", "/healthz"), ("outcome", "done")];
    assert_eq!(total(&metrics, &inner), Some(1.0));

    let timed = [("dialect", "bimplus"), ("route", "/v2/authorize")];
    let name = "isogloss_http_request_duration_seconds";
    assert_eq!(value(&metrics, &format!("{name}_count"), &timed), Some(4.0));
    for bucket in ["0.0001", "0.005", "10", "+Inf"] {
        let timed = [&timed[..], &[("le", bucket)]].concat();
        assert!(
            value(&metrics, &format!("{name}_bucket"), &timed).is_some(),
            "{bucket}"
        );
    }
    let puts = [("operation", "put"), ("outcome", "done")];
    let name = "isogloss_token_store_duration_seconds_count";
    assert_eq!(value(&metrics, name, &puts), Some(3.0));
}

#[test]
fn a_flood_of_paths_and_methods_makes_no_new_series() {
    let gateway = start();
    let flood = |from: usize| {
        for number in from..from + 150 {
            for mount in ["", "/v2", "/crmapi/rest/v2", "/api/v1", "/web/api/v3"] {
                let path = format!("{mount}/x{number}/authorize?y={number}");
                Request::get(path).send(gateway.public()).unwrap();
            }
            Request::new(format!("BREW{number}"), "/v2/authorize")
                .send(gateway.public())
                .unwrap();
            Request::get(format!("/x{number}"))
                .send(gateway.management())
                .unwrap();
        }
    };
    let series = || {
        let lines = metrics(&gateway).into_iter();
        let mut names: Vec<_> = lines
            .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
            .collect();
        names.sort();
        names
    };
    // This request is counted, too.
    series();
    // So that each worker has had each kind of request.
    flood(0);
    let before = series();
    flood(1000);
    let after = series();
    let new: Vec<_> = after.iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(new, Vec::<&String>::new());
    assert!(!after.join("\n").contains("x1001") && !after.join("\n").contains("BREW"));
    let outside = [("dialect", ""), ("route", "unmatched"), ("status", "404")];
    assert_eq!(total(&metrics(&gateway), &outside), Some(600.0));
}

#[test]
fn connections_are_counted_while_they_are_open() {
    let gateway = start();
    let open = |listener: &str, wanted: f64| {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        loop {
            let open = value(
                &metrics(&gateway),
                "isogloss_http_connections",
                &[("listener", listener)],
            );
            if open == Some(wanted) {
                return;
            }
            assert!(
                std::time::Instant::now() < deadline,
                "{listener}: {open:?}, not {wanted}"
            );
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    };
    open("public", 0.0);
    let held: Vec<_> = (0..5)
        .map(|_| std::net::TcpStream::connect(gateway.public()).unwrap())
        .collect();
    open("public", 5.0);
    // The connection of the request itself.
    open("management", 1.0);
    drop(held);
    open("public", 0.0);
}

#[test]
fn pools_of_redis_and_postgresql_show_their_connections() {
    let (redis, postgres) = (Redis::start().unwrap(), Postgres::start().unwrap());
    let gateway = Gateway::builder(crate::PROGRAM)
        .store(Store::Redis(redis.url()))
        .directory(postgres.new_database().unwrap())
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    assert_eq!(
        login("admin", "admin-demo")
            .send(gateway.public())
            .unwrap()
            .status,
        200
    );
    let metrics = metrics(&gateway);
    for (pool, most) in [("tokens", 16.0), ("directory", 8.0)] {
        let of = |name: &str| {
            value(
                &metrics,
                &format!("isogloss_pool_{name}"),
                &[("pool", pool)],
            )
        };
        assert_eq!(of("connections_max"), Some(most), "{pool}");
        assert!(of("connections_open") >= Some(1.0), "{pool}");
        assert!(of("connections_in_use").is_some(), "{pool}");
        assert_eq!(of("waiting"), Some(0.0), "{pool}");
    }
}

#[test]
fn every_metric_says_what_it_is_and_a_process_is_among_them() {
    let gateway = start();
    login("admin", "admin-demo").send(gateway.public()).unwrap();
    let metrics = metrics(&gateway);
    let helped = families(&metrics);
    for line in metrics
        .iter()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let name = line.split(['{', ' ']).next().unwrap();
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        assert!(helped.contains(base) || helped.contains(name), "{line}");
    }
    assert!(value(&metrics, "process_open_fds", &[]).unwrap() > 0.0);
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(value(&metrics, "isogloss_build_info", &version), Some(1.0));
}
