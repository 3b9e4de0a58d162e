//! The upper limit: plain actix-web with a response of the same size.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use actix_web::rt::System;
use actix_web::web::to;
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::{Context as _, Result};

/// As long as a response of BIMplus.
pub(crate) const BODY: &str = r#"{"access_token":"35eb2b5e94b54d5aafa6b6a7b6e8de01","expires_in":28799,"application_id":"0106c8baad467c08e26f026852cb7525","client_id":"0864b512-1776-4a55-8ee5-2b19d7d9b7ea","token_type":"BimPlus","scope":"all"}"#;

/// Serves until the process ends. Prints the address first.
pub(crate) fn serve(workers: usize) -> std::io::Result<()> {
    System::new().block_on(async move {
        let server = HttpServer::new(|| App::new().default_service(to(hello)))
            .workers(workers)
            .keep_alive(Duration::from_secs(75))
            .bind("127.0.0.1:0")?;
        let address = server.addrs()[0];
        writeln!(std::io::stdout(), "{address}")?;
        server.run().await
    })
}

async fn hello() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(BODY)
}

/// A hello server in a process of its own, which is killed on drop.
pub(crate) struct Hello {
    process: Child,
    pub(crate) place: SocketAddr,
}

impl Hello {
    pub(crate) fn start(workers: usize) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["hello", &workers.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().context("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let place = line.trim().parse()?;
        Ok(Self { process, place })
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
