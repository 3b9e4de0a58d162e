//! The queries of single changes in PostgreSQL.

use async_trait::async_trait;
use isogloss_core::StoreError;
use isogloss_core::backend::directory::{Database, DirectoryTransaction, LAST_NUMBER, UserRef};
use isogloss_core::directory::{OrganisationEntry, OrganisationRef, UserEntry, UserRecord};
use sqlx::postgres::PgConnection;
use sqlx::{Error, query, query_scalar};
use uuid::Uuid;

use super::{read, write};
use crate::row::columns::{ACCOUNT, select};
use crate::row::{self, Columns as _, Result};

/// The tables of a directory, over one connection.
pub(super) struct PostgresTables<'c>(pub(super) &'c mut PgConnection);

impl Database for PostgresTables<'_> {
    type Error = Error;

    fn unusable(error: StoreError) -> Error {
        Error::Configuration(Box::new(error))
    }
}

#[async_trait]
impl DirectoryTransaction for PostgresTables<'_> {
    async fn organisation(
        &mut self,
        name: OrganisationRef<'_>,
    ) -> Result<Option<OrganisationEntry>> {
        read::organisation(self.0, name).await
    }

    async fn put_organisation(&mut self, organisation: &OrganisationEntry) -> Result<()> {
        write::put_organisation(self.0, organisation).await
    }

    async fn remove_organisation(&mut self, organisation: Uuid) -> Result<()> {
        for statement in [
            "DELETE FROM units WHERE organisation_id = $1",
            "DELETE FROM organisations WHERE id = $1",
        ] {
            query(statement)
                .bind(organisation)
                .execute(&mut *self.0)
                .await?;
        }
        Ok(())
    }

    async fn remove_unit(&mut self, unit: &str) -> Result<()> {
        query("DELETE FROM units WHERE id = $1")
            .bind(unit)
            .execute(&mut *self.0)
            .await
            .map(drop)
    }

    async fn organisation_of_unit(&mut self, unit: &str) -> Result<Option<Uuid>> {
        let row = query("SELECT organisation_id AS organisation FROM units WHERE id = $1")
            .bind(unit)
            .fetch_optional(&mut *self.0)
            .await?;
        row.map(|row| row.guid("organisation")).transpose()
    }

    async fn users_of(&mut self, organisation: Uuid) -> Result<i64> {
        query_scalar("SELECT count(*) FROM users WHERE organisation_id = $1")
            .bind(organisation)
            .fetch_one(&mut *self.0)
            .await
    }

    async fn users_in(&mut self, unit: &str) -> Result<i64> {
        query_scalar(
            "SELECT count(*) FROM (SELECT user_id FROM user_units WHERE unit = $1
             UNION SELECT id FROM users WHERE default_unit = $1) AS found",
        )
        .bind(unit)
        .fetch_one(&mut *self.0)
        .await
    }

    async fn user(&mut self, id: Uuid) -> Result<Option<UserEntry>> {
        let row = query(select(ACCOUNT, " FROM user_accounts a WHERE a.id = $1"))
            .bind(id)
            .fetch_optional(&mut *self.0)
            .await?;
        row.as_ref().map(row::person).transpose()
    }

    async fn user_record(&mut self, id: Uuid) -> Result<Option<UserRecord>> {
        read::user_record(&mut *self.0, id).await
    }

    async fn user_of_number(&mut self, number: i64) -> Result<Option<UserRef>> {
        let row = query("SELECT id, user_name FROM users WHERE number = $1")
            .bind(number)
            .fetch_optional(&mut *self.0)
            .await?;
        row.as_ref().map(row::named).transpose()
    }

    async fn linked_user(&mut self, authority: &str, external_id: &str) -> Result<Option<UserRef>> {
        let row =
            query("SELECT id, user_name FROM users WHERE authority = $1 AND external_id = $2")
                .bind(authority)
                .bind(external_id)
                .fetch_optional(&mut *self.0)
                .await?;
        row.as_ref().map(row::named).transpose()
    }

    async fn last_number(&mut self) -> Result<Option<i64>> {
        query_scalar("SELECT max(number) FROM users WHERE number < $1")
            .bind(LAST_NUMBER)
            .fetch_one(&mut *self.0)
            .await
    }

    async fn put_user(&mut self, user: &UserEntry) -> Result<()> {
        write::put_user_row(self.0, user).await
    }
}
