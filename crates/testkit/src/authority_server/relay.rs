//! A relay with the faults that connections of any protocol can have, for servers that are not ours.

use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::AuthorityFault;
use super::certificates::Certificates;
use super::listener::{Fault, FaultyListener, Handler};

const CHUNK: usize = 16 * 1024;
const DRIP: Duration = Duration::from_millis(200);

/// A relay to a server of this machine, such as an LDAP server. It stops, and closes its connections, when it is dropped.
pub struct FaultyRelay {
    listener: FaultyListener,
}

struct Forwarding {
    server: SocketAddr,
    certificates: Certificates,
}

impl FaultyRelay {
    /// Starts a relay to a port of this machine.
    ///
    /// # Errors
    /// If there is no free port.
    pub fn to(port: u16) -> Result<Self> {
        let forwarding = Forwarding {
            server: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            certificates: Certificates::make()?,
        };
        let listener = FaultyListener::start(Arc::new(forwarding))?;
        Ok(Self { listener })
    }

    /// Returns the port of the relay.
    pub fn port(&self) -> u16 {
        self.listener.address().port()
    }

    /// Sets what goes wrong from now on. When this returns, new connections have the fault, and all others are about to be
    /// closed. Half of the body is half of what the server sends first. Of faults that are not in
    /// [`AuthorityFault::OF_ANY_PROTOCOL`], connections are only closed.
    pub fn set_fault(&self, fault: Option<AuthorityFault>) {
        self.listener.set_fault(fault);
    }
}

impl Handler for Forwarding {
    async fn handle(self: Arc<Self>, stream: TcpStream, mut fault: Fault) {
        let mut until = fault.clone();
        // An error is the end of the connection, which the client sees.
        tokio::select! {
            ended = self.forward(stream, &mut fault) => drop(ended),
            () = until.over() => {}
        }
    }
}

impl Forwarding {
    async fn forward(&self, mut client: TcpStream, fault: &mut Fault) -> Result<()> {
        let Some(kind) = fault.kind else {
            let mut server = TcpStream::connect(self.server).await?;
            copy_bidirectional(&mut client, &mut server).await?;
            return Ok(());
        };
        match kind {
            AuthorityFault::HangAtTls => fault.over().await,
            AuthorityFault::ResetAtConnect => client.set_zero_linger()?,
            AuthorityFault::ResetAfterRequest => {
                wait_for_request(&mut client).await?;
                client.set_zero_linger()?;
            }
            AuthorityFault::Garbage => {
                wait_for_request(&mut client).await?;
                client
                    .write_all(b"\x00\x01 no protocol \xff\r\n\r\n")
                    .await?;
                client.shutdown().await?;
            }
            AuthorityFault::ExpiredCertificate
            | AuthorityFault::ForeignCertificate
            | AuthorityFault::WrongHostName => {
                let acceptor = self.certificates.acceptor(Some(kind));
                let mut client = acceptor.accept(client).await?;
                let mut server = TcpStream::connect(self.server).await?;
                copy_bidirectional(&mut client, &mut server).await?;
            }
            AuthorityFault::HangAtHead
            | AuthorityFault::HangAtBody
            | AuthorityFault::ResetInBody
            | AuthorityFault::HalfAnswer
            | AuthorityFault::SlowDrip => self.spoil_response(kind, client, fault).await?,
            // The listener's, and those of HTTP.
            AuthorityFault::Refuse
            | AuthorityFault::HangAtConnect
            | AuthorityFault::TooLong
            | AuthorityFault::WrongContentType
            | AuthorityFault::Redirect
            | AuthorityFault::TooManyRequests
            | AuthorityFault::InternalServerError
            | AuthorityFault::ServiceUnavailable
            | AuthorityFault::NoContent
            | AuthorityFault::NotUtf8
            | AuthorityFault::WrongJson
            | AuthorityFault::EmptyBody
            | AuthorityFault::DuplicateKeys => {}
        }
        Ok(())
    }

    /// Forwards requests, and of the first response only what the fault leaves of it.
    async fn spoil_response(
        &self,
        kind: AuthorityFault,
        mut client: TcpStream,
        fault: &mut Fault,
    ) -> Result<()> {
        let mut server = TcpStream::connect(self.server).await?;
        let response = {
            let (mut from_client, _) = client.split();
            let (mut from_server, mut to_server) = server.split();
            let mut response = vec![0; CHUNK];
            tokio::select! {
                read = from_server.read(&mut response) => {
                    response.truncate(read?);
                    response
                }
                sent = copy(&mut from_client, &mut to_server) => return sent.map(drop),
            }
        };
        if kind == AuthorityFault::HangAtHead {
            fault.over().await;
            return Ok(());
        }
        if kind == AuthorityFault::SlowDrip {
            for byte in response {
                client.write_all(&[byte]).await?;
                sleep(DRIP).await;
            }
            return Ok(());
        }
        client.write_all(&response[..response.len() / 2]).await?;
        if kind == AuthorityFault::HangAtBody {
            fault.over().await;
            return Ok(());
        }
        if kind == AuthorityFault::ResetInBody {
            return client.set_zero_linger();
        }
        client.shutdown().await
    }
}

/// Returns when a client has sent something, or has closed the connection.
async fn wait_for_request(client: &mut TcpStream) -> Result<()> {
    client.readable().await
}
