//! Changes of users: names, numbers, roles, organisations and units. Secrets are changed elsewhere.

use uuid::Uuid;

use super::{Abort, DirectoryTransaction, InvalidChange, Patch, UserRef, links};
use crate::directory::looks::fill_looks;
use crate::directory::rules::{check_number, conflict, look, normalize_units, normalize_user};
use crate::directory::user_change::ends_tokens;
use crate::directory::{OrganisationRef, UserEntry};
use crate::language::Language;
use crate::user::Role;

/// The changes of a user. `None` and [`Patch::Keep`] change nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserEdit {
    /// The new number.
    pub number: Option<i64>,
    /// The new login name.
    pub user_name: Option<String>,
    /// The e-mail address.
    pub email: Patch<String>,
    /// The new first name.
    pub first_name: Option<String>,
    /// The new last name.
    pub last_name: Option<String>,
    /// The new URL of a picture.
    pub image_url: Option<String>,
    /// The preferred language.
    pub language: Patch<Language>,
    /// The new role.
    pub role: Option<Role>,
    /// The name of the new organisation. Tokens that were created in another one end.
    pub organisation: Option<String>,
    /// The user's own default unit.
    pub default_unit: Patch<String>,
    /// All units in addition to the default one. If one is removed, the user's tokens end.
    pub units: Option<Vec<String>>,
    /// The authority to which the user belongs from now on, or again after an adoption. Removed: the user is local,
    /// with the stored password, and has no identifier at an authority. The user's tokens stay valid.
    pub authority: Patch<String>,
    /// The identifier of the user at the authority. A new authority without one links the user at the first login.
    pub external_id: Patch<String>,
}

impl UserEdit {
    /// Returns the new user name and the new e-mail address, if they are set.
    pub(super) fn logins(&self) -> Vec<String> {
        let email = match &self.email {
            Patch::Set(email) => Some(email.clone()),
            Patch::Keep | Patch::Remove => None,
        };
        self.user_name.clone().into_iter().chain(email).collect()
    }

    fn of(mut self, known: &UserEntry) -> UserEntry {
        let mut user = known.clone();
        let authority = std::mem::take(&mut self.authority);
        links::edit(&mut user, authority, std::mem::take(&mut self.external_id));
        let set = |field: &mut String, to: Option<String>| {
            if let Some(to) = to {
                *field = to;
            }
        };
        set(&mut user.user_name, self.user_name);
        set(&mut user.first_name, self.first_name);
        set(&mut user.last_name, self.last_name);
        set(&mut user.image_url, self.image_url);
        set(&mut user.organisation, self.organisation);
        user.number = self.number.unwrap_or(user.number);
        user.role = self.role.unwrap_or(user.role);
        user.email = self.email.after(user.email);
        user.language = self.language.after(user.language);
        user.default_unit = self.default_unit.after(user.default_unit);
        user.units = self.units.unwrap_or(user.units);
        user.generation += i64::from(ends_tokens(&user, known));
        user
    }
}

pub(super) async fn add<D: DirectoryTransaction>(
    transaction: &mut D,
    mut user: UserEntry,
    number: Option<i64>,
) -> Result<(), Abort<D::Error>> {
    user.number = if let Some(number) = number {
        number
    } else {
        let last = transaction.last_number().await.map_err(Abort::Failed)?;
        last.map_or(1, |last| last.saturating_add(1))
    };
    put(transaction, user, None).await
}

pub(super) async fn edit<D: DirectoryTransaction>(
    transaction: &mut D,
    id: Uuid,
    edit: UserEdit,
) -> Result<(), Abort<D::Error>> {
    let known = transaction.user(id).await.map_err(Abort::Failed)?;
    let known = known.ok_or_else(|| InvalidChange::NotFound(format!("{id}: no such user")))?;
    put(transaction, edit.of(&known), Some(&known)).await
}

async fn put<D: DirectoryTransaction>(
    transaction: &mut D,
    mut user: UserEntry,
    known: Option<&UserEntry>,
) -> Result<(), Abort<D::Error>> {
    let written = user.organisation.clone();
    normalize_user(&mut user, known).map_err(InvalidChange::Invalid)?;
    check_number(user.number, known).map_err(InvalidChange::Invalid)?;
    check_place(transaction, &mut user, &written).await?;
    let user = &user;
    check_logins(transaction, user, known).await?;
    links::check(transaction, user, known).await?;
    let holder = transaction.user_of_number(user.number).await;
    if let Some(other) = other(user, holder.map_err(Abort::Failed)?) {
        return Err(InvalidChange::Conflict(format!("user {other} has the same number")).into());
    }
    transaction.put_user(user).await.map_err(Abort::Failed)
}

/// Aborts if a new login name belongs to another user or looks like another user's, or if a query fails.
async fn check_logins<D: DirectoryTransaction>(
    transaction: &mut D,
    user: &UserEntry,
    known: Option<&UserEntry>,
) -> Result<(), Abort<D::Error>> {
    let before: Vec<_> = known.into_iter().flat_map(UserEntry::logins).collect();
    let new: Vec<_> = user
        .logins()
        .filter(|login| !before.contains(login))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    // Fills looks again: an older release may have written logins without looks since they were filled before this
    // change.
    fill_looks(transaction).await.map_err(Abort::Failed)?;
    let wanted = new.iter().map(|login| look(login)).collect();
    let others = transaction
        .logins_that_look_like(wanted)
        .await
        .map_err(Abort::Failed)?;
    for other in others.iter().filter(|other| other.owner.id != user.id) {
        if let Some(reason) = new.iter().find_map(|login| conflict(login, other)) {
            return Err(InvalidChange::Conflict(reason).into());
        }
    }
    Ok(())
}

fn other(user: &UserEntry, found: Option<UserRef>) -> Option<String> {
    let found = found.filter(|found| found.id != user.id)?;
    Some(found.user_name)
}

/// Replaces the user's organisation and units with their stored spelling. Aborts if one of them does not exist or
/// a query fails. An older release may have stored the organisation's name as it was written, without tidying.
async fn check_place<D: DirectoryTransaction>(
    transaction: &mut D,
    user: &mut UserEntry,
    written: &str,
) -> Result<(), Abort<D::Error>> {
    let name = &user.organisation;
    let mut organisation = transaction
        .organisation(OrganisationRef::Name(written))
        .await
        .map_err(Abort::Failed)?;
    if organisation.is_none() {
        organisation = transaction
            .organisation(OrganisationRef::Name(name))
            .await
            .map_err(Abort::Failed)?;
    }
    let organisation = organisation
        .ok_or_else(|| InvalidChange::Invalid(format!("there is no organisation {name}")))?;
    user.organisation.clone_from(&organisation.name);
    normalize_units(user, &organisation).map_err(|reason| InvalidChange::Invalid(reason).into())
}
