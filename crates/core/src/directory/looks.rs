//! Look-alike logins: stores what logins look like, and finds those that people can mistake for one another.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;

use super::UserEntry;
use super::change::UserRef;
use super::database::Database;
use super::rules::{conflict, look, look_of_organisation, organisation_conflict, shown};
use crate::names::login_form;

/// The number of looks that are stored in one batch.
const BATCH: i64 = 10_000;

/// A login name and its user.
pub struct Login {
    /// The login name, as it is stored.
    pub login: String,
    /// The user who logs in with it.
    pub owner: UserRef,
}

/// Names of different users, or of different organisations, that people can mistake for one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookAlikes {
    /// Whether they are one name in NFC, of which a release before that rule stored several forms. Otherwise they
    /// only look alike.
    pub is_one_name: bool,
    /// The names, with the code points by which they differ, and their owners.
    pub names: Vec<String>,
}

impl std::fmt::Display for LookAlikes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = if self.is_one_name {
            "are one name"
        } else {
            "look alike"
        };
        write!(f, "{} {what}", self.names.join(" and "))
    }
}

/// The column of looks in the table of logins. It is empty in rows that an older release wrote.
#[async_trait]
pub trait LookTable: Database {
    /// Returns logins whose look is not stored yet, at most `limit` of them. Fails if the query fails.
    async fn logins_without_look(&mut self, limit: i64) -> Result<Vec<String>, Self::Error>;

    /// Stores looks, given as pairs of login and look. Fails if the query fails.
    async fn store_looks(&mut self, looks: Vec<(String, String)>) -> Result<(), Self::Error>;

    /// Returns the logins that have one of these looks. Fails if the query fails.
    async fn logins_that_look_like(
        &mut self,
        looks: Vec<String>,
    ) -> Result<Vec<Login>, Self::Error>;

    /// Returns the logins that share their look with others, ordered by look. Fails if the query fails.
    async fn logins_with_a_shared_look(&mut self) -> Result<Vec<Login>, Self::Error>;

    /// Returns the names of all organisations. Fails if the query fails.
    async fn organisation_names(&mut self) -> Result<Vec<String>, Self::Error>;
}

/// Computes and stores all missing looks.
///
/// # Errors
/// If a query fails.
pub async fn fill_looks<T: LookTable>(tables: &mut T) -> Result<(), T::Error> {
    while fill_looks_batch(tables).await? > 0 {}
    Ok(())
}

/// Computes and stores a batch of missing looks, and returns how many there were: 0 if none is missing.
///
/// # Errors
/// If a query fails.
pub async fn fill_looks_batch<T: LookTable>(tables: &mut T) -> Result<usize, T::Error> {
    let logins = tables.logins_without_look(BATCH).await?;
    let count = logins.len();
    if count > 0 {
        let looks = logins.into_iter().map(|login| {
            let look = look(&login);
            (login, look)
        });
        tables.store_looks(looks.collect()).await?;
    }
    Ok(count)
}

/// Returns the groups of names that people can mistake for one another.
///
/// # Errors
/// If a query fails.
pub async fn find_look_alikes<T: LookTable>(tables: &mut T) -> Result<Vec<LookAlikes>, T::Error> {
    let logins = tables.logins_with_a_shared_look().await?;
    let of_logins = logins
        .chunk_by(|one, other| look(&one.login) == look(&other.login))
        .filter_map(of_one_look);
    let mut found: Vec<_> = of_logins.collect();
    let mut organisations: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in tables.organisation_names().await? {
        let look = look_of_organisation(&name);
        organisations.entry(look).or_default().push(name);
    }
    found.extend(
        organisations
            .values()
            .filter_map(|names| organisations_of_one_look(names)),
    );
    Ok(found)
}

fn organisations_of_one_look(names: &[String]) -> Option<LookAlikes> {
    let in_the_way = names.iter().filter(|name| {
        let mut others = names.iter().filter(|other| other != name);
        others.any(|other| organisation_conflict(name, other).is_some())
    });
    let forms: HashSet<String> = in_the_way
        .clone()
        .map(|name| name.nfc().collect())
        .collect();
    let shown_names = in_the_way.map(|name| format!("organisation {}", shown(name)));
    (!forms.is_empty()).then(|| LookAlikes {
        is_one_name: forms.len() == 1,
        names: shown_names.collect(),
    })
}

fn of_one_look(logins: &[Login]) -> Option<LookAlikes> {
    let in_the_way = logins.iter().filter(|login| {
        let mut others = logins.iter();
        others.any(|other| {
            other.owner.id != login.owner.id && conflict(&login.login, other).is_some()
        })
    });
    let names = in_the_way.clone().map(|login| {
        let owner = &login.owner.user_name;
        format!("{} of user {owner}", shown(&login.login))
    });
    let names: Vec<_> = names.collect();
    let mut forms: Vec<_> = in_the_way.map(|login| login_form(&login.login)).collect();
    forms.sort();
    forms.dedup();
    (!names.is_empty()).then_some(LookAlikes {
        is_one_name: forms.len() == 1,
        names,
    })
}

/// Marks the users of a complete directory who have look-alike logins as exempt from the rules, which would not
/// accept both.
pub fn mark_look_alikes(users: &mut [UserEntry]) {
    let all = users.iter().enumerate();
    let all = all.flat_map(|(at, user)| user.logins().map(move |login| (at, login)));
    let all: Vec<_> = all.collect();
    if all.iter().all(|(_, login)| login.is_ascii()) {
        return;
    }
    let mut by_look: HashMap<String, Vec<(usize, Login)>> = HashMap::new();
    for (at, login) in all {
        let owner = UserRef {
            id: users[at].id,
            user_name: String::new(),
        };
        let same = by_look.entry(look(&login)).or_default();
        same.push((at, Login { login, owner }));
    }
    for same in by_look.values().filter(|same| same.len() > 1) {
        for (at, login) in same {
            let mut others = same.iter().filter(|(other, _)| other != at);
            if others.any(|(_, other)| conflict(&login.login, other).is_some()) {
                users[*at].grandfathered = true;
            }
        }
    }
}
