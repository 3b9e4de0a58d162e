//! Requests that pretend: each arrives at the back end with exactly the identity of its token, or not at all.

mod attempt;
mod forwarded;
mod framing;
mod identity_headers;
mod judge;
mod targets;
mod tokens;
mod upgrades;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use isogloss_testkit::dialects::{Dialect, dialects};
use isogloss_testkit::{BackEndServer, RecordedRequest, Step, raw_http};

use self::attempt::{Attempt, Outcome, Tokens};
use super::{Settings, Site, call};

/// The text of the back end's response.
const ARRIVED: &str = "from the back end";
/// How many clients there are at once.
const CLIENTS: usize = 8;

const MEMSOURCE: &str = "\
[dialects.memsource]
public_paths = [\"/web/public/*\", \"/web/info\"]
backend_paths = [\"POST /web/api2/v1/auth/logout\", \"/web/api2/v3/auth/whoAmI\", \"/rest/*\"]
[dialects.tokenlogin]
backend_auth = \"optional\"
";

/// A gateway, and what its back end receives of a user that pretends nothing.
struct Scene {
    site: Site,
    users: BTreeMap<&'static str, (Tokens, RecordedRequest)>,
}

impl Scene {
    fn start() -> Self {
        let back_end = BackEndServer::start(|_| Step::text(ARRIVED)).unwrap();
        let site = Site::with(back_end, &Settings::default(), |builder| {
            builder
                .config_text(MEMSOURCE)
                .env("ISOGLOSS__SERVER__KEEP_ALIVE", "1s")
                .env("ISOGLOSS__SERVER__HEAD_TIMEOUT", "1s")
                .env("ISOGLOSS__SERVER__BODY_TIMEOUT", "1s")
        });
        let users = dialects()
            .iter()
            .map(|dialect| (dialect.name, site.user(dialect)));
        let users = users.collect();
        Self { site, users }
    }

    /// Makes an attempt. Returns what is wrong with what came of it.
    fn judge(&self, case: usize, attempt: &Attempt) -> Result<(), String> {
        let (tokens, genuine) = &self.users[attempt.dialect.name];
        let server = self.site.gateway.public();
        let mut client = raw_http::send(server, &attempt.message(case, tokens));
        let received = raw_http::until_closed(&mut client);
        let text = String::from_utf8_lossy(&received);
        let mut arrived = self.site.back_end.requests();
        arrived.retain(|request| request.all("X-Case") == [case.to_string()]);
        let relayed = text.matches(ARRIVED).count();
        match (&attempt.outcome, &arrived[..]) {
            (Outcome::Arrives(identity), [arrived]) => {
                judge::check(attempt, tokens, *identity, genuine, arrived)?;
                let has_body = !arrived.line().starts_with("HEAD ");
                if relayed != usize::from(has_body) {
                    return Err(format!("the response is not the back end's: {text}"));
                }
                Ok(())
            }
            (Outcome::Refused, []) => check_refusal(&attempt.dialect, &received),
            (_, arrived) => {
                let heads: Vec<_> = arrived.iter().map(RecordedRequest::text).collect();
                Err(format!("arrived: {heads:#?}, the client received: {text}"))
            }
        }
    }
}

impl Site {
    /// Returns the tokens of two users, and a call of the first as the back end receives it.
    fn user(&self, dialect: &Dialect) -> (Tokens, RecordedRequest) {
        let held = self.log_in(dialect, "linguist");
        let case = format!("genuine {}", dialect.name);
        let response = self.send(&call(&held, "GET", "genuine").header("X-Case", &case));
        assert_eq!(response.text(), ARRIVED, "{}", dialect.name);
        let tokens = Tokens {
            linguist: held.text,
            admin: self.log_in(dialect, "admin").text,
        };
        (tokens, self.only(&case))
    }
}

/// Checks that every response is an error of the dialect, or an empty one of the HTTP server.
fn check_refusal(dialect: &Dialect, received: &[u8]) -> Result<(), String> {
    for response in raw_http::parse_responses(received) {
        let is_empty = response.body.is_empty() && (400..=431).contains(&response.status);
        // The gateway's own routes accept the token.
        let is_own = response.status == 200 && response.text().contains("\"linguist\"");
        if !is_empty && !is_own {
            dialect.check_error(&response)?;
        }
    }
    Ok(())
}

#[test]
fn a_forged_request_arrives_with_the_identity_of_its_token_or_not_at_all() {
    let scene = Scene::start();
    let known = scene.site.back_end.request_count();
    let mut attempts = identity_headers::all();
    attempts.extend(tokens::all());
    attempts.extend(framing::all());
    attempts.extend(targets::all());
    attempts.extend(upgrades::all());
    attempts.extend(forwarded::all());
    assert!(attempts.len() >= 200, "only {}", attempts.len());
    let next = AtomicUsize::new(0);
    let failures = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let mut failures = Vec::new();
                    loop {
                        let case = next.fetch_add(1, Ordering::Relaxed);
                        let Some(attempt) = attempts.get(case) else {
                            return failures;
                        };
                        if let Err(problem) = scene.judge(case, attempt) {
                            failures.push(format!("{case} {:?}: {problem}", attempt.name));
                        }
                    }
                })
            })
            .collect();
        let ended = clients
            .into_iter()
            .flat_map(|client| client.join().unwrap());
        ended.collect::<Vec<_>>()
    });
    let count = attempts.len();
    assert!(
        failures.is_empty(),
        "{} of {count}:\n{}",
        failures.len(),
        failures.join("\n")
    );
    let arrives = |attempt: &&Attempt| matches!(attempt.outcome, Outcome::Arrives(_));
    let expected = attempts.iter().filter(arrives).count();
    assert_eq!(scene.site.back_end.request_count() - known, expected);
    assert!(scene.site.back_end.stray_bytes().is_empty());
    let (_, genuine) = &scene.users["memsource"];
    assert_eq!(genuine.all("X-Isogloss-User-Name"), ["linguist"]);
    scene.site.assert_logins_succeed();
}
