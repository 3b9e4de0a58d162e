//! The authority.

use std::time::Duration;

use async_trait::async_trait;
use isogloss_authority::{HttpClient, TlsSettings, permit_url};
use isogloss_core::authority::{
    Authority, Cause, CauseKind, CheckStep, Decision, Identity, JudgeRequest,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::claims::Claims;
use crate::identity::Mapping;
use crate::keys::Verified;
use crate::metadata::Metadata;
use crate::provider::Provider;
use crate::token::{Credentials, Granted, TokenRequest};
use crate::{OidcSettings, OidcSettingsError, check, token, userinfo};

/// An authority that is an OpenID provider with the password grant.
pub struct OidcAuthority {
    provider: Provider,
    credentials: Credentials,
    scope: String,
    mapping: Mapping,
    timeout: Duration,
}

impl OidcAuthority {
    /// Creates the authority. Reads the files that the settings name, and opens no connection.
    ///
    /// # Errors
    ///
    /// An [`OidcSettingsError`] if a setting is invalid or a file cannot be used.
    pub fn new(settings: OidcSettings) -> Result<Self, OidcSettingsError> {
        permit_url(&settings.issuer, settings.allow_plain)?;
        if settings.issuer.query().is_some() || settings.issuer.fragment().is_some() {
            return Err(OidcSettingsError::IssuerParts);
        }
        if settings.client_id.trim().is_empty() {
            return Err(OidcSettingsError::NoClientId);
        }
        if !settings.scope.split(' ').any(|scope| scope == "openid") {
            return Err(OidcSettingsError::Scope);
        }
        if settings.accept_expired {
            return Err(OidcSettingsError::AcceptExpired);
        }
        let client = HttpClient::new(&TlsSettings::trusting(settings.ca_file))?;
        Ok(Self {
            mapping: Mapping::new(settings.claims, settings.roles)?,
            provider: Provider::new(client, settings.issuer, settings.allow_plain),
            credentials: Credentials {
                client_id: settings.client_id,
                client_secret: settings.client_secret,
            },
            scope: settings.scope,
            timeout: settings.timeout,
        })
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Judges a password within the time-out. Cached metadata and keys are not used again after a failure: the provider
    /// may have moved.
    pub(crate) async fn ask(
        &self,
        login: &str,
        password: &SecretString,
        external_id: Option<&str>,
    ) -> Decision {
        let judged = self.judge_without_limit(login, password, external_id);
        let decision = match tokio::time::timeout(self.timeout, judged).await {
            Ok(Ok(decision)) => decision,
            Ok(Err(cause)) => Decision::Unavailable(cause),
            Err(_) => {
                let detail = format!("no complete responses within {:?}", self.timeout);
                Decision::Unavailable(Cause::new(CauseKind::Timeout, detail))
            }
        };
        if let Decision::Unavailable(cause) = &decision
            && cause.kind != CauseKind::NotLinked
        {
            self.provider.forget();
        }
        decision
    }

    async fn judge_without_limit(
        &self,
        login: &str,
        password: &SecretString,
        external_id: Option<&str>,
    ) -> Result<Decision, Cause> {
        let metadata = self.provider.metadata().await?;
        let request = TokenRequest {
            credentials: &self.credentials,
            scope: &self.scope,
            login,
            password,
        };
        let granted = match token::request(self.provider.client(), &metadata, &request).await? {
            Ok(granted) => granted,
            Err(refusal) => return Ok(refusal),
        };
        let identity = self.identify(&metadata, &granted).await?;
        if external_id.is_some_and(|known| known != identity.external_id) {
            let detail = "the provider accepts the password, but of a user with another identifier";
            return Err(Cause::new(CauseKind::NotLinked, detail));
        }
        Ok(Decision::Accepted(Box::new(identity)))
    }

    /// Returns whom the tokens were issued for. Fails if the tokens do not say it, or are not valid.
    async fn identify(&self, metadata: &Metadata, granted: &Granted) -> Result<Identity, Cause> {
        let own = match &granted.id_token {
            Some(id_token) => Some(
                self.provider
                    .verify(metadata, id_token, &self.credentials.client_id)
                    .await?,
            ),
            None => None,
        };
        let claims = match own {
            Some(Verified(claims)) if self.mapping.is_satisfied_by(&claims) => claims,
            own => self.complete(metadata, granted, own).await?,
        };
        self.mapping.identity(&claims)
    }

    /// Returns the claims of userinfo, with those of the ID token. If there is no userinfo endpoint, the ID token has all
    /// there is.
    async fn complete(
        &self,
        metadata: &Metadata,
        granted: &Granted,
        own: Option<Verified>,
    ) -> Result<Claims, Cause> {
        let own = own.map(|Verified(claims)| claims);
        let (Some(endpoint), Some(access_token)) =
            (&metadata.userinfo_endpoint, &granted.access_token)
        else {
            let detail = "the provider sends no ID token, and has no userinfo endpoint";
            return own.ok_or_else(|| Cause::new(CauseKind::Configuration, detail));
        };
        let more = userinfo::request(self.provider.client(), endpoint, access_token).await?;
        match own {
            Some(own) => own.joined(more),
            None => Ok(more),
        }
    }
}

#[async_trait]
impl Authority for OidcAuthority {
    async fn judge(&self, request: &JudgeRequest<'_>) -> Decision {
        let password = request.password.expose_secret();
        if request.login.is_empty() || password.is_empty() || request.login.contains('\0') {
            return Decision::Rejected;
        }
        self.ask(request.login, request.password, request.external_id)
            .await
    }

    async fn check(&self, login: Option<&str>, password: Option<&SecretString>) -> Vec<CheckStep> {
        check::steps(self, login, password).await
    }
}
