//! What headers say of a token: a text for each claim.

use std::borrow::Cow;

use time::OffsetDateTime;

use crate::config::HeaderClaim;
use crate::jwt::TokenClaims;

/// A token's claims, with its expiry and a JWT for it.
pub(crate) struct Identity<'a> {
    pub(crate) claims: &'a TokenClaims<'a>,
    pub(crate) expires_at: OffsetDateTime,
    /// `None` if JWTs are disabled.
    pub(crate) jwt: Option<&'a str>,
}

impl Identity<'_> {
    /// Returns the text of a claim, empty if there is none.
    pub(super) fn text(&self, claim: HeaderClaim) -> Cow<'_, str> {
        let claims = self.claims;
        match claim {
            HeaderClaim::UserName => claims.username.into(),
            HeaderClaim::Email => claims.email.unwrap_or_default().into(),
            HeaderClaim::Id => claims.sub.to_string().into(),
            HeaderClaim::Number => claims.number.to_string().into(),
            HeaderClaim::Organisation => claims.organisation.into(),
            HeaderClaim::OrganisationId => claims.organisation_id.to_string().into(),
            HeaderClaim::Role => claims.role.into(),
            HeaderClaim::Scope => claims.scope.unwrap_or_default().into(),
            HeaderClaim::Unit => claims.unit.unwrap_or_default().into(),
            HeaderClaim::Team => claims.team.unwrap_or_default().into(),
            HeaderClaim::Actor => {
                let actor = claims.act.as_ref().map(|act| act.sub.to_string());
                actor.unwrap_or_default().into()
            }
            HeaderClaim::Dialect => claims.dialect.into(),
            HeaderClaim::Expires => self.expires_at.unix_timestamp().to_string().into(),
            HeaderClaim::Device => claims.device.unwrap_or_default().into(),
            HeaderClaim::Application => claims.application.unwrap_or_default().into(),
            HeaderClaim::ClaimedProject => {
                let project = claims.claimed.as_ref().map(|claimed| claimed.project);
                project.unwrap_or_default().into()
            }
            HeaderClaim::Jwt => self.jwt.unwrap_or_default().into(),
            HeaderClaim::Bearer => {
                let bearer = self.jwt.map(|jwt| format!("Bearer {jwt}"));
                bearer.unwrap_or_default().into()
            }
        }
    }
}
