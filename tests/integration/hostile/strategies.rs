//! Strategies for requests: documented ones of which one part is random, or nearly right.

mod forms;
mod fragments;
mod headers;
mod json;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) use self::fragments::damaged;
use crate::hostile::documented_requests::Documented;
use crate::hostile::routes::message;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=x";
const MEDIA: [&str; 9] = [
    JSON,
    FORM,
    MULTIPART,
    "text/json; charset=utf-8",
    "text/plain",
    "application/json; charset=klingon",
    "application/problem+json",
    "multipart/form-data",
    "text/html",
];
/// The HTTP server rejects longer URLs.
const LONGEST_QUERY: usize = 60_000;

impl Documented {
    /// Returns the request in HTTP/1.1.
    pub(crate) fn message(&self) -> Vec<u8> {
        self.with(&self.query(), &self.head(), &self.body())
    }

    /// Returns requests with any body of any media type.
    pub(crate) fn with_any_body(self) -> BoxedStrategy<Vec<u8>> {
        let dialect = self.route.dialect;
        let json = json::body(dialect, &self.members).prop_map(|body| (JSON, body));
        let form = forms::urlencoded(dialect, &self.members).prop_map(|body| (FORM, body));
        let multipart = forms::multipart(dialect, &self.members).prop_map(|body| (MULTIPART, body));
        let media = self.media();
        let own = damaged(self.body()).prop_map(move |body| (media, body));
        let rubbish = fragments::bytes(600).prop_map(move |body| (media, body));
        let body = prop_oneof![4 => json, 2 => form, 2 => multipart, 2 => own, 1 => rubbish];
        let other_media = prop_oneof![
            2 => Just(Vec::new()),
            4 => select(&MEDIA).prop_map(|media| media.as_bytes().to_vec()),
            1 => headers::value(MEDIA.map(str::to_owned).to_vec()),
        ];
        (body, option::weighted(0.2, other_media))
            .prop_map(move |((media, body), other_media)| {
                let media = other_media.unwrap_or_else(|| media.as_bytes().to_vec());
                let mut head = self.authorization_line();
                if !media.is_empty() {
                    head.extend(headers::line(b"Content-Type", &media));
                }
                self.with(&self.query(), &head, &body)
            })
            .boxed()
    }

    /// Returns requests with any query.
    pub(crate) fn with_any_query(self) -> BoxedStrategy<Vec<u8>> {
        let dialect = self.route.dialect;
        let query = prop_oneof![
            4 => forms::urlencoded(dialect, &self.query),
            1 => damaged(self.query()),
            1 => fragments::bytes(200),
        ];
        query
            .prop_map(move |query| {
                let mut query = forms::in_address(&query);
                query.truncate(LONGEST_QUERY);
                self.with(&query, &self.head(), &self.body())
            })
            .boxed()
    }

    /// Returns requests with any headers, before its own headers or in place of them.
    pub(crate) fn with_any_headers(self) -> BoxedStrategy<Vec<u8>> {
        (headers::lines(&self), any::<bool>())
            .prop_map(move |(mut head, alone)| {
                if !alone {
                    head.extend(self.head());
                }
                self.with(&self.query(), &head, &self.body())
            })
            .boxed()
    }

    fn with(&self, query: &[u8], head: &[u8], body: &[u8]) -> Vec<u8> {
        let mut target = self.route.path.as_bytes().to_vec();
        if !query.is_empty() {
            target.push(b'?');
            target.extend_from_slice(query);
        }
        let length = headers::line(b"Content-Length", body.len().to_string().as_bytes());
        message(self.route.method, &target, &[head, &length].concat(), body)
    }

    fn query(&self) -> Vec<u8> {
        forms::plain(&self.query)
    }

    fn head(&self) -> Vec<u8> {
        let mut head = self.authorization_line();
        if !self.members.is_empty() {
            head.extend(headers::line(b"Content-Type", self.media().as_bytes()));
        }
        head
    }

    fn authorization_line(&self) -> Vec<u8> {
        let authorization = self.authorization.as_deref();
        authorization
            .map(|value| headers::line(b"Authorization", value.as_bytes()))
            .unwrap_or_default()
    }

    fn media(&self) -> &'static str {
        if self.has_form() { FORM } else { JSON }
    }

    fn body(&self) -> Vec<u8> {
        if self.members.is_empty() {
            Vec::new()
        } else if self.has_form() {
            forms::plain(&self.members)
        } else {
            serde_json::to_vec(&self.members).unwrap()
        }
    }
}
