//! `Debug` of file entries: shows which entry it is, and no secret, hash or digest.

use std::fmt::{Debug, Formatter, Result};

use super::{FileKey, NewAppPassword, NewCard, NewRecoveryCode, NewUser};

impl Debug for NewUser {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "NewUser({}, …)", self.user_name)
    }
}

impl Debug for NewCard {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("NewCard(…)")
    }
}

impl Debug for NewRecoveryCode {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("NewRecoveryCode(…)")
    }
}

impl Debug for NewAppPassword {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "NewAppPassword({}, …)", self.dialect)
    }
}

impl Debug for FileKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let label = self.label.as_deref().unwrap_or_default();
        write!(f, "FileKey({}, {label}, …)", self.realm)
    }
}
