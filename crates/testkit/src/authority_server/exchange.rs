//! One connection: TLS, a request, and a response, or what the fault makes of them.

use std::io::Result;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::server::TlsStream;

use super::certificates::Certificates;
use super::http::{Request, Response, head};
use super::listener::{Fault, Handler};
use super::oidc::Provider;
use super::{AuthorityFault, AuthorityUser, PasswordRequest, Role, hook, lock, oidc};

const JSON: &str = "application/json";
/// The length of a body that is too long.
const TOO_LONG: usize = 10 * 1024 * 1024;
/// The time between two bytes of a slow response.
const DRIP: Duration = Duration::from_millis(200);
/// What an address is followed by after a redirect.
const MOVED: &str = "?moved";

/// What all connections have in common.
pub(super) struct Exchange {
    role: Role,
    pub(super) users: Mutex<Vec<AuthorityUser>>,
    pub(super) provider: Mutex<Provider>,
    pub(super) requests: Mutex<Vec<PasswordRequest>>,
    /// The end of the address that alone has the fault.
    endpoint: Mutex<Option<&'static str>>,
    pub(super) certificates: Certificates,
}

impl Exchange {
    pub(super) fn new(
        role: Role,
        users: Vec<AuthorityUser>,
        provider: Provider,
        certificates: Certificates,
    ) -> Self {
        Self {
            role,
            users: Mutex::new(users),
            provider: Mutex::new(provider),
            requests: Mutex::default(),
            endpoint: Mutex::default(),
            certificates,
        }
    }

    /// Lets only addresses with this end have the fault; `None`: all.
    pub(super) fn limit_fault_to(&self, endpoint: Option<&'static str>) {
        *lock(&self.endpoint) = endpoint;
    }

    /// Returns whether a request gets what the fault makes of its response.
    fn is_spoiled(&self, request: &Request) -> bool {
        // Who follows a redirect finds the right response.
        !request.path.ends_with(MOVED)
            && lock(&self.endpoint).is_none_or(|endpoint| request.path.ends_with(endpoint))
    }

    async fn serve(&self, stream: TcpStream, fault: &mut Fault) -> Result<()> {
        match fault.kind {
            Some(AuthorityFault::HangAtTls) => {
                fault.over().await;
                return Ok(());
            }
            Some(AuthorityFault::ResetAtConnect) => return stream.set_zero_linger(),
            _ => {}
        }
        let mut stream = self
            .certificates
            .acceptor(fault.kind)
            .accept(stream)
            .await?;
        let request = Request::read(&mut stream).await?;
        self.record(&request);
        let response = self.answer(&request);
        match fault.kind {
            Some(kind) if self.is_spoiled(&request) => {
                fail(kind, &mut stream, &request, &response, fault).await
            }
            _ => {
                let head = head(response.status, JSON, response.json.len(), "");
                send(&mut stream, &[head.as_bytes(), response.json.as_bytes()]).await
            }
        }
    }

    fn record(&self, request: &Request) {
        let credentials = match self.role {
            Role::Hook => hook::credentials(request),
            Role::Oidc => oidc::credentials(request),
        };
        if let Some((login, password)) = credentials {
            lock(&self.requests).push(PasswordRequest {
                login,
                password,
                headers: request.headers.clone(),
                body: request.body.clone(),
            });
        }
    }

    fn answer(&self, request: &Request) -> Response {
        let users = lock(&self.users);
        match self.role {
            Role::Hook => hook::answer(&users, request),
            Role::Oidc => lock(&self.provider).answer(&users, request),
        }
    }
}

impl Handler for Exchange {
    async fn handle(self: Arc<Self>, stream: TcpStream, mut fault: Fault) {
        // An error is the end of the connection, which the client sees.
        drop(self.serve(stream, &mut fault).await);
    }
}

