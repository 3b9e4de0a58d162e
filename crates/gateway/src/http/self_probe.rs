//! Challenge and response by which `isogloss doctor` finds out whether an address leads to this gateway.
//!
//! The challenge is a header that is signed with a key from the pepper. Any other header of that name is
//! removed and has no effect.

mod report;

use std::net::IpAddr;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{FORWARDED, HOST, HeaderName, HeaderValue, X_FORWARDED_FOR};
use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpRequest};
use isogloss_core::{Auth, ClientIp, Peppers};
use ring::hmac;
use time::OffsetDateTime;

pub(crate) use self::report::{AddressReport, ProbeReport};
use crate::back_end::BackEnds;
use crate::client_ip::TrustedProxies;

/// Header of the challenge in a request, and of the report in a response.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-isogloss-probe");

/// Address from a range for documentation (RFC 5737), which no client has. `isogloss doctor` sends it as the
/// client IP, and a proxy must not accept that from a client.
pub(crate) const FORGED_CLIENT_IP: &str = "203.0.113.77";

/// Returns the element of `Forwarded` in which `isogloss doctor` sends [`FORGED_CLIENT_IP`].
pub(crate) fn forged_element() -> String {
    format!("for={FORGED_CLIENT_IP}")
}

/// How far the clocks of `isogloss doctor` and of the gateway may differ, in seconds.
const MAX_CLOCK_DIFFERENCE: u64 = 300;

/// Signs and verifies challenges and reports, with a key from the pepper that both sides have.
#[derive(Clone)]
pub struct SelfProbe(hmac::Key);

/// What a challenge asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProbeSubject {
    /// How the challenge arrives.
    Arrival,
    /// How the back end of the dialect responds, too.
    BackEnd,
}

impl ProbeSubject {
    /// Returns what the signature of a challenge covers in addition to its text.
    fn label(self) -> &'static str {
        match self {
            Self::Arrival => "question",
            Self::BackEnd => "question about the back end",
        }
    }
}

/// A challenge that was sent. The signature of its report covers it.
pub(crate) struct Challenge(String);

/// The dialect that a request is for, recorded for the report.
#[derive(Clone, Copy)]
struct ProbedDialect(&'static str);

impl SelfProbe {
    /// Creates the signer. Its key is derived from the current pepper.
    pub(crate) fn new(peppers: &Peppers) -> Self {
        let secret = peppers.current.fingerprint(b"isogloss probe");
        Self(hmac::Key::new(hmac::HMAC_SHA256, &secret))
    }

    /// Returns a new signed challenge. Fails if the system has no random numbers.
    pub(crate) fn challenge(
        &self,
        subject: ProbeSubject,
        now: OffsetDateTime,
    ) -> Result<Challenge, getrandom::Error> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce)?;
        let text = format!("{} {}", now.unix_timestamp(), hex::encode(nonce));
        Ok(Challenge(self.signed(subject.label(), &text)))
    }

    /// Parses the report in a response. Returns `None` if it is not a signed report on this challenge.
    pub(crate) fn parse_report(&self, challenge: &Challenge, answer: &str) -> Option<ProbeReport> {
        let text = self.verified(&format!("answer to {}", challenge.0), answer)?;
        ProbeReport::parse(text)
    }

    /// Returns the subject of a challenge, or `None` if it is not signed with our key, or its timestamp is not within
    /// [`MAX_CLOCK_DIFFERENCE`].
    fn subject(&self, challenge: &str, now: OffsetDateTime) -> Option<ProbeSubject> {
        let mut subjects = [ProbeSubject::Arrival, ProbeSubject::BackEnd].into_iter();
        subjects.find(|subject| {
            let sent_at = self.verified(subject.label(), challenge).and_then(|text| {
                let (timestamp, _nonce) = text.split_once(' ')?;
                timestamp.parse::<i64>().ok()
            });
            sent_at.is_some_and(|at| now.unix_timestamp().abs_diff(at) <= MAX_CLOCK_DIFFERENCE)
        })
    }

    /// Returns the signed report on a challenge.
    fn sign_report(&self, challenge: &str, report: &ProbeReport) -> String {
        self.signed(&format!("answer to {challenge}"), &report.words())
    }

    /// Returns the text with a signature over it and over `about`.
    fn signed(&self, about: &str, text: &str) -> String {
        let tag = hmac::sign(&self.0, format!("{about}: {text}").as_bytes());
        format!("{text} {}", hex::encode(tag.as_ref()))
    }

    /// Returns the text without its signature, or `None` if the signature is not valid for it and `about`.
    fn verified<'a>(&self, about: &str, signed: &'a str) -> Option<&'a str> {
        let (text, tag) = signed.rsplit_once(' ')?;
        let tag = hex::decode(tag).ok()?;
        hmac::verify(&self.0, format!("{about}: {text}").as_bytes(), &tag).ok()?;
        Some(text)
    }
}

