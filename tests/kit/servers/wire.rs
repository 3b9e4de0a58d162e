//! A client of few words: one command, one answer as text.

use std::io::{BufRead, BufReader, Error, Result, Write};
use std::net::{Ipv4Addr, TcpStream};

use super::PATIENCE;

/// Sends a command and answers its reply: a value as it is, nothing as "", of an array each element
/// on a line of its own. An error of the server is an error here.
pub(super) fn ask(port: u16, words: &[&str]) -> Result<String> {
    let mut stream = BufReader::new(connect(port)?);
    put(&mut stream, words)
}

/// Sends a command when another has succeeded.
pub(super) fn ask_after(port: u16, first: &[&str], words: &[&str]) -> Result<String> {
    let mut stream = BufReader::new(connect(port)?);
    put(&mut stream, first)?;
    put(&mut stream, words)
}

fn connect(port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn put(stream: &mut BufReader<TcpStream>, words: &[&str]) -> Result<String> {
    let mut message = format!("*{}\r\n", words.len());
    for word in words {
        message.extend(["$", &word.len().to_string(), "\r\n", word, "\r\n"]);
    }
    stream.get_mut().write_all(message.as_bytes())?;
    reply(stream)
}

fn reply(from: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let (kind, rest) = line
        .trim_end()
        .split_at_checked(1)
        .ok_or_else(|| Error::other("the server hung up"))?;
    let number = || rest.parse::<i64>().map_err(Error::other);
    match kind {
        "+" | ":" => Ok(rest.to_owned()),
        "$" => {
            let Ok(length) = usize::try_from(number()?) else {
                return Ok(String::new());
            };
            let mut value = vec![0; length + 2];
            from.read_exact(&mut value)?;
            value.truncate(length);
            Ok(String::from_utf8_lossy(&value).into_owned())
        }
        "*" => {
            let elements = (0..number()?).map(|_| reply(from));
            Ok(elements.collect::<Result<Vec<_>>>()?.join("\n"))
        }
        _ => Err(Error::other(rest.to_owned())),
    }
}
