//! Tokens by the hundred thousand, issued without anybody's password.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use conformance::{Gateway, Request};
use isogloss_core::audit::Audit;
use isogloss_core::directory::SqliteDirectory;
use isogloss_core::store::{Caps, RedisSettings, RedisStore};
use isogloss_core::{
    Auth, Parts, PasswordSettings, Passwords, Pepper, Peppers, Purpose, Realm, SecondUse,
    SystemClock, Terms, User,
};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use uuid::Uuid;

/// The user whose tokens these are.
const USER: &str = "sample";
const LIFE: Duration = Duration::from_hours(8);
/// Logins under way at a time.
const AT_ONCE: usize = 64;

/// BIMplus tokens in the Redis of a gateway, all of one user.
pub(crate) fn issue(gateway: &Gateway, redis: &str, many: usize) -> Result<Vec<String>> {
    issue_to(gateway, redis, many, |_, _| ())
}

/// The same for users that nobody knows, five for each: they open nothing, and take room.
pub(crate) fn issue_to_many(gateway: &Gateway, redis: &str, many: usize) -> Result<Vec<String>> {
    const EACH: usize = 5;
    issue_to(gateway, redis, many, |number, user| {
        if number % EACH == 0 {
            user.id = Uuid::new_v4();
        }
    })
}

fn issue_to(
    gateway: &Gateway,
    redis: &str,
    many: usize,
    whose: fn(usize, &mut User),
) -> Result<Vec<String>> {
    Runtime::new()?.block_on(async {
        let auth = auth(gateway, redis).await?;
        let user = auth
            .find(USER)
            .await?
            .context("the demo has no such user")?;
        let mut issuing = JoinSet::new();
        for part in 0..AT_ONCE {
            let (auth, mut user) = (auth.clone(), user.clone());
            issuing.spawn(async move {
                let mut tokens = Vec::new();
                for number in 0..(part..many).step_by(AT_ONCE).count() {
                    whose(number, &mut user);
                    let terms = terms();
                    let issued = auth.issue(Realm::new("bimplus"), &user, terms).await?;
                    tokens.push(issued.token.hex());
                }
                anyhow::Ok(tokens)
            });
        }
        let mut tokens = Vec::with_capacity(many);
        while let Some(part) = issuing.join_next().await {
            tokens.extend(part??);
        }
        Ok(tokens)
    })
}

/// As BIMplus has them.
fn terms() -> Terms {
    Terms {
        client: Some("0864b512-1776-4a55-8ee5-2b19d7d9b7ea".to_owned()),
        application: Some("0106c8ba-ad46-7c08-e26f-026852cb7525".to_owned()),
        ..Terms::new(Purpose::Access, LIFE)
    }
}

async fn auth(gateway: &Gateway, redis: &str) -> Result<Auth> {
    let data = gateway.folder();
    let directory = SqliteDirectory::open(&data.join("directory.db")).await?;
    let caps = Caps {
        per_user: usize::MAX,
        per_client: usize::MAX,
    };
    let tokens = RedisStore::new(&RedisSettings::at(redis.to_owned()), caps)?;
    let pepper = fs::read_to_string(data.join("pepper"))?;
    let current = Pepper::new(pepper.trim().as_bytes()).context("the pepper")?;
    Ok(Auth::new(Parts {
        directory: Arc::new(directory),
        tokens: Arc::new(tokens),
        passwords: Passwords::start(PasswordSettings::default())?,
        peppers: Peppers {
            current,
            previous: None,
        },
        second_use: SecondUse::Refuse,
        guard: None,
        audit: Audit::default(),
        clock: Arc::new(SystemClock),
    }))
}

/// One token by a login, as a client has it.
pub(crate) fn of_bimplus(gateway: &Gateway) -> Result<String> {
    let login = json!({"user_id": USER, "password": "sample-demo"});
    let answer = Request::post("/v2/authorize")
        .json(&login)
        .send(gateway.public())?;
    member(&answer, "access_token")
}

/// The same at Memsource's door.
pub(crate) fn of_memsource(gateway: &Gateway) -> Result<String> {
    let login =
        Request::post("/web/api/v3/auth/login").form("userName=linguist&password=linguist-demo");
    member(&login.send(gateway.public())?, "token")
}

fn member(answer: &conformance::Response, name: &str) -> Result<String> {
    let body = answer.json().context("no JSON")?;
    let token = body[name].as_str().context("no token")?;
    Ok(token.to_owned())
}
