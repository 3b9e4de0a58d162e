//! Redis after logins: only digests that expire, and nothing that can be used to log in.

use isogloss_testkit::dialects::{HeldToken, TestUser, dialect};
use isogloss_testkit::{Gateway, Redis, Reply, Request, Store};
use serde_json::json;
use tempfile::TempDir;

use isogloss_testkit::token_spellings::{LowercaseBytes, Secret};

/// Returns every key with its remaining milliseconds and its content.
const EVERYTHING: &str = r"
local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind, held = redis.call('TYPE', key).ok, nil
  if kind == 'string' then held = {redis.call('GET', key)}
  elseif kind == 'zset' then held = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'set' then held = redis.call('SMEMBERS', key)
  elseif kind == 'hash' then held = redis.call('HGETALL', key)
  elseif kind == 'list' then held = redis.call('LRANGE', key, 0, -1)
  else return redis.error_reply('this test does not know the type ' .. kind) end
  found[#found + 1] = {redis.call('PTTL', key), key, held}
end
return found
";

struct Entry {
    milliseconds_left: i64,
    /// The key and its content.
    bytes: Vec<Vec<u8>>,
}

impl Entry {
    /// Returns whether the gateway wrote this to check its write access, at its start and every minute.
    fn is_of_a_probe(&self) -> bool {
        let key = String::from_utf8_lossy(&self.bytes[0]);
        key.contains(":{probe")
    }
}

fn entries(redis: &Redis) -> Vec<Entry> {
    let reply = redis.command(&["EVAL", EVERYTHING, "0"]).unwrap();
    let Reply::Array(entries) = reply else {
        panic!("{reply:?}");
    };
    let entries = entries.iter().map(entry);
    entries.filter(|entry| !entry.is_of_a_probe()).collect()
}

fn entry(reply: &Reply) -> Entry {
    let Reply::Array(parts) = reply else {
        panic!("{reply:?}");
    };
    let [Reply::Integer(milliseconds_left), rest @ ..] = parts.as_slice() else {
        panic!("{reply:?}");
    };
    let mut bytes = Vec::new();
    for part in rest {
        collect(part, &mut bytes);
    }
    Entry {
        milliseconds_left: *milliseconds_left,
        bytes,
    }
}

fn collect(reply: &Reply, into: &mut Vec<Vec<u8>>) {
    match reply {
        Reply::Bulk(Some(value)) => into.push(value.clone()),
        Reply::Array(replies) => replies.iter().for_each(|reply| collect(reply, into)),
        Reply::Bulk(None) | Reply::Simple(_) | Reply::Error(_) | Reply::Integer(_) => {
            panic!("{reply:?}")
        }
    }
}

/// Logs in at all dialects, with right and wrong passwords, and presents every token. Returns the tokens.
fn busy(gateway: &Gateway) -> Vec<HeldToken> {
    let server = gateway.public();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        tokens.extend(
            crate::marked_secrets::test_user()
                .every_token(server)
                .unwrap(),
        );
    }
    let wrong = TestUser {
        password: crate::marked_secrets::WRONG_PASSWORD.to_owned(),
        ..crate::marked_secrets::test_user()
    };
    for (_, login) in wrong.logins() {
        login.send(server).unwrap();
    }
    for card in [
        json!({"authentication_code": crate::marked_secrets::CARD_CODE}),
        json!({"identifier": crate::marked_secrets::CARD_IDENTIFIER, "pass_code": crate::marked_secrets::PASS_CODE}),
    ] {
        let body = json!({"organisation": "CRMDEMO", "access_token_identifier": card});
        let login = Request::post("/crmapi/rest/v2/authentication/token").json(&body);
        let answer = login.send(server).unwrap();
        tokens.extend(TestUser::admin().tokens("crmcom", &answer).unwrap());
    }
    for request in tokens.iter().filter_map(HeldToken::presented) {
        assert_eq!(request.send(server).unwrap().status, 200);
    }
    tokens
}

#[test]
fn redis_holds_no_clear_text_and_every_key_ends_by_itself() {
    let redis = Redis::start().unwrap();
    let folder = TempDir::new().unwrap();
    let builder = Gateway::builder(crate::PROGRAM).store(Store::Redis(redis.url()));
    let gateway = crate::marked_secrets::import(builder, folder.path())
        .unwrap()
        .start()
        .unwrap();
    let tokens = busy(&gateway);

    let mut secrets: Vec<_> = tokens
        .iter()
        .map(|held| Secret::token(format!("a token, {:?}", held.kind), &held.text))
        .collect();
    secrets.extend([
        Secret::text("a password", crate::marked_secrets::PASSWORD),
        Secret::text("a wrong password", crate::marked_secrets::WRONG_PASSWORD),
        Secret::text("an APIKey", crate::marked_secrets::API_KEY),
        Secret::text("a card's code", crate::marked_secrets::CARD_CODE),
        Secret::text("a card's pass code", crate::marked_secrets::PASS_CODE),
    ]);

    let entries = entries(&redis);
    assert!(entries.len() >= tokens.len(), "where are the tokens?");
    for entry in &entries {
        let key = entry.bytes[0].escape_ascii();
        assert!(entry.milliseconds_left > 0, "{key} has no end");
        for bytes in &entry.bytes {
            let hash = bytes.windows(4).any(|window| window == b"$2b$");
            assert!(!hash, "{key} holds the hash of a password");
            let searched = LowercaseBytes::new(bytes);
            let leak = secrets.iter().find(|secret| secret.is_in(&searched));
            assert!(
                leak.is_none(),
                "{key} holds {} in {}",
                leak.map_or("", |secret| &secret.what),
                bytes.escape_ascii()
            );
        }
    }
    // Nothing is stored in other databases, where the script does not look.
    let databases = redis
        .command(&["INFO", "keyspace"])
        .unwrap()
        .texts()
        .concat();
    assert_eq!(databases.matches("keys=").count(), 1, "{databases}");
}

#[test]
fn key_lives_as_long_as_what_it_holds() {
    let redis = Redis::start().unwrap();
    let lifetime = "ISOGLOSS__DIALECTS__CRMCOM__TOKEN_LIFETIME";
    let gateway = Gateway::builder(crate::PROGRAM)
        .store(Store::Redis(redis.url()))
        .env(lifetime, "100s")
        .config_text("[throttle]\nremember_clients = '100s'")
        .start()
        .unwrap();
    let crmcom = dialect("crmcom");
    let login = TestUser::admin().device_login(&crmcom);
    let answer = login.send(gateway.public()).unwrap();
    let tokens = TestUser::admin().tokens(crmcom.name, &answer).unwrap();
    assert_eq!(tokens.len(), 1);
    let entries = entries(&redis);
    let held = "the token, the list of its user's, the list of the account's clients";
    assert_eq!(entries.len(), 3, "{held}");
    for entry in entries {
        // A list lives a minute longer, for gateways whose clocks are behind.
        let is_list = entry.bytes[0].starts_with(b"isogloss:u:");
        let longest = if is_list { 160_000 } else { 100_000 };
        // The test may be slow, but Redis never adds time.
        assert!(entry.milliseconds_left <= longest);
        assert!(entry.milliseconds_left > 50_000);
    }
}
