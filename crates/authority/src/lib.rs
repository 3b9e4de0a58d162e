#![doc = include_str!("../README.md")]

mod check_outcome;
mod connection_step;
mod group_rules;
mod http_client;
mod permitted_url;
mod tls;

pub use self::check_outcome::{login_outcome, made_up_login_outcome};
pub use self::connection_step::connection_step;
pub use self::group_rules::{GroupRule, apply_rules};
pub use self::http_client::{HttpClient, HttpRequest, HttpResponse, JSON, LONGEST_BODY};
pub use self::permitted_url::{UrlError, is_loopback, permit_url};
pub use self::tls::{TlsError, TlsSettings};
