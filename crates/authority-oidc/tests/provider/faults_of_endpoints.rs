//! Faults of one endpoint: never a yes, and a no only from the token endpoint.

use isogloss_core::authority::Decision;
use isogloss_testkit::AuthorityFault;

use super::faults::{Subject, concurrently};

fn try_endpoint(endpoint: &'static str) {
    let mut faults = AuthorityFault::ALL.to_vec();
    // They begin before a request has arrived.
    faults.retain(|fault| !AuthorityFault::OF_A_CONNECTION.contains(fault));
    concurrently(&faults, async |faults| {
        let mut subject = Subject::start();
        for &fault in faults {
            subject.restart_authority();
            subject.server.set_fault_of(endpoint, fault);
            let decision = subject.judge_in_time(fault, ("kim", "right")).await;
            let Decision::Unavailable(cause) = decision else {
                panic!("{endpoint}, {fault:?}: {decision:?}")
            };
            assert_eq!(cause.kind.name(), fault.cause(), "{fault:?}: {cause}");
            // A refusal needs neither keys nor userinfo.
            let needs_it = matches!(endpoint, "/token" | "/.well-known/openid-configuration");
            let decision = subject.judge_in_time(fault, ("kim", "wrong")).await;
            let name = if needs_it { "unavailable" } else { "rejected" };
            assert_eq!(decision.name(), name, "{endpoint}, {fault:?}: {decision:?}");
            subject.expect_recovery(fault).await;
        }
    });
}

#[test]
fn metadata_with_a_fault_are_no_judgement() {
    try_endpoint("/.well-known/openid-configuration");
}

#[test]
fn a_token_endpoint_with_a_fault_makes_no_judgement() {
    try_endpoint("/token");
}

#[test]
fn keys_with_a_fault_verify_nobody() {
    try_endpoint("/keys");
}

#[test]
fn userinfo_with_a_fault_makes_nobody_of_a_user() {
    try_endpoint("/userinfo");
}
