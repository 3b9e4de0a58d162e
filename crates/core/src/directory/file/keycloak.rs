//! Users of an export of a realm of Keycloak.

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::Mapping;
use super::{File, NewUser};
use crate::directory::{EntryFault, rules};
use crate::user::Role;

/// What is read of an export.
#[derive(Deserialize)]
struct Realm {
    #[serde(default)]
    users: Vec<RealmUser>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RealmUser {
    id: Option<String>,
    username: String,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    enabled: Option<bool>,
    #[serde(default)]
    credentials: Vec<Credential>,
    #[serde(default)]
    realm_roles: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
    service_account_client_id: Option<String>,
    attributes: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    #[serde(rename = "type")]
    kind: String,
    secret_data: Option<String>,
    #[serde(rename = "credentialData")]
    data: Option<String>,
}

/// Parses the text. Returns the faults of all users if there are any.
pub(super) fn parse(text: &str, mapping: &Mapping) -> Result<File, Vec<EntryFault>> {
    let realm: Realm = serde_json::from_str(text).map_err(|error| {
        let entry = format!("line {}, column {}", error.line(), error.column());
        vec![fault(
            entry,
            "is no export of a realm with users".to_owned(),
        )]
    })?;
    let mut file = File::default();
    let mut faults = Vec::new();
    // The accounts of programs do not log in with a password.
    let people = realm.users.into_iter();
    for person in people.filter(|one| one.service_account_client_id.is_none()) {
        let entry = format!("user {}", person.username);
        match user(person, mapping) {
            Ok(user) => file.users.push(user),
            Err(reason) => faults.push(fault(entry, reason)),
        }
    }
    if faults.is_empty() {
        Ok(file)
    } else {
        Err(faults)
    }
}

fn user(person: RealmUser, mapping: &Mapping) -> Result<NewUser, String> {
    let mut user = NewUser {
        user_name: person.username,
        email: person.email,
        first_name: person.first_name,
        last_name: person.last_name,
        disabled: person.enabled.map(|enabled| !enabled),
        language: locale(person.attributes.as_ref())?,
        ..NewUser::default()
    };
    if !mapping.roles.is_empty() {
        let names: Vec<_> = person.realm_roles.iter().chain(&person.groups).collect();
        let given = mapping.roles.iter();
        let given = given.filter(|(name, _)| names.contains(&name));
        let given: Vec<_> = given.map(|(_, role)| role.to_uppercase()).collect();
        let mut roles = Role::ALL.map(Role::name).into_iter();
        // As with an authority: who has none of them has the least powerful role.
        let role = roles.find(|role| given.iter().any(|given| given == role));
        user.role = Some(role.unwrap_or(Role::default().name()).to_owned());
    }
    for credential in &person.credentials {
        match credential.kind.as_str() {
            "password" => user.password_hash = Some(password_hash(credential)?),
            "otp" => user.totp_secret = Some(totp_secret(credential)?),
            _ => {}
        }
    }
    mapping.fill(&mut user)?;
    if user.authority.as_ref().is_some_and(|name| !name.is_empty()) {
        // What the OpenID provider says as `sub`.
        user.external_id = user.external_id.or(person.id);
    }
    Ok(user)
}

/// Returns the language in the attributes of a user; `None` if there is none. Fails with a reason if it is no language tag.
fn locale(attributes: Option<&Map<String, Value>>) -> Result<Option<String>, String> {
    let attribute = attributes.and_then(|attributes| attributes.get("locale"));
    let value = match attribute {
        Some(Value::Array(values)) => values.first(),
        other => other,
    };
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err("the attribute locale is no text".to_owned()),
    };
    let language = rules::stored_language(text)?;
    // An empty one says nothing.
    Ok(Some(language).filter(|language| !language.is_empty()))
}

/// Returns the parts of a credential, each JSON in a text.
fn parts(credential: &Credential) -> Option<(Value, Value)> {
    let secret = serde_json::from_str(credential.secret_data.as_deref()?).ok()?;
    let data = serde_json::from_str(credential.data.as_deref()?).ok()?;
    Some((secret, data))
}

/// Returns the hash of a password, in a format that is checked here. Fails with a reason if Keycloak made it in another
/// one.
fn password_hash(credential: &Credential) -> Result<String, String> {
    let malformed = || "the password's hash cannot be read".to_owned();
    let (secret, data) = parts(credential).ok_or_else(malformed)?;
    let bytes = |name: &str| {
        let text = secret[name].as_str().unwrap_or_default();
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| malformed())?;
        Ok::<_, String>(BASE64_NOPAD.encode(&bytes))
    };
    let (salt, value) = (bytes("salt")?, bytes("value")?);
    let rounds = data["hashIterations"].as_u64().ok_or_else(malformed)?;
    let algorithm = data["algorithm"].as_str().unwrap_or_default();
    match algorithm {
        "pbkdf2" | "pbkdf2-sha256" | "pbkdf2-sha512" => {
            Ok(format!("${algorithm}$i={rounds}${salt}${value}"))
        }
        "argon2" => {
            let parameter = |name: &str| {
                let parameters = &data["additionalParameters"][name];
                parameters[0]
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(malformed)
            };
            let kind = parameter("type")?;
            let (memory, lanes) = (parameter("memory")?, parameter("parallelism")?);
            if parameter("version")? != "1.3" {
                return Err(
                    "the password's hash is of another version of argon2 than 1.3".to_owned(),
                );
            }
            Ok(format!(
                "$argon2{kind}$v=19$m={memory},t={rounds},p={lanes}${salt}${value}"
            ))
        }
        _ => Err(
            "the password's hash is neither PBKDF2 nor argon2: remove that credential".to_owned(),
        ),
    }
}

/// Returns the secret of a second factor, in base32. Fails with a reason if its codes would not be accepted here.
fn totp_secret(credential: &Credential) -> Result<SecretString, String> {
    let malformed = || "the second factor cannot be read".to_owned();
    let (secret, data) = parts(credential).ok_or_else(malformed)?;
    let is = |name: &str, expected: Value| data[name].is_null() || data[name] == expected;
    let is_usual = is("subType", "totp".into())
        && is("digits", 6.into())
        && is("period", 30.into())
        && is("algorithm", "HmacSHA1".into());
    if !is_usual {
        let reason = "the second factor is not TOTP with 6 digits, 30 seconds and SHA-1: remove that credential";
        return Err(reason.to_owned());
    }
    let value = secret["value"].as_str().ok_or_else(malformed)?;
    if data["secretEncoding"] == "BASE32" {
        return Ok(SecretString::from(value));
    }
    Ok(SecretString::from(BASE32_NOPAD.encode(value.as_bytes())))
}

fn fault(entry: String, reason: String) -> EntryFault {
    EntryFault {
        entry,
        reason,
        user: None,
    }
}
