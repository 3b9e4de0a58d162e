//! The pages, one module for each.

pub(super) mod audit;
mod audit_search;
mod chart;
mod dialect_plan;
pub(super) mod dialects;
pub(super) mod export;
pub(super) mod keys;
pub(super) mod overview;
mod overview_health;
mod overview_refusals;
pub(super) mod people;
pub(super) mod person;
pub(super) mod person_acts;
mod person_sections;
pub(super) mod refusals;
pub(super) mod sessions;
pub(super) mod throttle;
pub(super) mod token;
pub(super) mod trial;
mod use_by_users;
pub(super) mod way_over;

pub(super) use self::way_over::CountedUsers;

use maud::{Markup, html};

use super::error::ConsoleError;
use super::markup::shown;

/// The number of entries of a page of a list.
const PAGE: usize = 50;

/// Cuts a list that may have one entry more than a page. Returns whether it had.
fn cut_to_page<T>(list: &mut Vec<T>) -> bool {
    let has_more = list.len() > PAGE;
    list.truncate(PAGE);
    has_more
}

/// Returns a list, or in its place why the filter above it is not accepted, so that it can be changed.
///
/// # Errors
/// Any other error of `list`.
fn list_or_reason(list: Result<Markup, ConsoleError>) -> Result<Markup, ConsoleError> {
    match list {
        Err(ConsoleError::Refused(_, reason)) => Ok(html! { p role="alert" { (shown(&reason)) } }),
        list => list,
    }
}
