//! Requests that were refused, with their true causes, in the directory's database.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::audit::Subject;
use crate::error::StoreError;
use crate::log::LogSink;

/// A request that was refused. It contains no password, token, code, key, query or body, and the name that was typed only
/// in a member that is stored apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefusedRequest {
    /// When the request was refused.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// The identifier of the request in the response and in the log.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<Uuid>,
    /// The dialect. `None` if the path belongs to none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dialect: Option<String>,
    /// The method.
    pub method: String,
    /// The pattern of the route, or the path up to its first parameter if there is no such route.
    pub route: String,
    /// The status of the response. Some dialects report errors with 200.
    pub status: u16,
    /// The cause, such as `unknown_name`.
    pub cause: String,
    /// What belongs to the cause, such as the organisation that would fit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// The credentials of a login, such as `password`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<String>,
    /// The authority that judged the password.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub judged_by: Option<String>,
    /// The user whose name, card or token the request has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<Uuid>,
    /// A keyed hash of the name that was typed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name_hash: Option<String>,
    /// The handle of the token.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub handle: Option<String>,
    /// The device or program, as it names itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<String>,
    /// The application.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub application: Option<String>,
    /// The label of the application's key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    /// The family of the `User-Agent` of the request: a product with its major version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_agent: Option<String>,
    /// The client IP.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// The name as it was typed. `None` unless the configuration says that names are stored, and once they are removed.
    #[serde(skip)]
    pub name: Option<SecretString>,
}

/// A filter for refused requests. All conditions that are set must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefusalFilter {
    /// The identifier of the request.
    pub request_id: Option<Uuid>,
    /// The user, or the name that was typed.
    pub who: Option<Subject>,
    /// The client IP.
    pub source: Option<String>,
    /// The dialect.
    pub dialect: Option<String>,
    /// The earliest time.
    pub since: Option<OffsetDateTime>,
    /// The time before which all are.
    pub until: Option<OffsetDateTime>,
    /// The maximum number of requests.
    pub limit: u32,
}

/// What is removed from the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalPruning {
    /// Requests from before this time are removed.
    pub before: OffsetDateTime,
    /// Names as they were typed are removed from requests from before this time.
    pub names_before: OffsetDateTime,
    /// The number of requests that stay at most, the latest ones.
    pub room: u64,
}

/// A table of refused requests.
#[async_trait]
pub trait RefusalTable: Send + Sync + 'static {
    /// Adds refused requests, all or none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable or accepts no changes. If the response is lost, they may have been
    /// added nevertheless.
    async fn insert_refusals(&self, refused: Vec<Arc<RefusedRequest>>) -> Result<(), StoreError>;

    /// Returns the refused requests that match, the latest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable.
    async fn find_refusals(
        &self,
        filter: &RefusalFilter,
    ) -> Result<Vec<RefusedRequest>, StoreError>;

    /// Removes old requests and names, and returns how many requests were removed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable or accepts no changes.
    async fn prune_refusals(&self, pruning: RefusalPruning) -> Result<u64, StoreError>;
}

/// A sink that stores refused requests in a table.
pub struct RefusalSink(Arc<dyn RefusalTable>);

impl RefusalSink {
    /// Creates a sink that stores refused requests in that table.
    pub fn new(table: Arc<dyn RefusalTable>) -> Self {
        Self(table)
    }
}

#[async_trait]
impl LogSink<Arc<RefusedRequest>> for RefusalSink {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn keep(
        &mut self,
        refused: &mut VecDeque<Arc<RefusedRequest>>,
    ) -> Result<(), StoreError> {
        if refused.is_empty() {
            return Ok(());
        }
        self.0
            .insert_refusals(refused.iter().cloned().collect())
            .await?;
        refused.clear();
        Ok(())
    }
}

impl RefusedRequest {
    /// Returns the entry that the table stores, as JSON.
    pub fn entry(&self) -> String {
        // Texts and numbers under fixed names: serialization cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the refused request of a stored entry and its name. `None` if the entry cannot be decoded.
    pub fn from_entry(entry: &str, name: Option<String>) -> Option<Self> {
        let request: Self = serde_json::from_str(entry).ok()?;
        Some(Self {
            name: name.map(SecretString::from),
            ..request
        })
    }
}
