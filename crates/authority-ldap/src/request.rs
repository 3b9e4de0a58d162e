//! Requests to a server: RFC 4511, section 4.

use bytes::BytesMut;
use ldap3::asn1::{
    ASNTag, Boolean, Enumerated, Integer, Null, OctetString, PL, Sequence, StructureTag, Tag,
    TagClass, write,
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// The control that asks for the state of the password policy: draft-behera-ldap-password-policy.
pub(crate) const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
/// The control of paged results: RFC 2696.
pub(crate) const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

/// Where, for what and how far is searched.
#[derive(Clone)]
pub(crate) struct Search<'a> {
    /// The entry where the search begins.
    pub(crate) base: &'a str,
    /// How far it goes.
    pub(crate) depth: Depth,
    /// The parsed filter.
    pub(crate) filter: Tag,
    /// The attributes that are wanted.
    pub(crate) attributes: &'a [&'a str],
    /// The maximum number of entries. More are a malformed answer.
    pub(crate) limit: usize,
    /// The size of a page, and the cookie of the last one.
    pub(crate) page: Option<(usize, Vec<u8>)>,
}

/// How far a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The base alone.
    Base = 0,
    /// Directly below.
    OneLevel = 1,
    /// The base and all below.
    Subtree = 2,
}

/// Returns the request of a simple bind. `None` if the name or the password is empty: servers take that for an
/// anonymous bind, and say yes.
pub(crate) fn bind(id: usize, dn: &str, password: &SecretString) -> Option<Zeroizing<Vec<u8>>> {
    let password = password.expose_secret();
    if dn.is_empty() || password.is_empty() {
        return None;
    }
    // Written by hand, so that no copy of the password stays in memory.
    let parts = [
        Zeroizing::new(vec![2, 1, 3]),
        value(4, dn.as_bytes()),
        value(0x80, password.as_bytes()),
    ];
    let operation = value(0x60, &joined(&parts));
    let id = Zeroizing::new(encode(number(id).into_structure()));
    let asks_for_policy = encode(controls(PASSWORD_POLICY, None));
    let message = joined(&[id, operation, Zeroizing::new(asks_for_policy)]);
    Some(value(0x30, &message))
}

/// Returns the request of a search.
pub(crate) fn search(id: usize, search: Search<'_>) -> Vec<u8> {
    let choice = |inner: i64| {
        Tag::Enumerated(Enumerated {
            inner,
            ..Enumerated::default()
        })
    };
    let attributes = search.attributes.iter().map(|name| text(name)).collect();
    // Pages limit themselves.
    let limit = if search.page.is_some() {
        0
    } else {
        search.limit
    };
    let operation = sequence(vec![
        text(search.base),
        choice(search.depth as i64),
        choice(0),
        number(limit),
        number(0),
        Tag::Boolean(Boolean {
            inner: false,
            ..Boolean::default()
        }),
        search.filter,
        sequence(attributes),
    ]);
    let page = search.page.map(|(size, cookie)| {
        let cookie = Tag::OctetString(OctetString {
            inner: cookie,
            ..OctetString::default()
        });
        let page = sequence(vec![number(size), cookie]).into_structure();
        controls(PAGED_RESULTS, Some(encode(page)))
    });
    message(id, 3, operation, page)
}

/// Returns the request to make the connection secure.
pub(crate) fn start_tls(id: usize) -> Vec<u8> {
    let name = Tag::OctetString(OctetString {
        id: 0,
        class: TagClass::Context,
        inner: START_TLS.as_bytes().to_vec(),
    });
    message(id, 23, sequence(vec![name]), None)
}

/// Returns the notice that the connection ends.
pub(crate) fn unbind(id: usize) -> Vec<u8> {
    message(id, 2, Tag::Null(Null::default()), None)
}

fn message(id: usize, tag: u64, operation: Tag, controls: Option<StructureTag>) -> Vec<u8> {
    let mut operation = operation.into_structure();
    operation.class = TagClass::Application;
    operation.id = tag;
    let mut parts = vec![number(id), Tag::StructureTag(operation)];
    parts.extend(controls.map(Tag::StructureTag));
    encode(sequence(parts).into_structure())
}

fn controls(name: &str, content: Option<Vec<u8>>) -> StructureTag {
    let content = content.map(|inner| {
        Tag::OctetString(OctetString {
            inner,
            ..OctetString::default()
        })
    });
    let control = sequence(std::iter::once(text(name)).chain(content).collect());
    StructureTag {
        class: TagClass::Context,
        id: 0,
        payload: PL::C(vec![control.into_structure()]),
    }
}

fn text(text: &str) -> Tag {
    let inner = text.as_bytes().to_vec();
    Tag::OctetString(OctetString {
        inner,
        ..OctetString::default()
    })
}

fn number(number: usize) -> Tag {
    let inner = i64::try_from(number).unwrap_or(i64::MAX);
    Tag::Integer(Integer {
        inner,
        ..Integer::default()
    })
}

fn sequence(inner: Vec<Tag>) -> Tag {
    Tag::Sequence(Sequence {
        inner,
        ..Sequence::default()
    })
}

fn encode(structure: StructureTag) -> Vec<u8> {
    let mut encoded = BytesMut::new();
    // Writes to memory, which cannot fail.
    drop(write::encode_into(&mut encoded, structure));
    encoded.to_vec()
}

/// Returns a tag, the length and the content.
fn value(tag: u8, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(content.len())
        .unwrap_or(u32::MAX)
        .to_be_bytes();
    let mut encoded = Zeroizing::new(Vec::with_capacity(content.len() + 6));
    encoded.extend([tag, 0x84]);
    encoded.extend(length);
    encoded.extend(content);
    encoded
}

fn joined(parts: &[Zeroizing<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut joined = Zeroizing::new(Vec::with_capacity(length));
    for part in parts {
        joined.extend_from_slice(part);
    }
    joined
}
