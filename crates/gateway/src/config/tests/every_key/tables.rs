//! The tables of a configuration, and how one key of them is set.

use ::config::{Map, Value, ValueKind};

use crate::config::file;

/// Returns the tables of a configuration in which every dialect and JWTs are enabled, and tokens are kept in memory.
pub(super) fn base() -> Map<String, Value> {
    let text = "\
        server.bind = '127.0.0.1:0'\n\
        management.bind = '127.0.0.1:0'\n\
        tokens.store = 'memory:'\n\
        passwords.bcrypt_cost = 4\n\
        passwords.threads = 1\n\
        jwt.enabled = true\n\
        jwt.issuer = 'isogloss'\n\
        jwt.audience = 'services'\n\
        [dialects.bimplus]\n[dialects.crmcom]\n[dialects.tokenlogin]\n[dialects.memsource]\n";
    file::parse("a.toml", text).unwrap()
}

fn set(table: &mut Map<String, Value>, path: &str, kind: ValueKind) {
    let value = |kind| Value::new(Some(&"a.toml".to_owned()), kind);
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value(kind));
        }
        Some((name, rest)) => {
            let below = table
                .entry(name.to_owned())
                .or_insert_with(|| value(ValueKind::Table(Map::new())));
            if let ValueKind::Table(inner) = &mut below.kind {
                set(inner, rest, kind);
            }
        }
    }
}

/// The settings that a table of each kind of authority requires.
const AUTHORITIES: [(&str, &str); 3] = [
    (
        "http",
        "url = 'http://127.0.0.1:1/'\nsecret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='",
    ),
    (
        "ldap",
        "urls = ['ldap://127.0.0.1:1']\nbase = 'dc=example,dc=com'\nbind_dn = 'cn=a,dc=example,dc=com'\n\
         bind_password = 'secret'",
    ),
    (
        "oidc",
        "issuer = 'http://127.0.0.1:1/'\nclient_id = 'isogloss'\nclient_secret = 'secret'",
    ),
];

/// Returns the members that a table in that list requires if `name` is set in it.
fn item_of(list: &str, name: &str) -> Map<String, Value> {
    let text = if list.ends_with(".brownouts") {
        "from = '2026-01-01T00:00:00Z'\nuntil = '2026-01-01T01:00:00Z'".to_owned()
    } else if list == "authorities" {
        let first = name.split(['.', '[']).next();
        // Only a server of this kind lists its users.
        let first = first.map(|name| if name == "sync" { "ldap" } else { name });
        let name = first.filter(|name| AUTHORITIES.iter().any(|(kind, _)| kind == name));
        let kind = name.unwrap_or("http");
        let (_, table) = AUTHORITIES.iter().find(|(one, _)| *one == kind).unwrap();
        format!("name = 'corp'\nkind = '{kind}'\norganisation = 'A'\n[{kind}]\n{table}")
    } else if list.ends_with(".groups") {
        "group = 'cn=a,dc=example,dc=com'".to_owned()
    } else if list.rsplit('.').next() == Some("roles") {
        "value = 'a'".to_owned()
    } else {
        String::new()
    };
    file::parse("a.toml", &text).unwrap()
}

/// Sets a key of a table, or of a table in a list.
pub(super) fn put(table: &mut Map<String, Value>, path: &str, kind: ValueKind) {
    let Some((list, name)) = path.split_once("[].") else {
        set(table, path, kind);
        return;
    };
    let mut item = item_of(list, name);
    // A table cannot have both a secret and its file.
    if let Some((within, secret)) = name
        .strip_suffix("_file")
        .and_then(|name| name.split_once('.'))
        && let Some(Value {
            kind: ValueKind::Table(inner),
            ..
        }) = item.get_mut(within)
    {
        inner.remove(secret);
    }
    put(&mut item, name, kind);
    let item = Value::new(None, ValueKind::Table(item));
    set(table, list, ValueKind::Array(vec![item]));
}
