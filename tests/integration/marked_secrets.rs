//! Users and keys with distinctive names and secrets, of which any fragment can be found in outputs.

use std::fs;
use std::path::Path;

use isogloss_testkit::dialects::TestUser;
use isogloss_testkit::{Builder, Result};

/// Name of an administrator who may log in.
pub(crate) const NAME: &str = "qzwinnerqz";
/// Password of that user.
pub(crate) const PASSWORD: &str = "Kq7RightPasswordXv9";
/// A password that no user has.
pub(crate) const WRONG_PASSWORD: &str = "Jw4WrongPasswordYb8";
/// Name of a user that exists, and for which only wrong passwords are tried.
pub(crate) const LOSER: &str = "qzloserqz";
/// Developer's key of TokenLogin.
pub(crate) const API_KEY: &str = "Hf3ApiKeyLm6";
/// Code of an access card.
pub(crate) const CARD_CODE: &str = "Vd5CardCodeNp2";
/// Identifier of an access card.
pub(crate) const CARD_IDENTIFIER: &str = "qzcardqz";
/// Pass code of that card.
pub(crate) const PASS_CODE: &str = "Bt1PassCodeRg4";

/// A key of the realm `admin`.
pub(crate) const ADMIN_KEY: &str = "Zw3AdminKeyQp8";

/// Returns the marked user with a device of its own.
pub(crate) fn test_user() -> TestUser {
    TestUser {
        name: NAME.to_owned(),
        password: PASSWORD.to_owned(),
        api_key: API_KEY.to_owned(),
        ..TestUser::admin()
    }
}

/// Adds the marked users and keys to those of the demo, with a file in that folder.
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
