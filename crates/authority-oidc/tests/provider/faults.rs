//! Faults of all endpoints: none of them is a judgement.

use std::time::{Duration, Instant};

use isogloss_authority_oidc::{OidcAuthority, OidcSettings};
use isogloss_core::authority::{CauseKind, Decision};
use isogloss_testkit::{AuthorityFault, AuthorityServer, AuthorityUser, IdTokens};

use super::{judge, settings};

const TIMEOUT: Duration = Duration::from_millis(300);
const MARGIN: Duration = Duration::from_millis(50);

/// A provider, and an authority that asks it with a short time-out, and needs every endpoint.
pub(super) struct Subject {
    pub(super) server: AuthorityServer,
    authority: OidcAuthority,
}

fn authority(server: &AuthorityServer) -> OidcAuthority {
    let settings = OidcSettings {
        timeout: TIMEOUT,
        ..settings(server)
    };
    OidcAuthority::new(settings).unwrap()
}

impl Subject {
    pub(super) fn start() -> Self {
        let server = AuthorityServer::oidc([AuthorityUser::new("kim", "right")]).unwrap();
        server.set_id_tokens(IdTokens::Short);
        Self {
            authority: authority(&server),
            server,
        }
    }

    /// Lets nothing be cached.
    pub(super) fn restart_authority(&mut self) {
        self.authority = authority(&self.server);
    }

    /// Ends the fault, and expects the next judgement to work.
    pub(super) async fn expect_recovery(&self, fault: AuthorityFault) {
        self.server.set_fault(None);
        // Four connections: a machine that is busy may need more than the time-out for them.
        for attempt in 1.. {
            let recovered = judge(&self.authority, "kim", "right").await;
            if recovered.name() == "accepted" {
                return;
            }
            let is_late = matches!(&recovered, Decision::Unavailable(cause) if cause.kind == CauseKind::Timeout);
            assert!(is_late && attempt < 4, "{fault:?}: {recovered:?}");
        }
    }

    /// Returns the decision, which has to come within the time-out, and for which the password has to be sent at most
    /// once. A machine that is busy may miss the limit; an authority that waits misses it each time.
    pub(super) async fn judge_in_time(
        &self,
        fault: AuthorityFault,
        (login, password): (&str, &str),
    ) -> Decision {
        for attempt in 1.. {
            let sent = self.server.requests().len();
            let start = Instant::now();
            let decision = judge(&self.authority, login, password).await;
            let took = start.elapsed();
            assert!(self.server.requests().len() - sent <= 1, "{fault:?}");
            if took <= TIMEOUT + MARGIN {
                return decision;
            }
            assert!(attempt < 4, "{fault:?} takes {took:?}");
        }
        unreachable!("the loop returns")
    }
}

/// Calls `try_faults` with some of the faults, until all have been tried.
pub(super) fn concurrently(
    faults: &[AuthorityFault],
    try_faults: impl AsyncFn(&[AuthorityFault]) + Sync,
) {
    AuthorityFault::concurrently(faults, |faults| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(try_faults(faults));
    });
}

#[test]
fn a_fault_is_never_a_judgement_and_ends_in_time_and_without_a_restart() {
    concurrently(&AuthorityFault::ALL, async |faults| {
        let subject = Subject::start();
        for &fault in faults {
            // With cached metadata and keys, and then without.
            subject.expect_recovery(fault).await;
            subject.server.set_fault(Some(fault));
            for user in [("kim", "right"), ("kim", "wrong"), ("lee", "right")] {
                let decision = subject.judge_in_time(fault, user).await;
                let Decision::Unavailable(cause) = decision else {
                    panic!("{fault:?}, {user:?}: {decision:?}")
                };
                assert_eq!(cause.kind.name(), fault.cause(), "{fault:?}: {cause}");
            }
            subject.expect_recovery(fault).await;
        }
    });
}
