//! The two directions of an upgraded connection.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Payload;
use actix_web::rt::spawn;
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::sync::mpsc;

use crate::connection::Upgraded;
use crate::response_body::Interrupted;
use crate::watch::Watch;
use crate::watched::Watched;

/// Number of bytes that are read at once.
const CHUNK: usize = 8 * 1024;

/// What the back end sends after the upgrade.
pub(crate) struct TunnelBody(mpsc::Receiver<Bytes>);

/// Passes on what either side sends, until the back end closes the connection, the client is gone, or neither has sent anything for
/// too long. `client` is what the client sends.
pub(crate) fn open(parts: Upgraded, watch: Rc<Watch>, client: Payload) -> TunnelBody {
    let (sender, receiver) = mpsc::channel(1);
    let (reader, writer) = split(parts.io.into_inner());
    spawn(async move {
        tokio::select! {
            () = receive(parts.read_buf, reader, &sender) => {}
            () = transmit(client, writer) => {}
            () = sender.closed() => {}
            () = watch.expire() => {}
        }
        watch.release();
    });
    TunnelBody(receiver)
}

/// Passes on what the back end sends, until its end.
async fn receive(start: Bytes, mut backend: ReadHalf<Watched>, client: &mpsc::Sender<Bytes>) {
    if !start.is_empty() && client.send(start).await.is_err() {
        return;
    }
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(CHUNK);
        match backend.read_buf(&mut buffer).await {
            Ok(1..) => {
                if client.send(buffer.split().freeze()).await.is_err() {
                    return;
                }
            }
            Ok(0) | Err(_) => return,
        }
    }
}

/// Passes on what the client sends. At its end, the back end can finish what it sends; returns if the back end takes nothing more.
async fn transmit(mut client: Payload, mut backend: WriteHalf<Watched>) {
    while let Some(Ok(chunk)) = client.next().await {
        if backend.write_all(&chunk).await.is_err() || backend.flush().await.is_err() {
            return;
        }
    }
    if backend.shutdown().await.is_ok() {
        std::future::pending::<()>().await;
    }
}

impl MessageBody for TunnelBody {
    type Error = Interrupted;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Interrupted>>> {
        self.0.poll_recv(cx).map(|chunk| chunk.map(Ok))
    }
}