/// Sends what the fault makes of a response.
async fn fail(
    kind: AuthorityFault,
    stream: &mut TlsStream<TcpStream>,
    request: &Request,
    response: &Response,
    fault: &mut Fault,
) -> Result<()> {
    let right = response.json.as_bytes();
    let full = head(response.status, JSON, right.len(), "");
    let half = &right[..right.len() / 2];
    let other = |status: u16, media: &str, body: &[u8]| {
        let mut bytes = head(status, media, body.len(), "").into_bytes();
        bytes.extend_from_slice(body);
        bytes
    };
    let bytes = match kind {
        AuthorityFault::HangAtHead => {
            fault.over().await;
            return Ok(());
        }
        AuthorityFault::HangAtBody => {
            send_part(stream, &[full.as_bytes(), half]).await?;
            fault.over().await;
            return Ok(());
        }
        AuthorityFault::ResetAfterRequest => return stream.get_ref().0.set_zero_linger(),
        AuthorityFault::ResetInBody => {
            send_part(stream, &[full.as_bytes(), half]).await?;
            return stream.get_ref().0.set_zero_linger();
        }
        AuthorityFault::SlowDrip => {
            let drops = [full.as_bytes(), right].concat();
            for one in drops {
                send_part(stream, &[&[one]]).await?;
                tokio::select! {
                    () = sleep(DRIP) => {}
                    () = fault.over() => return Ok(()),
                }
            }
            return Ok(());
        }
        AuthorityFault::HalfAnswer => [full.as_bytes(), half].concat(),
        AuthorityFault::TooLong => {
            let mut body = right.to_vec();
            body.resize(TOO_LONG, b' ');
            other(response.status, JSON, &body)
        }
        AuthorityFault::WrongContentType => other(response.status, "text/html", right),
        AuthorityFault::Redirect => {
            let location = format!("Location: {}{MOVED}\r\n", request.path);
            head(307, JSON, 0, &location).into_bytes()
        }
        AuthorityFault::TooManyRequests => other(429, JSON, right),
        AuthorityFault::InternalServerError => other(500, JSON, right),
        AuthorityFault::ServiceUnavailable => other(503, JSON, right),
        AuthorityFault::NoContent => b"HTTP/1.1 204 x\r\nConnection: close\r\n\r\n".to_vec(),
        AuthorityFault::Garbage => b"\x00\x01 not HTTP \xff\r\n\r\n".to_vec(),
        AuthorityFault::NotUtf8 => other(response.status, JSON, &not_utf8(right)),
        AuthorityFault::WrongJson => other(response.status, JSON, &of_other_types(right)),
        AuthorityFault::EmptyBody => other(response.status, JSON, b""),
        AuthorityFault::DuplicateKeys => other(response.status, JSON, &twice(right)),
        AuthorityFault::Refuse
        | AuthorityFault::HangAtConnect
        | AuthorityFault::HangAtTls
        | AuthorityFault::ResetAtConnect
        | AuthorityFault::ExpiredCertificate
        | AuthorityFault::ForeignCertificate
        | AuthorityFault::WrongHostName => [full.as_bytes(), right].concat(),
    };
    send(stream, &[&bytes]).await
}

/// Sends bytes, and closes the connection properly.
async fn send(stream: &mut TlsStream<TcpStream>, parts: &[&[u8]]) -> Result<()> {
    send_part(stream, parts).await?;
    stream.shutdown().await
}

async fn send_part(stream: &mut TlsStream<TcpStream>, parts: &[&[u8]]) -> Result<()> {
    stream.write_all(&parts.concat()).await?;
    stream.flush().await
}

/// Puts a byte that is no UTF-8 into the first text of an object.
fn not_utf8(right: &[u8]) -> Vec<u8> {
    let mut body = right.to_vec();
    // The last quotation mark is the end of a text.
    if let Some(end) = body.iter().rposition(|&byte| byte == b'"') {
        body.insert(end, 0xff);
    }
    body
}

/// Returns an object with the same members, of other types.
fn of_other_types(right: &[u8]) -> Vec<u8> {
    let mut object: Value = serde_json::from_slice(right).unwrap_or_default();
    for value in object
        .as_object_mut()
        .into_iter()
        .flat_map(|all| all.values_mut())
    {
        *value = if value.is_string() {
            Value::from(1)
        } else {
            Value::from("x")
        };
    }
    object.to_string().into_bytes()
}

/// Returns an object in which each member is there twice.
fn twice(right: &[u8]) -> Vec<u8> {
    let members = &right[1..right.len() - 1];
    [b"{", members, b",", members, b"}"].concat()
}
