use std::net::TcpListener;
use std::thread;

use super::*;

/// Starts a server that sends `response` on every connection, and returns a client for it.
fn client(response: &'static str) -> HttpClient {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            assert!(stream.read(&mut head).unwrap() > 0);
            stream.write_all(response.as_bytes()).unwrap();
        }
    });
    HttpClient::new(base.parse().unwrap())
}

fn downloaded(client: &HttpClient) -> Result<(u16, String, String), RequestError> {
    let mut file = Vec::new();
    let request = Request::get(client.url("/")).body(());
    let response = client.download(request, &mut file)?;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ok((
        response.status().as_u16(),
        text(file),
        text(response.into_body()),
    ))
}

#[test]
fn a_redirect_and_a_refusal_are_responses() {
    for (response, status) in [
        (
            "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
            302,
        ),
        (
            "HTTP/1.1 503 Unavailable\r\nContent-Length: 2\r\n\r\nno",
            503,
        ),
    ] {
        let response = client(response).get("/", &[]).unwrap();
        assert_eq!(response.status(), status);
    }
}

#[test]
fn a_body_is_downloaded_however_it_is_framed() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    ] {
        let expected = (200, "hello".to_owned(), String::new());
        assert_eq!(
            downloaded(&client(response)).unwrap(),
            expected,
            "{response}"
        );
    }
}

#[test]
fn the_body_of_a_refusal_is_not_written_to_the_file() {
    let refusing = client("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    let expected = (403, String::new(), "no".to_owned());
    assert_eq!(downloaded(&refusing).unwrap(), expected);
}

#[test]
fn a_truncated_body_is_an_error() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let error = downloaded(&client(response)).unwrap_err();
        assert!(matches!(error, RequestError::Request { .. }), "{error}");
    }
}

#[test]
fn a_host_that_does_not_listen_cannot_be_connected_to() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let client = HttpClient::new(format!("http://{address}").parse().unwrap());
    let error = client.get("/", &[]).unwrap_err().to_string();
    let expected = format!("connecting to {address}: Connection refused");
    assert!(error.starts_with(&expected), "{error}");
}
