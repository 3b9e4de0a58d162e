//! Challenges and reports, genuine and forged.

use std::time::Duration;

use actix_web::test::TestRequest;
use isogloss_core::Pepper;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-22 09:00 UTC);

fn probe(pepper: &str) -> SelfProbe {
    SelfProbe::new(&Pepper::new(pepper.as_bytes()).unwrap().into())
}

fn report() -> ProbeReport {
    ProbeReport {
        dialect: Some("bimplus".to_owned()),
        source: "192.0.2.1".to_owned(),
        forwarded: true,
        by_untrusted: true,
        back_end: None,
    }
}

#[test]
fn a_proxy_that_is_not_trusted_is_found_by_either_header() {
    let is_found = |(name, value): (HeaderName, &str)| {
        let request = TestRequest::get()
            .peer_addr("192.0.2.1:443".parse().unwrap())
            .insert_header((name, value));
        is_forwarded_by_untrusted(&request.to_http_request())
    };
    assert!(is_found((X_FORWARDED_FOR, "198.51.100.1")));
    assert!(is_found((FORWARDED, "for=198.51.100.1")));
    assert!(is_found((FORWARDED, "for=203.0.113.77, for=198.51.100.1")));
    assert!(!is_found((X_FORWARDED_FOR, FORGED_CLIENT_IP)));
    assert!(!is_found((FORWARDED, &forged_element())));
}

#[test]
fn a_client_with_the_pepper_gets_a_report_on_its_challenge() {
    let probe = probe("0123456789abcdef");
    let challenge = probe.challenge(ProbeSubject::Arrival, NOW).unwrap();
    assert_eq!(
        probe.subject(challenge.as_str(), NOW),
        Some(ProbeSubject::Arrival)
    );
    let answer = probe.sign_report(challenge.as_str(), &report());
    assert_eq!(probe.parse_report(&challenge, &answer), Some(report()));
    let other = probe.challenge(ProbeSubject::Arrival, NOW).unwrap();
    assert_eq!(probe.parse_report(&other, &answer), None);
}

#[test]
fn challenges_under_another_pepper_and_old_ones_are_not_genuine() {
    let here = probe("0123456789abcdef");
    let stranger = probe("fedcba9876543210");
    let challenge = stranger.challenge(ProbeSubject::Arrival, NOW).unwrap();
    assert_eq!(here.subject(challenge.as_str(), NOW), None);
    let challenge = here.challenge(ProbeSubject::Arrival, NOW).unwrap();
    let later = NOW + Duration::from_mins(6);
    assert_eq!(here.subject(challenge.as_str(), later), None);
    for rubbish in ["", " ", "x", "a b c", "1795345200 00 zz"] {
        assert_eq!(here.subject(rubbish, NOW), None, "{rubbish}");
    }
}

#[test]
fn a_report_on_a_back_end_arrives_unchanged() {
    let probe = probe("0123456789abcdef");
    let challenge = probe.challenge(ProbeSubject::BackEnd, NOW).unwrap();
    let subject = probe.subject(challenge.as_str(), NOW);
    assert_eq!(subject, Some(ProbeSubject::BackEnd));
    let report = ProbeReport {
        back_end: Some(vec![
            AddressReport {
                address: "http://10.0.0.7:9000".to_owned(),
                status: Some(404),
                error: None,
            },
            AddressReport {
                address: "https://[::1]:9000".to_owned(),
                status: None,
                error: Some("a cause of 100 % with spaces, \"quotes\"\nand é".to_owned()),
            },
        ]),
        ..report()
    };
    let answer = probe.sign_report(challenge.as_str(), &report);
    assert!(HeaderValue::from_str(&answer).is_ok(), "{answer}");
    assert_eq!(probe.parse_report(&challenge, &answer), Some(report));
}
