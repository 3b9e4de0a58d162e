//! Redis' protocol: one command on a connection of its own, and its reply.

use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::{Ipv4Addr, TcpStream};

use super::PATIENCE;

/// A reply of Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `+OK` and its like.
    Simple(String),
    /// `-ERR …`.
    Error(String),
    /// A whole number.
    Integer(i64),
    /// A value; `None` is "no such thing".
    Bulk(Option<Vec<u8>>),
    /// Several of these.
    Array(Vec<Reply>),
}

impl Reply {
    /// Returns the texts of a value, or of an array of values. Bytes that are not UTF-8 are replaced, and
    /// missing values are left out.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Simple(text) | Self::Error(text) => vec![text.clone()],
            Self::Integer(number) => vec![number.to_string()],
            Self::Bulk(value) => value
                .iter()
                .map(|value| String::from_utf8_lossy(value).into_owned())
                .collect(),
            Self::Array(replies) => replies.iter().flat_map(Self::texts).collect(),
        }
    }

    /// Returns the values of a reply, or of its array; a missing value is an empty one.
    ///
    /// # Errors
    /// If the server refused the command.
    pub fn into_values(self) -> Result<Vec<Vec<u8>>> {
        match self {
            Self::Simple(text) => Ok(vec![text.into_bytes()]),
            Self::Error(text) => Err(Error::other(text)),
            Self::Integer(number) => Ok(vec![number.to_string().into_bytes()]),
            Self::Bulk(value) => Ok(vec![value.unwrap_or_default()]),
            Self::Array(replies) => {
                let values = replies.into_iter().map(Self::into_values);
                Ok(values.collect::<Result<Vec<_>>>()?.concat())
            }
        }
    }
}

/// Sends a command to the server at a port of loopback, and returns its reply. Fails if the server is
/// unreachable or the reply cannot be parsed.
pub(super) fn command(port: u16, words: &[&[u8]]) -> Result<Reply> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut message = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        message.extend(format!("${}\r\n", word.len()).as_bytes());
        message.extend(*word);
        message.extend(b"\r\n");
    }
    stream.write_all(&message)?;
    read(&mut BufReader::new(stream))
}

fn read(stream: &mut impl BufRead) -> Result<Reply> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let line = line
        .strip_suffix("\r\n")
        .filter(|line| !line.is_empty())
        .ok_or_else(|| Error::other("Redis closed the connection"))?;
    let (sign, rest) = line.split_at_checked(1).ok_or_else(|| malformed(line))?;
    let number = || rest.parse::<i64>().map_err(|_| malformed(line));
    match sign {
        "+" => Ok(Reply::Simple(rest.to_owned())),
        "-" => Ok(Reply::Error(rest.to_owned())),
        ":" => number().map(Reply::Integer),
        "$" => bulk(stream, number()?).map(Reply::Bulk),
        "*" => (0..number()?)
            .map(|_| read(stream))
            .collect::<Result<_>>()
            .map(Reply::Array),
        _ => Err(malformed(line)),
    }
}

fn bulk(stream: &mut impl Read, length: i64) -> Result<Option<Vec<u8>>> {
    let Ok(length) = usize::try_from(length) else {
        return Ok(None);
    };
    let mut value = vec![0; length + 2];
    stream.read_exact(&mut value)?;
    value.truncate(length);
    Ok(Some(value))
}

fn malformed(line: &str) -> Error {
    Error::other(format!("`{line}` is no reply of Redis"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read() {
        let read = |text: &str| read(&mut text.as_bytes());
        for (text, expected) in [
            ("+OK\r\n", Reply::Simple("OK".to_owned())),
            ("-ERR x\r\n", Reply::Error("ERR x".to_owned())),
            (":-2\r\n", Reply::Integer(-2)),
            ("$-1\r\n", Reply::Bulk(None)),
            ("$4\r\na\r\nb\r\n", Reply::Bulk(Some(b"a\r\nb".to_vec()))),
        ] {
            assert_eq!(read(text).unwrap(), expected);
        }
        let array = read("*2\r\n$1\r\na\r\n*1\r\n:5\r\n").unwrap();
        assert_eq!(array.texts(), ["a", "5"]);
        assert_eq!(array.into_values().unwrap(), [b"a", b"5"]);
        for text in ["", "\r\n", "é\r\n", "$x\r\n", "*1\r\n", "$5\r\nab\r\n"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
