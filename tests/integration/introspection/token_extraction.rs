//! How a call of each dialect carries its token, as a service behind the gateway receives it.

use crate::tokens_of_each_kind::{Held, Kind};

/// Whether a service may take the token for its bearer's word.
pub(crate) fn speaks(kind: Kind) -> bool {
    match kind {
        Kind::BimplusAccess
        | Kind::Crmcom
        | Kind::TokenloginSession
        | Kind::MemsourceAccess
        | Kind::MemsourceImpersonation
        | Kind::MemsourceBrowser => true,
        Kind::BimplusRemember | Kind::BimplusCross | Kind::TokenloginReauthentication => false,
    }
}

pub(crate) fn dialect(kind: Kind) -> &'static str {
    match kind {
        Kind::BimplusAccess | Kind::BimplusRemember | Kind::BimplusCross => "bimplus",
        Kind::Crmcom => "crmcom",
        Kind::TokenloginSession | Kind::TokenloginReauthentication => "tokenlogin",
        Kind::MemsourceAccess | Kind::MemsourceImpersonation | Kind::MemsourceBrowser => {
            "memsource"
        }
    }
}

/// A header, or what stands behind `?`.
#[derive(Debug, Clone)]
pub(crate) enum Carried {
    Header(&'static str, String),
    Query(String),
}

impl Carried {
    /// What stands in the header, or in the query.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Header(_, text) | Self::Query(text) => text,
        }
    }
}

/// Every place in which clients of the dialect put such a token.
pub(crate) fn carried(held: &Held) -> Vec<Carried> {
    let token = &held.text;
    let header = |text: String| Carried::Header("Authorization", text);
    match dialect(held.kind) {
        "bimplus" => vec![
            header(format!("BimPlus {token}")),
            header(format!("bimplus {}", token.to_uppercase())),
            header(format!("Bearer {token}")),
            Carried::Query(format!("access_token={token}")),
            Carried::Query(format!("x=1&api-token={token}")),
        ],
        "crmcom" => vec![
            Carried::Query(format!("token={token}")),
            Carried::Query(format!("name=a%20b&token={token}&x")),
        ],
        "tokenlogin" => vec![
            Carried::Query(format!("APIKey=demo-api-key&APIToken={token}")),
            Carried::Query(format!("apitoken={token}&apikey=demo-api-key&fields=ID")),
        ],
        _ => vec![
            header(format!("ApiToken {token}")),
            header(format!("Bearer {token}")),
            Carried::Query(format!("token={token}")),
            Carried::Query(format!("project=9&token={token}")),
            Carried::Header("Cookie", format!("a=b; isogloss_session={token}")),
        ],
    }
}
