//! Trials of logins, for the command line and the management listener.

use std::net::IpAddr;

use isogloss_core::audit::{Event, EventKind};
use isogloss_core::{
    Auth, AuthError, ClientIp, Credentials, LoginOrigin, Network, OrganisationName, Realm,
    RequestedAccess, SecondFactor, SecondFactorRule, TrialStep, TrialVerdict,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dialects::Mount;

/// A login to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrialRequest {
    /// The dialect of the login.
    pub(crate) dialect: String,
    /// The user name or e-mail address, as the client sends it.
    pub(crate) user: String,
    /// The content of the password field.
    #[schema(value_type = String, format = "password")]
    pub(crate) password: SecretString,
    /// The code of the second factor, for a dialect that has a field for it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) code: Option<SecretString>,
    /// The organisation that the client sends.
    #[serde(default)]
    pub(crate) organisation: Option<String>,
    /// The unit that the client sends.
    #[serde(default)]
    pub(crate) unit: Option<String>,
    /// The client IP, for locks, and for networks in which no second factor is needed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) source: Option<IpAddr>,
}

/// What a login would find.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = LoginTrial)]
pub(crate) struct TrialView {
    /// Whether the login would succeed; `unknown` if an authority could not be asked.
    pub(crate) verdict: String,
    /// In the order of a login.
    pub(crate) steps: Vec<StepView>,
}

/// What a step of a login finds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = TrialStep)]
pub(crate) struct StepView {
    /// The step, such as `password`.
    pub(crate) step: String,
    /// `passes`, `fails` or `unknown`.
    pub(crate) verdict: String,
    /// What it has found.
    pub(crate) text: String,
}

impl TrialRequest {
    /// Walks through the login like [`run`](Self::run), and records that the caller tried it.
    pub(crate) async fn run_recorded(
        self,
        auth: &Auth,
        mount: &Mount,
    ) -> Result<TrialView, AuthError> {
        let account = auth.event_subject(&self.user).await?.user;
        let event = Event {
            user: account,
            dialect: Some(mount.name.to_owned()),
            ..Event::new(EventKind::TryLogin, auth.now())
        };
        auth.audit().record(event);
        self.run(auth, mount).await
    }

    /// Walks through the login in the dialect of `mount`. Fails if a store is unreachable, or too many logins wait for a
    /// hashing thread.
    async fn run(self, auth: &Auth, mount: &Mount) -> Result<TrialView, AuthError> {
        let origin = LoginOrigin {
            requested: self.unit.map(|unit| RequestedAccess::Unit(Some(unit))),
            ..LoginOrigin::new(Realm::new(mount.name), self.source.map(ClientIp::from))
        };
        let credentials = Credentials {
            name: self.user,
            password: self.password,
            factor: second_factor(mount, self.code),
            organisation: self.organisation.map(OrganisationName::Exact),
            origin,
        };
        let steps = auth.try_login(&credentials).await?;
        Ok(TrialView::new(steps))
    }
}

/// Returns the second factor of a login in the dialect: the code, or the dialect's rule if it has no field for one.
fn second_factor(mount: &Mount, code: Option<SecretString>) -> SecondFactor {
    let setting = |name: &str| mount.settings.get(name).cloned();
    let rule = setting("second_factor")
        .and_then(|rule| serde_json::from_value::<SecondFactorRule>(rule).ok());
    let Some(rule) = rule else {
        return SecondFactor::Code(code);
    };
    let networks = setting("second_factor_allow_from");
    let networks = networks.and_then(|list| serde_json::from_value::<Vec<Network>>(list).ok());
    SecondFactor::without_field(rule, &networks.unwrap_or_default())
}

impl TrialView {
    fn new(steps: Vec<TrialStep>) -> Self {
        let has = |verdict| steps.iter().any(|step| step.verdict == verdict);
        let verdict = if has(TrialVerdict::Fails) {
            TrialVerdict::Fails
        } else if has(TrialVerdict::Unknown) {
            TrialVerdict::Unknown
        } else {
            TrialVerdict::Passes
        };
        let steps = steps.into_iter().map(|step| StepView {
            step: step.step.to_owned(),
            verdict: step.verdict.name().to_owned(),
            text: step.text,
        });
        Self {
            verdict: verdict.name().to_owned(),
            steps: steps.collect(),
        }
    }
}
