//! What the programs of this package have in common. `../gateway.py` logs in and out.

use std::env;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use oauth2::reqwest::{Certificate, Client, redirect};
use serde_json::{Map, Value};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Scripts run next to each other on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(200);

/// Returns a variable that `run` sets.
pub fn variable(name: &str) -> Result<String> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}

/// Returns a client of HTTP that trusts the certificate authority of the test.
pub fn http_client() -> Result<Client> {
    let authority = fs::read(variable("AUTHORITY")?)?;
    let client = Client::builder()
        .add_root_certificate(Certificate::from_pem(&authority)?)
        .redirect(redirect::Policy::none());
    Ok(client.build()?)
}

/// Returns a token of each dialect, by the dialect's name.
pub fn login() -> Result<Map<String, Value>> {
    run(&["login"])
}

/// Returns a JWT for each of these tokens.
pub fn exchange(tokens: &Map<String, Value>) -> Result<Map<String, Value>> {
    run(&["exchange", &serde_json::to_string(tokens)?])
}

fn run(arguments: &[&str]) -> Result<Map<String, Value>> {
    let program = format!("{}/gateway.py", variable("PYTHONPATH")?);
    let output = Command::new("python3")
        .arg(program)
        .args(arguments)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let text = output.stdout.trim_ascii();
    Ok(if text.is_empty() {
        Map::new()
    } else {
        serde_json::from_slice(text)?
    })
}

/// Logs out, and waits until the service refuses all credentials: the tokens, or the JWTs for them.
///
/// # Errors
/// A credential is refused before, or accepted after `max_age`.
pub async fn see_logout(
    tokens: &Map<String, Value>,
    credentials: &Map<String, Value>,
    accepts: impl AsyncFn(String) -> Result<bool>,
) -> Result<()> {
    let accepted = async || {
        let mut accepted = 0;
        for credential in credentials.values() {
            let credential = credential.as_str().ok_or("no text")?.to_owned();
            accepted += usize::from(accepts(credential).await?);
        }
        Ok::<_, Box<dyn std::error::Error>>(accepted)
    };
    if accepted().await? != credentials.len() {
        return Err("refused before the logout".into());
    }
    run(&["logout", &serde_json::to_string(tokens)?])?;
    let deadline = Instant::now() + Duration::from_secs(variable("MAX_AGE")?.parse()?) + PATIENCE;
    if accepted().await? == 0 {
        println!("seen: logout at once");
        return Ok(());
    }
    while accepted().await? > 0 {
        if Instant::now() > deadline {
            return Err("still accepted after max_age".into());
        }
        tokio::time::sleep(GLANCE).await;
    }
    println!("seen: logout within max_age");
    Ok(())
}
