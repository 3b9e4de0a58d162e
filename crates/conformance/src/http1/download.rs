//! An answer whose body is too large to be held.

use std::io::{Read, Write};

use super::{Framing, fill, framing, parse_head, read};
use crate::response::Response;
use crate::{Error, Result};

/// Reads an answer. The body of a success goes to `file`, the body of anything else into the answer.
pub(super) fn receive(mut stream: impl Read, file: &mut impl Write) -> Result<Response> {
    let mut bytes = Vec::new();
    let (response, length) = loop {
        if let Some(head) = parse_head(&bytes)? {
            break head;
        }
        if fill(&mut stream, &mut bytes)? {
            return Err(truncated());
        }
    };
    if response.status != 200 {
        return read(bytes.as_slice().chain(stream), false);
    }
    bytes.drain(..length);
    let mut body = Body { stream, bytes };
    match framing(&response, false)? {
        Framing::Nothing => {}
        Framing::Length(length) => body.copy(length, file)?,
        Framing::Chunks => while body.copy_chunk(file)? {},
        Framing::UntilClosed => body.copy_all(file)?,
    }
    Ok(response)
}

/// What is yet to come, and what of it is there.
struct Body<S> {
    stream: S,
    bytes: Vec<u8>,
}

impl<S: Read> Body<S> {
    fn more(&mut self) -> Result<()> {
        if fill(&mut self.stream, &mut self.bytes)? {
            return Err(truncated());
        }
        Ok(())
    }

    fn copy(&mut self, mut length: usize, file: &mut impl Write) -> Result<()> {
        while length > 0 {
            if self.bytes.is_empty() {
                self.more()?;
            }
            let part = length.min(self.bytes.len());
            file.write_all(&self.bytes[..part])?;
            self.bytes.drain(..part);
            length -= part;
        }
        Ok(())
    }

    fn copy_all(&mut self, file: &mut impl Write) -> Result<()> {
        loop {
            file.write_all(&self.bytes)?;
            self.bytes.clear();
            if fill(&mut self.stream, &mut self.bytes)? {
                return Ok(());
            }
        }
    }

    /// Whether another chunk may follow.
    fn copy_chunk(&mut self, file: &mut impl Write) -> Result<bool> {
        let (start, size) = loop {
            let size = httparse::parse_chunk_size(&self.bytes)
                .map_err(|_| Error::new("the answer's chunks are malformed"))?;
            match size {
                httparse::Status::Complete(found) => break found,
                httparse::Status::Partial => self.more()?,
            }
        };
        self.bytes.drain(..start);
        let size = usize::try_from(size).map_err(|_| Error::new("a chunk is too large"))?;
        self.copy(size, file)?;
        // The line feed behind it.
        self.copy(2, &mut std::io::sink())?;
        Ok(size > 0)
    }
}

fn truncated() -> Error {
    Error::new("the connection ended within the answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(text: &str) -> Result<(u16, String, String)> {
        let mut file = Vec::new();
        let response = receive(text.as_bytes(), &mut file)?;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ok((response.status, text(file), text(response.body)))
    }

    #[test]
    fn a_body_goes_to_the_file_however_it_is_framed() {
        for framed in [
            "Content-Length: 5\r\n\r\nhello",
            "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            "\r\nhello",
        ] {
            let text = format!("HTTP/1.1 200 OK\r\n{framed}");
            let expected = (200, "hello".to_owned(), String::new());
            assert_eq!(received(&text).unwrap(), expected, "{framed}");
        }
    }

    #[test]
    fn what_is_no_success_stays_out_of_the_file() {
        let text = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
        assert_eq!(
            received(text).unwrap(),
            (403, String::new(), "no".to_owned())
        );
    }

    #[test]
    fn a_body_that_is_cut_short_is_a_failure() {
        for framed in [
            "Content-Length: 5\r\n\r\nhell",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ] {
            assert!(
                received(&format!("HTTP/1.1 200 OK\r\n{framed}")).is_err(),
                "{framed}"
            );
        }
    }
}
