//! Secrets that stand out: users and keys whose every fragment is found wherever it turns up.

use std::fs;
use std::path::Path;

use isogloss_testkit::dialects::Person;
use isogloss_testkit::{Builder, Result};

/// A user who may log in, an administrator.
pub(crate) const NAME: &str = "qzwinnerqz";
/// That user's password.
pub(crate) const PASSWORD: &str = "Kq7RightPasswordXv9";
/// A password that is nobody's.
pub(crate) const WRONG_PASSWORD: &str = "Jw4WrongPasswordYb8";
/// A user who exists and never gets the password right.
pub(crate) const LOSER: &str = "qzloserqz";
/// The developer's key of TokenLogin.
pub(crate) const API_KEY: &str = "Hf3ApiKeyLm6";
/// An access card's code.
pub(crate) const CARD_CODE: &str = "Vd5CardCodeNp2";
/// An access card's identifier.
pub(crate) const CARD_IDENTIFIER: &str = "qzcardqz";
/// Its pass code.
pub(crate) const PASS_CODE: &str = "Bt1PassCodeRg4";

/// A key of the realm `admin`.
pub(crate) const ADMIN_KEY: &str = "Zw3AdminKeyQp8";

/// The marked user, at a device of its own.
pub(crate) fn person() -> Person {
    Person {
        name: NAME.to_owned(),
        password: PASSWORD.to_owned(),
        api_key: API_KEY.to_owned(),
        ..Person::admin()
    }
}

/// Adds the marked users and keys to the demo's, by a file in that folder.
pub(crate) fn import(builder: Builder, folder: &Path) -> Result<Builder> {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/demo-directory.toml");
    let mut directory = fs::read_to_string(demo)?;
    let marked = format!(
        r#"
[[users]]
user_name = "{NAME}"
number = 7001
role = "ADMIN"
organisation = "CRMDEMO"
password = "{PASSWORD}"
access_cards = [
    {{ code = "{CARD_CODE}", allow_weak = true }},
    {{ identifier = "{CARD_IDENTIFIER}", pass_code = "{PASS_CODE}" }},
]

[[users]]
user_name = "{LOSER}"
number = 7002
organisation = "CRMDEMO"
password = "never sent"

[[keys]]
realm = "tokenlogin"
label = "marked"
key = "{API_KEY}"
allow_weak = true

[[keys]]
realm = "admin"
label = "marked"
key = "{ADMIN_KEY}"
allow_weak = true
"#
    );
    directory.push_str(&marked);
    let file = folder.join("marked.toml");
    fs::write(&file, directory)?;
    Ok(builder.env("ISOGLOSS__DIRECTORY__IMPORT", file.display().to_string()))
}
