//! `isogloss user list`: lists users.

use anyhow::Result;
use clap::{Args, ValueEnum};
use isogloss_core::directory::{UserFilter, UserRecord, UserSearch};
use isogloss_core::{Role, UserState};

use super::{Outcome, describe, output};
use crate::admin::users::state_name;
use crate::cli::audited_admin::AuditedAdmin;

/// How many users are read from the directory at a time.
const PAGE: u32 = 1000;

#[derive(Args)]
pub(in crate::cli) struct List {
    /// Users with this text in user name, e-mail address, names or number, in upper or lower case
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Users with a user name, e-mail address, first or last name, or number that begins with this text, in upper or
    /// lower case, ordered by what begins so. Faster than --search
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["search", "after"])]
    prefix: Option<String>,
    /// Users of this organisation (name or identifier)
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
    /// Users with this role
    #[arg(long, value_parser = Role::ALL.map(Role::name))]
    role: Option<String>,
    /// Users in this state
    #[arg(long)]
    state: Option<State>,
    /// Users of this authority, including those who were adopted from it
    #[arg(long, value_name = "NAME")]
    authority: Option<String>,
    /// Users for whom no login was recorded
    #[arg(long)]
    never_logged_in: bool,
    /// Users with a greater number: give the last number of the previous page
    #[arg(long, value_name = "NUMBER", default_value_t = i64::MIN, hide_default_value = true)]
    after: i64,
    /// Maximum number of entries; default: all
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum State {
    Active,
    Disabled,
}

impl From<State> for UserState {
    fn from(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::Disabled => Self::Disabled,
        }
    }
}

pub(super) async fn list(list: List, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let users = find(&list, admin).await?;
    if list.json {
        let users: Vec<_> = users.iter().map(describe).collect::<Result<_>>()?;
        output::json(&users)?;
        return Ok(Outcome::Done);
    }
    let rows: Vec<_> = users
        .into_iter()
        .map(|record| {
            let last_login = record
                .last_login_at
                .map_or("never".to_owned(), |at| at.date().to_string());
            let is_adopted = record.link.as_ref().map(|link| link.is_adopted);
            let authority = record.link.map(|link| link.authority);
            let user = record.user;
            vec![
                user.number.to_string(),
                user.user_name,
                user.email.unwrap_or_default(),
                user.organisation.name,
                user.role.name().to_owned(),
                state_name(user.state).to_owned(),
                self::authority(authority, is_adopted),
                last_login,
            ]
        })
        .collect();
    let heading = [
        "NUMBER",
        "USER NAME",
        "E-MAIL",
        "ORGANISATION",
        "ROLE",
        "STATE",
        "AUTHORITY",
        "LAST LOGIN",
    ];
    output::table(&heading, &rows)?;
    Ok(Outcome::Done)
}

/// Returns all users that match the arguments, up to the limit. Fails if the organisation does not exist or the
/// directory is unreachable.
async fn find(list: &List, admin: &AuditedAdmin<'_>) -> Result<Vec<UserRecord>> {
    let organisation = match &list.organisation {
        None => None,
        Some(name) => Some(admin.organisation(name).await?.id),
    };
    let filter = UserFilter {
        search: list.search.clone(),
        organisation,
        role: list.role.as_deref().and_then(Role::from_name),
        state: list.state.map(UserState::from),
        authority: list.authority.clone(),
        never_logged_in: list.never_logged_in,
    };
    let limit = list.limit.and_then(|limit| usize::try_from(limit).ok());
    let wanted = limit.unwrap_or(usize::MAX);
    if let Some(prefix) = &list.prefix {
        return find_by_prefix(prefix, filter, wanted, admin).await;
    }
    let mut users: Vec<UserRecord> = Vec::new();
    let mut after = list.after;
    while users.len() < wanted {
        let left = u32::try_from(wanted - users.len()).unwrap_or(PAGE);
        let page = admin
            .directory
            .users(&filter, after, left.min(PAGE))
            .await?;
        let Some(greatest) = page.last() else { break };
        after = greatest.number;
        users.extend(page);
    }
    Ok(users)
}

/// Returns the users with a name that begins with `prefix` and who match the filter, up to the limit. Fails if the
/// directory is unreachable.
async fn find_by_prefix(
    prefix: &str,
    filter: UserFilter,
    wanted: usize,
    admin: &AuditedAdmin<'_>,
) -> Result<Vec<UserRecord>> {
    let mut search = UserSearch {
        prefix: prefix.to_owned(),
        filter,
        after: None,
        limit: PAGE,
    };
    let mut users = Vec::new();
    loop {
        let found = admin.directory.find_users(&search).await?;
        users.extend(found.users);
        users.truncate(wanted);
        search.after = found.next;
        if search.after.is_none() || users.len() == wanted {
            return Ok(users);
        }
    }
}

/// Returns the authority of users as tables show it: `local` if they have none.
pub(super) fn authority(name: Option<String>, is_adopted: Option<bool>) -> String {
    match (name, is_adopted) {
        (None, _) => "local".to_owned(),
        (Some(name), Some(true)) => format!("{name} (adopted)"),
        (Some(name), Some(false) | None) => name,
    }
}
