//! Entries as `Debug` shows them: whose they are, and no secret, hash or digest.

use std::fmt::{Debug, Formatter, Result};

use super::{FileKey, NewCard, NewUser};

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

impl Debug for FileKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "FileKey({}, {}, …)", self.realm, self.label)
    }
}
