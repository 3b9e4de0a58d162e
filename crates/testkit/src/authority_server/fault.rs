//! What can go wrong between a gateway and an authority.

/// What goes wrong between a gateway and an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorityFault {
    /// Nothing listens at the port.
    Refuse,
    /// The connection is never made: packets to the port are dropped.
    HangAtConnect,
    /// The connection is made, and then nothing more happens: no TLS.
    HangAtTls,
    /// The request arrives, and nothing is sent.
    HangAtHead,
    /// The head of the response and a half of the body are sent, and then nothing more.
    HangAtBody,
    /// The connection is reset as soon as it is made.
    ResetAtConnect,
    /// The connection is reset when the request has arrived.
    ResetAfterRequest,
    /// The connection is reset when a half of the body has been sent.
    ResetInBody,
    /// The connection is closed, properly, when a half of the body has been sent.
    HalfAnswer,
    /// The body is the right one, followed by spaces, 10 MB in all.
    TooLong,
    /// The right body is declared as a web page.
    WrongContentType,
    /// The certificate has expired.
    ExpiredCertificate,
    /// The certificate is one of another authority.
    ForeignCertificate,
    /// The certificate is for another host.
    WrongHostName,
    /// A 307 response leads to an address that has the right response.
    Redirect,
    /// The right body has status 429.
    TooManyRequests,
    /// The right body has status 500.
    InternalServerError,
    /// The right body has status 503.
    ServiceUnavailable,
    /// A 204 response without a body.
    NoContent,
    /// The response is not of the protocol.
    Garbage,
    /// A text of the right body has a byte that is not UTF-8.
    NotUtf8,
    /// The right response arrives byte by byte, over minutes.
    SlowDrip,
    /// The members of the right body have values of other types.
    WrongJson,
    /// The body is empty.
    EmptyBody,
    /// Each member of the right body is there twice.
    DuplicateKeys,
}

impl AuthorityFault {
    /// Every fault.
    pub const ALL: [Self; 25] = [
        Self::Refuse,
        Self::HangAtConnect,
        Self::HangAtTls,
        Self::HangAtHead,
        Self::HangAtBody,
        Self::ResetAtConnect,
        Self::ResetAfterRequest,
        Self::ResetInBody,
        Self::HalfAnswer,
        Self::TooLong,
        Self::WrongContentType,
        Self::ExpiredCertificate,
        Self::ForeignCertificate,
        Self::WrongHostName,
        Self::Redirect,
        Self::TooManyRequests,
        Self::InternalServerError,
        Self::ServiceUnavailable,
        Self::NoContent,
        Self::Garbage,
        Self::NotUtf8,
        Self::SlowDrip,
        Self::WrongJson,
        Self::EmptyBody,
        Self::DuplicateKeys,
    ];

    /// The faults that connections of any protocol can have, which [`FaultyRelay`](super::FaultyRelay) makes.
    pub const OF_ANY_PROTOCOL: [Self; 14] = [
        Self::Refuse,
        Self::HangAtConnect,
        Self::HangAtTls,
        Self::HangAtHead,
        Self::HangAtBody,
        Self::ResetAtConnect,
        Self::ResetAfterRequest,
        Self::ResetInBody,
        Self::HalfAnswer,
        Self::ExpiredCertificate,
        Self::ForeignCertificate,
        Self::WrongHostName,
        Self::Garbage,
        Self::SlowDrip,
    ];

    /// The faults of connections, which are there before a request is.
    pub const OF_A_CONNECTION: [Self; 7] = [
        Self::Refuse,
        Self::HangAtConnect,
        Self::HangAtTls,
        Self::ResetAtConnect,
        Self::ExpiredCertificate,
        Self::ForeignCertificate,
        Self::WrongHostName,
    ];

    /// Calls `try_them` with all faults, and returns when all calls have. Those that are noticed only because time passes
    /// have a thread each; one thread has all others.
    pub fn concurrently(faults: &[Self], try_them: impl Fn(&[Self]) + Sync) {
        let (slow, quick): (Vec<Self>, Vec<Self>) =
            faults.iter().partition(|fault| fault.is_slow());
        std::thread::scope(|scope| {
            for fault in &slow {
                scope.spawn(|| try_them(std::slice::from_ref(fault)));
            }
            try_them(&quick);
        });
    }

    /// Returns the name of the cause that is reported of the fault if the protocol is HTTP.
    pub fn cause(self) -> &'static str {
        match self {
            Self::Refuse | Self::ResetAtConnect => "connect",
            Self::ExpiredCertificate | Self::ForeignCertificate | Self::WrongHostName => "tls",
            Self::HangAtConnect
            | Self::HangAtTls
            | Self::HangAtHead
            | Self::HangAtBody
            | Self::SlowDrip => "timeout",
            Self::ResetAfterRequest | Self::ResetInBody | Self::HalfAnswer | Self::Garbage => {
                "closed"
            }
            Self::TooManyRequests | Self::InternalServerError | Self::ServiceUnavailable => {
                "refused"
            }
            Self::TooLong
            | Self::WrongContentType
            | Self::Redirect
            | Self::NoContent
            | Self::NotUtf8
            | Self::WrongJson
            | Self::EmptyBody
            | Self::DuplicateKeys => "response",
        }
    }

    /// Returns whether a client notices the fault only because time passes.
    pub fn is_slow(self) -> bool {
        matches!(
            self,
            Self::HangAtConnect
                | Self::HangAtTls
                | Self::HangAtHead
                | Self::HangAtBody
                | Self::SlowDrip
        )
    }
}