impl Challenge {
    /// Returns the value of the header [`HEADER`].
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Records the dialect of a request for the report, if the request has a genuine challenge.
pub(crate) fn record_dialect(name: &'static str, request: &ServiceRequest) {
    if is_probe(request) {
        request.extensions_mut().insert(ProbedDialect(name));
    }
}

/// Returns whether the request has a genuine challenge. Such a request does not count as use of a dialect by a
/// client.
pub(crate) fn is_probe(request: &ServiceRequest) -> bool {
    request.extensions().contains::<VerifiedProbe>()
}

/// Mark of a request whose challenge was signed with our key, a short time ago.
struct VerifiedProbe;

/// A challenge in a request. Its report is a header that is added to the normal response.
pub(crate) struct PendingProbe {
    challenge: String,
    subject: ProbeSubject,
    peer: Option<IpAddr>,
    by_untrusted: bool,
}

impl PendingProbe {
    /// Removes the challenge from the request and returns it. Returns `None` if the request has none that is
    /// signed with our key, or its timestamp is too far from the current time.
    pub(crate) fn take(request: &mut ServiceRequest) -> Option<Self> {
        let mut values = request.headers_mut().remove(HEADER);
        let challenge = values.next()?.to_str().ok()?.to_owned();
        let probe = request.app_data::<Data<SelfProbe>>()?;
        let now = request.app_data::<Data<Auth>>()?.now();
        let subject = probe.subject(&challenge, now)?;
        request.extensions_mut().insert(VerifiedProbe);
        Some(Self {
            challenge,
            subject,
            peer: request.peer_addr().map(|peer| peer.ip()),
            // Now: before the request reaches a dialect, `Forwarded` of an untrusted peer is removed.
            by_untrusted: is_forwarded_by_untrusted(request.request()),
        })
    }

    /// Adds the signed report on how the challenge arrived to the response, and on the back end of its dialect if the
    /// challenge asks for it. Does nothing outside of the public application.
    pub(crate) async fn add_report<B>(
        self,
        response: &mut ServiceResponse<B>,
        back_ends: &BackEnds,
    ) {
        let mut report = report_on(&self, response.request());
        if let (ProbeSubject::BackEnd, Some(dialect)) = (self.subject, &report.dialect) {
            let host = response.request().headers().get(HOST);
            let host = host.and_then(|host| host.to_str().ok());
            let diagnoses = back_ends.diagnose(dialect, host.unwrap_or_default());
            report.back_end = diagnoses.await.map(AddressReport::all);
        }
        let probe = response.request().app_data::<Data<SelfProbe>>();
        let answer = probe.map(|probe| probe.sign_report(&self.challenge, &report));
        if let Some(answer) = answer.and_then(|answer| HeaderValue::from_str(&answer).ok()) {
            response.headers_mut().insert(HEADER, answer);
        }
    }
}

/// Returns the report on how a challenge arrived.
fn report_on(pending: &PendingProbe, request: &HttpRequest) -> ProbeReport {
    let reached = request.extensions().get::<ProbedDialect>().copied();
    let source = request.extensions().get::<ClientIp>().copied();
    ProbeReport {
        dialect: reached.map(|ProbedDialect(name)| name.to_owned()),
        source: match (source, pending.peer) {
            (Some(source), _) => source.to_string(),
            (None, Some(peer)) => peer.to_string(),
            (None, None) => "unknown".to_owned(),
        },
        forwarded: [X_FORWARDED_FOR, FORWARDED]
            .iter()
            .any(|name| request.headers().contains_key(name)),
        by_untrusted: pending.by_untrusted,
        back_end: None,
    }
}

/// Returns whether a peer that is not a trusted proxy reports a client IP in either header, other than the values
/// that `isogloss doctor` sends itself.
fn is_forwarded_by_untrusted(request: &HttpRequest) -> bool {
    let is_listed = |proxies: &TrustedProxies| proxies.is_trusted_peer(request);
    let headers = request.headers();
    let addresses = headers.get_all(X_FORWARDED_FOR).map(HeaderValue::as_bytes);
    let mut addresses = addresses.filter(|value| *value != FORGED_CLIENT_IP.as_bytes());
    let elements = headers.get_all(FORWARDED).map(HeaderValue::as_bytes);
    let mut elements = elements.filter(|value| *value != forged_element().as_bytes());
    (addresses.next().is_some() || elements.next().is_some())
        && !request.app_data::<TrustedProxies>().is_some_and(is_listed)
}

#[cfg(test)]
mod tests;
