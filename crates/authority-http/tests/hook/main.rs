//! The web hook, on sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checks;
mod decisions;
mod faults;
mod requests;

use std::time::Duration;

use isogloss_authority_http::{HookAuthority, HookSettings};
use isogloss_core::authority::{Authority as _, Decision, JudgeRequest};
use isogloss_testkit::AuthorityServer;
use secrecy::SecretString;

fn settings(server: &AuthorityServer) -> HookSettings {
    HookSettings {
        url: server.url().parse().unwrap(),
        secret: AuthorityServer::HOOK_SECRET.into(),
        ca_file: Some(server.ca_file()),
        client_certificate_file: None,
        client_key_file: None,
        allow_plain: false,
        timeout: Duration::from_secs(30),
    }
}

fn hook(server: &AuthorityServer) -> HookAuthority {
    HookAuthority::new(settings(server)).unwrap()
}

async fn judge(hook: &HookAuthority, login: &str, password: &str) -> Decision {
    let password = SecretString::from(password);
    let request = JudgeRequest {
        login,
        password: &password,
        external_id: None,
        dialect: "bimplus",
        organisation: Some("CRMDEMO"),
        source: Some([192, 0, 2, 7].into()),
    };
    hook.judge(&request).await
}
