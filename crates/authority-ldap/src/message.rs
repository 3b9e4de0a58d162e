//! Answers of a server: RFC 4511, section 4.

use isogloss_core::authority::Cause;
use ldap3::asn1::{PL, StructureTag, TagClass};

use crate::wire::{malformed, parse_all, unsigned};

/// An answer to the operation with an identifier; 0 if nothing was asked.
pub(crate) struct Answer {
    pub(crate) id: usize,
    pub(crate) operation: Operation,
}

/// What a server answers.
pub(crate) enum Operation {
    /// The end of a bind.
    Bind(Outcome),
    /// An entry that a search found.
    Entry(Entry),
    /// The end of a search.
    Done(Outcome),
    /// The end of an extended operation.
    Extended(Outcome),
    /// Something that may come before the end of a search and is not followed: a reference to another server.
    Reference,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The result code.
    pub(crate) code: usize,
    /// The text of the server.
    pub(crate) text: String,
    /// The controls, each with its value.
    pub(crate) controls: Vec<(String, Vec<u8>)>,
}

/// An entry, with the attributes that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Entry {
    /// The distinguished name.
    pub(crate) dn: String,
    /// The attributes, each with its values.
    pub(crate) attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// Returns the values of an attribute that are not empty.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.attributes.iter();
        named
            .filter(move |(attribute, _)| attribute.eq_ignore_ascii_case(name))
            .flat_map(|(_, values)| values.iter().map(Vec::as_slice))
            .filter(|value| !value.is_empty())
    }

    /// Returns the first value of an attribute that is text. `None` if there is none.
    pub(crate) fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let texts = self.values(name);
        let mut texts = texts.filter_map(|value| str::from_utf8(value).ok());
        texts.find_map(|text| Some(text.trim()).filter(|text| !text.is_empty()))
    }
}

impl Answer {
    /// Parses the parts of a message. Fails if they are not an answer.
    pub(crate) fn parse(parts: Vec<StructureTag>) -> Result<Self, Cause> {
        Self::try_parse(parts).ok_or_else(|| malformed("it is no answer of LDAP"))
    }

    fn try_parse(parts: Vec<StructureTag>) -> Option<Self> {
        let mut parts = parts.into_iter();
        let id = unsigned(&octets(parts.next()?)?)?;
        let operation = parts.next()?;
        if operation.class != TagClass::Application {
            return None;
        }
        // Active Directory puts another part here when it says that it closes the connection.
        let controls = parts.find(|part| part.class == TagClass::Context && part.id == 0);
        let number = operation.id;
        let values = children(operation)?;
        let operation = match number {
            1 => Operation::Bind(outcome(values, controls)?),
            4 => Operation::Entry(entry(values)?),
            5 => Operation::Done(outcome(values, controls)?),
            19 | 25 => Operation::Reference,
            24 => Operation::Extended(outcome(values, controls)?),
            _ => return None,
        };
        Some(Self { id, operation })
    }
}

fn outcome(values: Vec<StructureTag>, list: Option<StructureTag>) -> Option<Outcome> {
    let mut values = values.into_iter();
    let code = unsigned(&octets(values.next()?)?)?;
    let _matched = octets(values.next()?)?;
    let text = octets(values.next()?)?;
    let list = list.map_or(Some(Vec::new()), children)?;
    Some(Outcome {
        code,
        text: String::from_utf8_lossy(&text).into_owned(),
        controls: list.into_iter().map(control).collect::<Option<_>>()?,
    })
}

fn control(control: StructureTag) -> Option<(String, Vec<u8>)> {
    let mut parts = children(control)?.into_iter();
    let name = String::from_utf8(octets(parts.next()?)?).ok()?;
    // Whether it is critical may come between.
    let value = parts.last().map_or(Some(Vec::new()), octets)?;
    Some((name, value))
}

fn entry(values: Vec<StructureTag>) -> Option<Entry> {
    let mut values = values.into_iter();
    let dn = String::from_utf8(octets(values.next()?)?).ok()?;
    let attributes = children(values.next()?)?;
    let attributes = attributes.into_iter().map(attribute);
    let attributes = attributes.collect::<Option<_>>()?;
    Some(Entry { dn, attributes })
}

fn attribute(attribute: StructureTag) -> Option<(String, Vec<Vec<u8>>)> {
    let mut parts = children(attribute)?.into_iter();
    let name = String::from_utf8(octets(parts.next()?)?).ok()?;
    let values = children(parts.next()?)?.into_iter().map(octets);
    Some((name, values.collect::<Option<_>>()?))
}

/// Returns the number of the error in the control of the password policy. `None` if it has none.
pub(crate) fn policy_error(value: &[u8]) -> Option<usize> {
    let policy = parse_all(value)?.into_iter().next()?;
    let error = children(policy)?.into_iter().find(|part| part.id == 1)?;
    unsigned(&octets(error)?)
}

/// Returns the cookie in the control of paged results. `None` if the control is malformed.
pub(crate) fn page_cookie(value: &[u8]) -> Option<Vec<u8>> {
    let page = parse_all(value)?.into_iter().next()?;
    octets(children(page)?.into_iter().nth(1)?)
}

fn octets(value: StructureTag) -> Option<Vec<u8>> {
    match value.payload {
        PL::P(octets) => Some(octets),
        PL::C(_) => None,
    }
}

fn children(value: StructureTag) -> Option<Vec<StructureTag>> {
    match value.payload {
        PL::C(children) => Some(children),
        PL::P(_) => None,
    }
}
