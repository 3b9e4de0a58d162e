//! Messages of LDAP (BER, RFC 4511) as they cross a connection, with limits on what a server may send.
//!
//! The parser of the library reads any depth and any size, and panics at some malformed messages, so it only gets what
//! was checked here.

use isogloss_core::authority::{Cause, CauseKind};
use ldap3::asn1::{StructureTag, parse_tag};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How long a message may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageLimits {
    bytes: usize,
    elements: usize,
}

impl MessageLimits {
    /// The limits of messages about users. Pictures are never asked for.
    pub(crate) const USUAL: Self = Self {
        bytes: 1 << 20,
        elements: 20_000,
    };
    /// The limits of messages about groups, with their members.
    pub(crate) const LARGE: Self = Self {
        bytes: 64 << 20,
        elements: 1_000_000,
    };
}

const MAX_DEPTH: usize = 16;
const SEQUENCE: u8 = 0x30;

/// Reads one message and returns its parts: the message identifier, the operation, and perhaps controls. Fails if the
/// connection ends before the last byte, or if the message is too long or malformed.
pub(crate) async fn read_message(
    stream: &mut (impl AsyncRead + Unpin),
    limits: MessageLimits,
) -> Result<Vec<StructureTag>, Cause> {
    if read_byte(stream).await? != SEQUENCE {
        return Err(malformed("it does not begin as a message of LDAP"));
    }
    let length = match read_byte(stream).await? {
        short @ 0..0x80 => usize::from(short),
        long => {
            let mut length = 0;
            // Four bytes at most, so nothing is shifted out.
            let count @ 1..=4 = long & 0x7f else {
                return Err(malformed("its length is not definite"));
            };
            for _ in 0..count {
                length = length << 8 | usize::from(read_byte(stream).await?);
            }
            length
        }
    };
    if length > limits.bytes {
        let longest = limits.bytes >> 20;
        return Err(malformed(&format!("it is longer than {longest} MiB")));
    }
    let mut content = Vec::new();
    let limit = u64::try_from(length).unwrap_or(u64::MAX);
    let read = stream.take(limit).read_to_end(&mut content).await;
    if read.map_err(|error| closed(&error))? < length {
        return Err(closed(&"in the middle of an answer"));
    }
    parse_within(&content, limits).ok_or_else(|| malformed("it is no well-formed BER"))
}

/// Parses values that follow each other. Returns `None` if they are malformed, nested too deeply or too many.
pub(crate) fn parse_all(content: &[u8]) -> Option<Vec<StructureTag>> {
    parse_within(content, MessageLimits::USUAL)
}

fn parse_within(mut content: &[u8], limits: MessageLimits) -> Option<Vec<StructureTag>> {
    check(content, MAX_DEPTH, &mut { limits.elements })?;
    let mut values = Vec::new();
    while !content.is_empty() {
        let (rest, value) = parse_tag(content).ok()?;
        values.push(value);
        content = rest;
    }
    Some(values)
}

/// Returns `None` unless each value ends within the one that contains it.
fn check(mut content: &[u8], depth: usize, elements_left: &mut usize) -> Option<()> {
    while let [tag, length, rest @ ..] = content {
        *elements_left = elements_left.checked_sub(1)?;
        // Numbers of tags above 30 take more bytes, and LDAP has none.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = if *length < 0x80 {
            (usize::from(*length), rest)
        } else {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (unsigned(digits)?, rest)
        };
        let (value, rest) = rest.split_at_checked(length)?;
        if tag & 0x20 != 0 {
            check(value, depth.checked_sub(1)?, elements_left)?;
        }
        content = rest;
    }
    content.is_empty().then_some(())
}

/// Returns the number in one to four bytes. `None` if they are more, or none.
pub(crate) fn unsigned(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |number, digit| number << 8 | usize::from(*digit)),
    )
}

async fn read_byte(stream: &mut (impl AsyncRead + Unpin)) -> Result<u8, Cause> {
    stream.read_u8().await.map_err(|error| closed(&error))
}

/// Returns the cause of a connection that ended, or that cannot be read or written.
pub(crate) fn closed(what: &impl std::fmt::Display) -> Cause {
    Cause::new(CauseKind::Closed, format!("the connection ended: {what}"))
}

/// Returns the cause of an answer that cannot be understood.
pub(crate) fn malformed(what: &str) -> Cause {
    Cause::new(CauseKind::Response, format!("the server's answer: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn kind(bytes: &[u8]) -> Option<CauseKind> {
        let mut stream = bytes;
        read_message(&mut stream, MessageLimits::USUAL)
            .await
            .err()
            .map(|cause| cause.kind)
    }

    #[tokio::test]
    async fn messages_that_end_early_are_closed_connections() {
        let message = [0x30, 6, 2, 1, 1, 0x61, 1, 0];
        for end in 0..message.len() {
            let kind = kind(message.get(..end).unwrap_or_default()).await;
            assert_eq!(kind, Some(CauseKind::Closed), "{end}");
        }
    }

    #[tokio::test]
    async fn malformed_messages_are_refused() {
        let deep = |depth: usize| {
            let mut value = vec![];
            for _ in 0..depth {
                let length = u32::try_from(value.len()).unwrap_or_default().to_be_bytes();
                value = [&[0x30, 0x84][..], &length, &value].concat();
            }
            value
        };
        let many = [&[0x30, 0x83, 0x01, 0, 0][..], &[4, 0].repeat(0x8000)].concat();
        for (bytes, problem) in [
            (vec![0x31, 0], "another tag"),
            (vec![0x30, 0x80, 0, 0], "an indefinite length"),
            (
                vec![0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0],
                "a length of nine bytes",
            ),
            (vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], "two gigabytes"),
            (vec![0x30, 2, 4, 5], "a part longer than the whole"),
            (vec![0x30, 3, 0x1f, 1, 0], "a long tag"),
            (vec![0x30, 3, 0x24, 0x80, 0], "a part of indefinite length"),
            (deep(18), "18 levels"),
            (deep(100_000), "100,000 levels"),
            (many, "32,768 elements"),
        ] {
            assert_eq!(kind(&bytes).await, Some(CauseKind::Response), "{problem}");
        }
        assert_eq!(kind(&deep(17)).await, None);

        let long = |length: usize| {
            let header = |tag, length: usize| {
                let [_, _, _, _, digits @ ..] = length.to_be_bytes();
                [&[tag, 0x84][..], &digits].concat()
            };
            [
                header(0x30, length),
                header(4, length - 6),
                vec![0; length - 6],
            ]
            .concat()
        };
        assert_eq!(kind(&long(MessageLimits::USUAL.bytes)).await, None);
        assert_eq!(
            kind(&long(MessageLimits::USUAL.bytes + 1)).await,
            Some(CauseKind::Response)
        );
    }
}
