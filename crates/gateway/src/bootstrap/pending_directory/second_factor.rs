//! Second factors and application passwords of a directory that is unavailable until the file is applied.

use async_trait::async_trait;
use isogloss_core::directory::{
    AppPasswords, Enrolment, Enrolments, KeyDigest, KnownAppPassword, NewEnrolment,
};
use isogloss_core::{StoreError, TotpStep};
use time::Date;
use uuid::Uuid;

use super::PendingDirectory;

#[async_trait]
impl Enrolments for PendingDirectory {
    async fn enrolment(&self, user: Uuid) -> Result<Option<Enrolment>, StoreError> {
        self.ready()?.enrolment(user).await
    }

    async fn enrol(&self, user: Uuid, enrolment: &NewEnrolment) -> Result<(), StoreError> {
        self.ready()?.enrol(user, enrolment).await
    }

    async fn disenrol(&self, user: Uuid) -> Result<bool, StoreError> {
        self.ready()?.disenrol(user).await
    }

    async fn set_recovery_codes(
        &self,
        user: Uuid,
        codes: &[KeyDigest],
    ) -> Result<bool, StoreError> {
        self.ready()?.set_recovery_codes(user, codes).await
    }

    async fn use_step(&self, user: Uuid, step: TotpStep) -> Result<bool, StoreError> {
        self.ready()?.use_step(user, step).await
    }

    async fn use_recovery_code(
        &self,
        user: Uuid,
        code: KeyDigest,
    ) -> Result<Option<u64>, StoreError> {
        self.ready()?.use_recovery_code(user, code).await
    }
}

#[async_trait]
impl AppPasswords for PendingDirectory {
    async fn app_password(
        &self,
        user: Uuid,
        realm: &str,
        digest: KeyDigest,
    ) -> Result<Option<KnownAppPassword>, StoreError> {
        self.ready()?.app_password(user, realm, digest).await
    }

    async fn app_passwords(&self, user: Uuid) -> Result<Vec<KnownAppPassword>, StoreError> {
        self.ready()?.app_passwords(user).await
    }

    async fn add_app_password(
        &self,
        user: Uuid,
        password: &KnownAppPassword,
    ) -> Result<(), StoreError> {
        self.ready()?.add_app_password(user, password).await
    }

    async fn remove_app_password(&self, user: Uuid, digest: KeyDigest) -> Result<bool, StoreError> {
        self.ready()?.remove_app_password(user, digest).await
    }

    async fn record_app_password_use(
        &self,
        user: Uuid,
        digest: KeyDigest,
        day: Date,
    ) -> Result<(), StoreError> {
        self.ready()?
            .record_app_password_use(user, digest, day)
            .await
    }
}
