//! A client of few words: one command, one answer as text.

use std::io::{BufRead, BufReader, Error, Result, Write};
use std::net::{Ipv4Addr, TcpStream};

use super::PATIENCE;

/// Sends a command and returns the values of its reply, those of an array one by one; nothing is an empty
/// value. An error of the server is an error here.
pub(super) fn values(port: u16, words: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut message = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        message.extend(format!("${}\r\n", word.len()).as_bytes());
        message.extend(*word);
        message.extend(b"\r\n");
    }
    stream.write_all(&message)?;
    reply(&mut BufReader::new(stream))
}

fn reply(from: &mut impl BufRead) -> Result<Vec<Vec<u8>>> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let (kind, rest) = line
        .trim_end()
        .split_at_checked(1)
        .ok_or_else(|| Error::other("the server hung up"))?;
    let number = || rest.parse::<i64>().map_err(Error::other);
    match kind {
        "+" | ":" => Ok(vec![rest.as_bytes().to_vec()]),
        "$" => {
            let Ok(length) = usize::try_from(number()?) else {
                return Ok(vec![Vec::new()]);
            };
            let mut value = vec![0; length + 2];
            from.read_exact(&mut value)?;
            value.truncate(length);
            Ok(vec![value])
        }
        "*" => {
            let elements = (0..number()?).map(|_| reply(from));
            Ok(elements.collect::<Result<Vec<_>>>()?.concat())
        }
        _ => Err(Error::other(rest.to_owned())),
    }
}
