//! Requests of each dialect: login, check and logout.

use std::net::SocketAddr;

use anyhow::{Result, ensure};

use crate::wire::{Answer, Wire};

/// Requests of one dialect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) name: &'static str,
    path: &'static str,
    content_type: &'static str,
    body: &'static str,
    /// Member of the response that holds the token.
    token: &'static str,
    /// Method, target, further headers and body of a logout. `TOKEN` is replaced with the token.
    end: [&'static str; 4],
}

const JSON: &str = "Content-Type: application/json\r\n";

pub(crate) const BIMPLUS: Dialect = Dialect {
    name: "BIMplus",
    path: "/v2/authorize",
    content_type: JSON,
    body: r#"{"user_id":"sample","password":"sample-demo"}"#,
    token: "access_token",
    end: [
        "DELETE",
        "/v2/authorize",
        "Authorization: BimPlus TOKEN\r\n",
        "",
    ],
};

pub(crate) const CRMCOM: Dialect = Dialect {
    name: "CRM.COM",
    path: "/crmapi/rest/v2/authentication/token",
    content_type: JSON,
    body: r#"{"username":"mpadministrator","password":"1234","organisation":"CRMDEMO"}"#,
    token: "token",
    end: [
        "POST",
        "/crmapi/rest/v2/authentication/token/release",
        JSON,
        r#"{"token":"TOKEN"}"#,
    ],
};

pub(crate) const TOKENLOGIN: Dialect = Dialect {
    name: "TokenLogin",
    path: "/api/v1/Authentication/Login?APIKey=demo-api-key",
    content_type: JSON,
    body: r#"{"userName":"admin","password":"admin-demo"}"#,
    token: "SessionToken",
    end: [
        "POST",
        "/api/v1/Authentication/Logout?APIKey=demo-api-key&APIToken=TOKEN",
        "",
        "",
    ],
};

pub(crate) const MEMSOURCE: Dialect = Dialect {
    name: "Memsource",
    path: "/web/api/v3/auth/login",
    content_type: "Content-Type: application/x-www-form-urlencoded\r\n",
    body: "userName=linguist&password=linguist-demo",
    token: "token",
    end: ["GET", "/web/api/v3/auth/logout?token=TOKEN", "", ""],
};

pub(crate) const ALL: [Dialect; 4] = [BIMPLUS, CRMCOM, TOKENLOGIN, MEMSOURCE];

/// Text in every response that holds a token, in all dialects. Login failures with status 200 do not have it.
pub(crate) const MARK: &str = "oken\":\"";

/// Returns a request as text.
pub(crate) fn request(method: &str, target: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {target} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

/// Returns a BIMplus login.
pub(crate) fn bimplus(user: &str, password: &str) -> String {
    let body = format!(r#"{{"user_id":"{user}","password":"{password}"}}"#);
    request("POST", BIMPLUS.path, JSON, &body)
}

/// Returns a BIMplus token check.
pub(crate) fn check(token: &str) -> String {
    let token = format!("Authorization: BimPlus {token}\r\n");
    request("GET", "/v2/authorize", &token, "")
}

impl Dialect {
    /// Returns a login with the right password.
    pub(crate) fn login(&self) -> String {
        request("POST", self.path, self.content_type, self.body)
    }

    /// Returns a login with a wrong password.
    pub(crate) fn wrong_login(&self) -> String {
        let body = self.body.replace("-demo", "-wrong").replace("1234", "4321");
        request("POST", self.path, self.content_type, &body)
    }

    /// Returns a login whose body is cut off in the middle.
    pub(crate) fn malformed_login(&self) -> String {
        let (body, _) = self.body.split_at(self.body.len() / 2);
        request("POST", self.path, self.content_type, body)
    }

    pub(crate) fn logout(&self, token: &str) -> String {
        let [method, target, headers, body] = self.end.map(|part| part.replace("TOKEN", token));
        request(&method, &target, &headers, &body)
    }

    /// Returns the token in the response to a login. Fails if the status is not 200 or there is no token.
    pub(crate) fn token_in(&self, answer: &Answer) -> Result<String> {
        ensure!(
            answer.status == 200,
            "{}: the response to a login is {}",
            self.name,
            answer.status
        );
        answer.member(self.token)
    }

    /// Returns whether a response holds a token.
    pub(crate) fn opens(&self, answer: &Answer) -> bool {
        answer
            .member(self.token)
            .is_ok_and(|token| !token.is_empty())
    }

    /// Logs in at the server and returns the token.
    pub(crate) fn token(&self, server: SocketAddr) -> Result<String> {
        let answer = Wire::open(server)?.ask(&self.login())?;
        self.token_in(&answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_how_long_it_is() {
        let login = MEMSOURCE.login();
        assert!(
            login.contains("Content-Length: 40\r\n\r\nuserName="),
            "{login}"
        );
        assert!(login.ends_with("linguist-demo"));
    }

    #[test]
    fn a_wrong_login_differs_in_every_dialect() {
        for dialect in ALL {
            assert_ne!(dialect.wrong_login(), dialect.login(), "{}", dialect.name);
            assert!(dialect.malformed_login().len() < dialect.login().len());
        }
    }
}
