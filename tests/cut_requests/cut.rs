//! A request whose client resets the connection: after some of its bytes, or some time after all of them.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use conformance::Request as Message;
use socket2::SockRef;

/// At how many points each request is cut.
pub(crate) const POINTS: usize = 200;

/// How many of them lie within the request; at the others it is complete.
const INCOMPLETE: usize = 40;

/// How many requests are sent first, to see how long one takes.
pub(crate) const CALIBRATIONS: usize = 4;

const THREADS: usize = 4;

/// A kind of request that changes something.
pub(crate) struct Request {
    pub(crate) name: &'static str,
    pub(crate) server: SocketAddr,
    /// Makes the request for a subject, and what it needs.
    pub(crate) make: Box<Make>,
}

pub(crate) type Make = dyn Fn(usize) -> Message + Sync;

/// Sends the request of each subject, and resets the connection at a point of its own.
pub(crate) fn cut_at_all_points(server: SocketAddr, make: &Make) {
    let took = (POINTS..POINTS + CALIBRATIONS).map(|subject| {
        let request = make(subject);
        let begun = Instant::now();
        let answer = request.send(server).unwrap();
        assert!(answer.status < 500, "{}: {}", answer.status, answer.text());
        begun.elapsed()
    });
    // Those that are sent at once take longer.
    let span = took.max().unwrap_or_default() * 2;
    let of_thread = |thread: usize| {
        for subject in (thread..POINTS).step_by(THREADS) {
            let message = make(subject).message(&server.to_string());
            let (bytes, wait) = match subject.checked_sub(INCOMPLETE) {
                None => (message.len() * subject / INCOMPLETE, Duration::ZERO),
                Some(step) => (
                    message.len(),
                    span * step as u32 / (POINTS - INCOMPLETE) as u32,
                ),
            };
            cut(server, &message[..bytes], wait);
        }
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || of_thread(thread));
        }
    });
}

fn cut(server: SocketAddr, message: &[u8], wait: Duration) {
    let mut stream = TcpStream::connect(server).unwrap();
    let socket = SockRef::from(&stream);
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    socket.set_tcp_nodelay(true).unwrap();
    stream.write_all(message).unwrap();
    // The point at which it is cut.
    thread::sleep(wait);
}
