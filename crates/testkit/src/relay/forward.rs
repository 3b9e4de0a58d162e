//! The tasks that forward bytes.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use super::connection::{Flow, Wanted};
use super::rules::Sent;
use super::{Connection, Cut, Direction, Shared};

/// How much of what a client sends first is kept, to tell connections apart.
const KEPT: usize = 16 * 1024;
const CHUNK: usize = 16 * 1024;

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, address)) = listener.accept().await {
        let server = shared.server();
        let (connection, wanted) = shared.arrive(address);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let forwarding = Forwarding {
                connection: &connection,
                wanted,
                all: shared.all.subscribe(),
                shared: &shared,
            };
            forwarding.run(client, server).await;
            let number = connection.number();
            shared.record(|seen| seen.open.remove(&number));
        });
    }
}

/// What applies to a connection while its bytes are forwarded.
#[derive(Clone)]
struct Forwarding<'a> {
    connection: &'a Connection,
    wanted: watch::Receiver<Wanted>,
    all: watch::Receiver<[Flow; 2]>,
    shared: &'a Shared,
}

impl Forwarding<'_> {
    /// Forwards both ways until both streams have ended, one of them breaks, or the connection is cut.
    async fn run(self, mut client: TcpStream, server: SocketAddr) {
        let Ok(mut server) = TcpStream::connect(server).await else {
            drop(client.set_zero_linger());
            return;
        };
        // Where it fails, bytes come a little later.
        drop((client.set_nodelay(true), server.set_nodelay(true)));
        let mut wanted = self.wanted.clone();
        let how = {
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = server.split();
            let requests = self
                .clone()
                .forward(Direction::Requests, from_client, to_server);
            let answers = self
                .clone()
                .forward(Direction::Responses, from_server, to_client);
            let forwarded = async {
                match tokio::try_join!(requests, answers) {
                    Ok(_) => Cut::Close,
                    Err(Lost) => Cut::Reset,
                }
            };
            let cut = async {
                let cut = wanted.wait_for(|wanted| wanted.cut.is_some()).await;
                cut.ok().and_then(|wanted| wanted.cut)
            };
            tokio::select! {
                how = forwarded => how,
                Some(how) = cut => how,
            }
        };
        if how == Cut::Reset {
            drop((client.set_zero_linger(), server.set_zero_linger()));
        }
    }

    async fn forward(
        mut self,
        direction: Direction,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
    ) -> Result<(), Lost> {
        let mut buffer = vec![0; CHUNK];
        let mut sent = Sent::default();
        loop {
            let count = from.read(&mut buffer).await.map_err(|_| Lost)?;
            let chunk = &buffer[..count];
            self.record_arrival(direction, chunk);
            if direction == Direction::Requests {
                let rules = &self.shared.rules;
                rules.apply(self.connection, &mut sent, chunk);
            }
            self.wait_until_it_may_pass(direction).await;
            if count == 0 {
                return to.shutdown().await.map_err(|_| Lost);
            }
            if self.flows(direction).iter().any(|flow| flow.is_lost) {
                return Err(Lost);
            }
            to.write_all(chunk).await.map_err(|_| Lost)?;
            self.record_passage(direction, count);
            if self.flows(direction).iter().any(|flow| flow.is_last) {
                self.connection.stall(direction);
            }
        }
    }

    fn flows(&self, direction: Direction) -> [Flow; 2] {
        let own = self.wanted.borrow().flows[direction as usize];
        let of_all = self.all.borrow()[direction as usize];
        [own, of_all]
    }

    async fn wait_until_it_may_pass(&mut self, direction: Direction) {
        let delay = self.flows(direction).iter().map(|flow| flow.delay).sum();
        sleep(delay).await;
        let index = direction as usize;
        while self.flows(direction).iter().any(|flow| flow.is_stalled) {
            // Neither sender goes before the task does: an error would be the end of the relay.
            let own = self
                .wanted
                .wait_for(|wanted| !wanted.flows[index].is_stalled);
            drop(own.await);
            let of_all = self.all.wait_for(|flows| !flows[index].is_stalled);
            drop(of_all.await);
        }
    }

    fn record_arrival(&self, direction: Direction, chunk: &[u8]) {
        self.shared.record(|seen| {
            let Some((_, traffic)) = seen.open.get_mut(&self.connection.number()) else {
                return;
            };
            traffic.held[direction as usize] += chunk.len();
            if direction == Direction::Requests {
                let room = KEPT.saturating_sub(traffic.sent.len());
                let kept = chunk.iter().take(room);
                traffic.sent.extend(kept);
            }
        });
    }

    fn record_passage(&self, direction: Direction, count: usize) {
        self.shared.record(|seen| {
            if let Some((_, traffic)) = seen.open.get_mut(&self.connection.number()) {
                traffic.held[direction as usize] -= count;
                traffic.passed[direction as usize] += count as u64;
            }
        });
    }
}

/// Bytes that do not arrive: a side broke its stream, or a test lost them.
struct Lost;
