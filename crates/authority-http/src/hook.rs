//! The web hook.

use std::time::Duration;

use async_trait::async_trait;
use isogloss_authority::{HttpClient, HttpRequest, JSON, permit_url};
use isogloss_core::authority::{Authority, Cause, CauseKind, CheckStep, Decision, JudgeRequest};
use isogloss_core::{Clock as _, SystemClock};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::signature::SigningKey;
use crate::{HookSettings, HookSettingsError, answer, check};

/// How much of a body is neither the name nor the password, in bytes.
const ENVELOPE: usize = 1024;
/// The greatest length of a character in JSON, as `\u0000`, in bytes.
const ESCAPED: usize = 6;

/// An authority that is a web hook.
pub struct HookAuthority {
    url: Url,
    key: SigningKey,
    client: HttpClient,
    timeout: Duration,
}

/// The body of a request.
#[derive(Serialize)]
struct Question<'a> {
    login: &'a str,
    password: &'a str,
    external_id: Option<&'a str>,
    dialect: &'a str,
    organisation: Option<&'a str>,
    source: Option<String>,
}

impl HookAuthority {
    /// Creates the authority. Reads the files that the settings name, and opens no connection.
    ///
    /// # Errors
    ///
    /// A [`HookSettingsError`] if a setting is invalid or a file cannot be used.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "settings are read once, and the secret must not stay in two places"
    )]
    pub fn new(settings: HookSettings) -> Result<Self, HookSettingsError> {
        permit_url(&settings.url, settings.allow_plain)?;
        Ok(Self {
            key: SigningKey::new(&settings.secret)?,
            client: HttpClient::new(&settings.tls())?,
            url: settings.url.clone(),
            timeout: settings.timeout,
        })
    }

    /// Returns the address that gets the requests.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Returns how long a judgement may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends one signed request, and returns the decision in the response; `Unavailable` if there is none.
    pub(crate) async fn ask(&self, request: &JudgeRequest<'_>) -> Decision {
        let answered = async {
            let response = self.client.send(self.signed(request)?).await?;
            if response.status != StatusCode::OK {
                return Err(response.unexpected_status());
            }
            response.expect_json()?;
            Ok(answer::decision(&response.body))
        };
        match tokio::time::timeout(self.timeout, answered).await {
            Ok(Ok(decision)) => decision,
            Ok(Err(cause)) => Decision::Unavailable(cause),
            Err(_) => {
                let detail = format!("no complete response within {:?}", self.timeout);
                Decision::Unavailable(Cause::new(CauseKind::Timeout, detail))
            }
        }
    }

    fn signed(&self, request: &JudgeRequest<'_>) -> Result<HttpRequest, Cause> {
        let no_request = || Cause::new(CauseKind::Configuration, "no request can be made");
        let body = body(request).ok_or_else(no_request)?;
        let id = format!("msg_{}", Uuid::new_v4().simple());
        let timestamp = SystemClock.now().unix_timestamp();
        let signature = self.key.sign(&id, timestamp, &body);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        headers.insert(ACCEPT, HeaderValue::from_static(JSON));
        headers.insert("webhook-timestamp", timestamp.into());
        for (name, value) in [("webhook-id", id), ("webhook-signature", signature)] {
            let value = HeaderValue::try_from(value).map_err(|_| no_request())?;
            headers.insert(name, value);
        }
        Ok(HttpRequest {
            method: Method::POST,
            url: self.url.clone(),
            headers,
            body,
        })
    }
}

#[async_trait]
impl Authority for HookAuthority {
    async fn judge(&self, request: &JudgeRequest<'_>) -> Decision {
        let password = request.password.expose_secret();
        if request.login.is_empty() || password.is_empty() || request.login.contains('\0') {
            return Decision::Rejected;
        }
        self.ask(request).await
    }

    async fn check(&self, login: Option<&str>, password: Option<&SecretString>) -> Vec<CheckStep> {
        check::steps(self, login, password).await
    }
}

/// Returns the body of a request. `None` if it cannot be written.
fn body(request: &JudgeRequest<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let password = request.password.expose_secret();
    let names = request.login.len()
        + request.external_id.map_or(0, str::len)
        + request.organisation.map_or(0, str::len);
    // As long as it can become: a vector that grows leaves copies of the password.
    let length = ENVELOPE + (names + password.len()) * ESCAPED;
    let mut body = Zeroizing::new(Vec::with_capacity(length));
    let question = Question {
        login: request.login,
        password,
        external_id: request.external_id,
        dialect: request.dialect,
        organisation: request.organisation,
        source: request.source.map(|source| source.to_string()),
    };
    serde_json::to_writer(&mut *body, &question).ok()?;
    Some(body)
}
