//! Counts of users: by authority and state.

use isogloss_core::directory::UserGroup;
use serde::Serialize;
use utoipa::ToSchema;

use super::state_name;
use crate::admin::{AdminError, AdminService};

/// How many users there are.
#[derive(Serialize, ToSchema)]
#[schema(as = UserSummary)]
pub(crate) struct SummaryView {
    /// The number of all users.
    pub(crate) users: u64,
    /// The users by authority and state, local ones first.
    pub(crate) groups: Vec<GroupView>,
}

/// The users of one authority in one state.
#[derive(Serialize, ToSchema)]
#[schema(as = UserGroup)]
pub(crate) struct GroupView {
    /// The authority; missing for local users.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) authority: Option<String>,
    /// Whether they were adopted from the authority; missing for local users.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) adopted: Option<bool>,
    /// `active` or `disabled`.
    pub(crate) state: &'static str,
    pub(crate) users: u64,
    /// How many have no password here.
    pub(crate) without_password: u64,
    /// How many have a hash of another system, which their next login replaces.
    pub(crate) with_foreign_hash: u64,
    /// For how many no login was recorded.
    pub(crate) never_logged_in: u64,
}

impl AdminService {
    /// Returns how many users there are, by authority and state.
    ///
    /// # Errors
    /// `Unavailable` if the directory is unreachable.
    pub(crate) async fn user_summary(&self) -> Result<SummaryView, AdminError> {
        let groups = self.directory.user_groups().await?;
        Ok(SummaryView {
            users: groups.iter().map(|group| group.users).sum(),
            groups: groups.into_iter().map(GroupView::from).collect(),
        })
    }
}

impl From<UserGroup> for GroupView {
    fn from(group: UserGroup) -> Self {
        Self {
            adopted: group.authority.as_ref().map(|_| group.is_adopted),
            authority: group.authority,
            state: state_name(group.state),
            users: group.users,
            without_password: group.without_password,
            with_foreign_hash: group.with_foreign_hash,
            never_logged_in: group.never_logged_in,
        }
    }
}
