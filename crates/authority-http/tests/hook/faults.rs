//! Faults: none of them is a judgement.

use std::time::{Duration, Instant};

use isogloss_authority_http::{HookAuthority, HookSettings};
use isogloss_core::authority::{Cause, Decision};
use isogloss_testkit::{AuthorityFault, AuthorityServer, AuthorityUser, FaultyRelay};

use super::{judge, settings};

const TIMEOUT: Duration = Duration::from_millis(300);
const MARGIN: Duration = Duration::from_millis(50);

/// The relay knows no HTTP: what it cuts and delays is TLS.
#[test]
fn a_relay_with_a_fault_is_never_a_judgement() {
    AuthorityFault::concurrently(&AuthorityFault::OF_ANY_PROTOCOL, |faults| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let server = AuthorityServer::hook([AuthorityUser::new("kim", "right")]).unwrap();
            let relay = FaultyRelay::to(server.port()).unwrap();
            let url = format!("https://127.0.0.1:{}/hook", relay.port());
            let hook = HookAuthority::new(HookSettings {
                timeout: TIMEOUT,
                url: url.parse().unwrap(),
                ..settings(&server)
            });
            let hook = hook.unwrap();
            for &fault in faults {
                relay.set_fault(Some(fault));
                expect_no_judgement(&server, &hook, fault, ("kim", "right")).await;
                relay.set_fault(None);
                let recovered = judge(&hook, "kim", "right").await;
                assert_eq!(recovered.name(), "accepted", "{fault:?}: {recovered:?}");
            }
        });
    });
}

#[test]
fn a_fault_is_never_a_judgement_and_ends_in_time_and_without_a_restart() {
    AuthorityFault::concurrently(&AuthorityFault::ALL, |faults| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(try_faults(faults));
    });
}

async fn try_faults(faults: &[AuthorityFault]) {
    let server = AuthorityServer::hook([AuthorityUser::new("kim", "right")]).unwrap();
    let hook = HookAuthority::new(HookSettings {
        timeout: TIMEOUT,
        ..settings(&server)
    });
    let hook = hook.unwrap();
    for &fault in faults {
        server.set_fault(Some(fault));
        for (login, password) in [("kim", "right"), ("kim", "wrong"), ("lee", "right")] {
            let user = (login, password);
            let cause = expect_no_judgement(&server, &hook, fault, user).await;
            assert_eq!(cause.kind.name(), fault.cause(), "{fault:?}: {cause}");
        }
        server.set_fault(None);
        let recovered = judge(&hook, "kim", "right").await;
        assert_eq!(recovered.name(), "accepted", "{fault:?}: {recovered:?}");
    }
}

/// Returns why there is no judgement. The limit of time is a requirement. A machine that is busy may miss it; an authority that waits misses it each time.
async fn expect_no_judgement(
    server: &AuthorityServer,
    hook: &HookAuthority,
    fault: AuthorityFault,
    (login, password): (&str, &str),
) -> Cause {
    for attempt in 1.. {
        let sent = server.requests().len();
        let start = Instant::now();
        let decision = judge(hook, login, password).await;
        let took = start.elapsed();
        let Decision::Unavailable(cause) = decision else {
            panic!("{fault:?}, {login}, {password}: {decision:?}");
        };
        assert!(server.requests().len() - sent <= 1, "{fault:?}");
        if took <= TIMEOUT + MARGIN {
            return cause;
        }
        assert!(attempt < 4, "{fault:?} takes {took:?}");
    }
    unreachable!("the loop returns")
}
