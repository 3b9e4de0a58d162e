//! A request whose client resets the connection, in the middle or some time after the last byte.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::Request as Message;
use socket2::SockRef;

/// Number of requests that are sent first, to measure how long one takes.
pub(crate) const CALIBRATIONS: usize = 4;

const THREADS: usize = 4;

/// A kind of request that changes something.
pub(crate) struct Request {
    pub(crate) name: &'static str,
    pub(crate) server: SocketAddr,
    make: Box<dyn Fn(usize) -> Message + Sync>,
}

impl Request {
    /// Takes a function that makes the request for a subject, and whatever the request needs.
    pub(crate) fn new(
        name: &'static str,
        server: SocketAddr,
        make: impl Fn(usize) -> Message + Sync + 'static,
    ) -> Self {
        let make = Box::new(make);
        Self { name, server, make }
    }

    /// Sends the request for each subject, and resets each connection at another point.
    pub(crate) fn cut_at_all_points(&self) {
        let (points, span) = (points(), self.span());
        // At these points the request is incomplete.
        let incomplete = points / 5;
        let of_thread = |thread: usize| {
            for subject in (thread..points).step_by(THREADS) {
                let message = (self.make)(subject).message(&self.server.to_string());
                let (bytes, wait) = match subject.checked_sub(incomplete) {
                    None => (message.len() * subject / incomplete, Duration::ZERO),
                    Some(step) => (message.len(), part(span, step, points - incomplete)),
                };
                cut(self.server, &message[..bytes], wait);
            }
        };
        thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || of_thread(thread));
            }
        });
    }

    /// Returns the time between the first and the last point of a reset.
    fn span(&self) -> Duration {
        let points = points();
        let took = (points..points + CALIBRATIONS).map(|subject| {
            let request = (self.make)(subject);
            let begun = Instant::now();
            let answer = request.send(self.server).unwrap();
            let (status, text) = (answer.status, answer.text());
            assert!(
                status < 400 || status == 401,
                "{}: {status}, {text}",
                self.name
            );
            begun.elapsed()
        });
        // Concurrent requests take longer.
        took.max().unwrap_or_default() * 2
    }
}

/// Returns the number of points for each request: `ISOGLOSS_CUTS`, or 24.
pub(crate) fn points() -> usize {
    let set = std::env::var_os("ISOGLOSS_CUTS");
    set.map_or(24, |text| text.into_string().unwrap().parse().unwrap())
}

fn part(span: Duration, step: usize, of: usize) -> Duration {
    span * u32::try_from(step).unwrap() / u32::try_from(of).unwrap()
}

fn cut(server: SocketAddr, message: &[u8], wait: Duration) {
    let mut stream = TcpStream::connect(server).unwrap();
    let socket = SockRef::from(&stream);
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    socket.set_tcp_nodelay(true).unwrap();
    stream.write_all(message).unwrap();
    // The reset comes after this time.
    thread::sleep(wait);
}
