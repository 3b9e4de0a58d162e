//! The judgement of a password.

use std::fmt;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use isogloss_core::authority::{
    Authority, Cause, CauseKind, CheckStep, Decision, DisabledReason, Identity, JudgeRequest,
    UserList,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Duration, timeout};

use crate::directory::{Directory, only};
use crate::filter::{self, UserFilter};
use crate::groups::Groups;
use crate::identity::{Attributes, is_disabled, is_inactive, was_locked};
use crate::message::Entry;
use crate::request::{Depth, Search};
use crate::result_codes::{Verdict, verdict};
use crate::server::Server;
use crate::{LdapSettings, LdapSettingsError, Preset};

/// How many users are asked for at a time. Active Directory returns no more than 1000.
const PAGE: usize = 500;

/// An LDAP server, or several with the same users, that judges passwords.
pub struct LdapAuthority {
    pub(crate) directory: Directory,
    pub(crate) filter: UserFilter,
    pub(crate) attributes: Attributes,
    pub(crate) groups: Groups,
    preset: Preset,
    accept_expired: bool,
    pub(crate) timeout: Duration,
}

impl LdapAuthority {
    /// Returns the authority of the settings. Reads the file with the certificates of authorities, and opens no
    /// connection.
    ///
    /// # Errors
    /// If a setting cannot be used.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the settings hold a password, and are of no more use to the caller"
    )]
    pub fn new(settings: LdapSettings) -> Result<Self, LdapSettingsError> {
        settings.check()?;
        let preset = settings.preset.defaults();
        let filter = settings.filter.as_deref().unwrap_or(preset.filter);
        Ok(Self {
            directory: Directory::new(&settings)?,
            filter: UserFilter::new(filter)?,
            attributes: Attributes::new(&settings.attributes, &preset)?,
            groups: Groups::new(&settings),
            preset: settings.preset,
            accept_expired: settings.accept_expired,
            timeout: settings.timeout,
        })
    }

    /// Judges a password, however long it takes. Fails if no server judges it.
    async fn try_judge(&self, request: &JudgeRequest<'_>) -> Result<Decision, Cause> {
        let filter = match request.external_id {
            Some(id) => self
                .filter
                .by_external_id(&self.attributes.external_id, id)?,
            None => self.filter.by_login(request.login)?,
        };
        let Some((entry, server)) = self.directory.find(filter, &self.attributes).await? else {
            return Ok(Decision::UnknownUser);
        };
        let identity = self.attributes.identity(&entry)?;
        let is_other = |id: &str| !id.eq_ignore_ascii_case(&identity.external_id);
        if request.external_id.is_some_and(is_other) {
            let detail = "the server returned another user than was asked for";
            return Err(Cause::new(CauseKind::Response, detail));
        }
        match self.verdict(&entry, server, request.password).await? {
            Verdict::Right => self.admit(&entry, identity).await,
            Verdict::Expired if self.accept_expired => self.admit(&entry, identity).await,
            Verdict::Expired if is_disabled(&entry) => {
                Ok(Decision::Disabled(DisabledReason::Disabled))
            }
            Verdict::Expired => Ok(Decision::Disabled(DisabledReason::PasswordExpired)),
            Verdict::Wrong => Ok(Decision::Rejected),
            Verdict::Disabled(reason) => Ok(Decision::Disabled(reason)),
            Verdict::Locked => Ok(Decision::Throttled { retry_after: None }),
            Verdict::Unknown(cause) => Err(cause),
        }
    }

    /// Binds as the user, over a connection that is used for nothing else. Fails if the server does not answer; the
    /// password is not sent again.
    async fn verdict(
        &self,
        entry: &Entry,
        server: usize,
        password: &SecretString,
    ) -> Result<Verdict, Cause> {
        let (_, mut connection) = self.directory.servers().connect(Some(server)).await?;
        let outcome = connection.bind(&entry.dn, password).await?;
        connection.close().await;
        Ok(verdict(self.preset, &outcome, is_inactive(entry)))
    }

    /// Accepts a user whose password is right, unless the entry says that the user may not log in.
    async fn admit(&self, entry: &Entry, mut identity: Identity) -> Result<Decision, Cause> {
        let is_locked = was_locked(entry) && self.is_still_locked(entry).await?;
        if is_locked || is_disabled(entry) {
            return Ok(Decision::Disabled(DisabledReason::Disabled));
        }
        self.groups
            .add(&self.directory, entry, &mut identity)
            .await?;
        Ok(Decision::Accepted(Box::new(identity)))
    }

    /// Reads again whether the password policy locked the user. A lock that has ended is only removed by the bind.
    async fn is_still_locked(&self, entry: &Entry) -> Result<bool, Cause> {
        let search = Search {
            base: &entry.dn,
            depth: Depth::Base,
            filter: filter::exists()?,
            attributes: &self.attributes.wanted(),
            limit: 1,
            page: None,
        };
        let (found, _) = self.directory.search(&search).await?;
        Ok(only(found)?.is_some_and(|entry| was_locked(&entry)))
    }
}

#[async_trait]
impl Authority for LdapAuthority {
    async fn judge(&self, request: &JudgeRequest<'_>) -> Decision {
        let password = request.password.expose_secret();
        // A server takes an empty password for an anonymous bind and says yes, and some end a text at the first NUL.
        if request.login.is_empty()
            || password.is_empty()
            || request.login.contains('\0')
            || password.contains('\0')
        {
            return Decision::Rejected;
        }
        match timeout(self.timeout, self.try_judge(request)).await {
            Ok(decision) => decision.unwrap_or_else(Decision::Unavailable),
            Err(_) => Decision::Unavailable(Cause::new(CauseKind::Timeout, "no judgement in time")),
        }
    }

    async fn check(&self, login: Option<&str>, password: Option<&SecretString>) -> Vec<CheckStep> {
        self.check_steps(login, password).await
    }

    fn users(&self) -> Option<UserList<'_>> {
        Some(self.entries(PAGE).boxed())
    }
}

impl fmt::Debug for LdapAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<_> = self.directory.servers().iter().map(Server::name).collect();
        write!(f, "LdapAuthority({})", servers.join(", "))
    }
}
