//! Documented conversations with a dialect, and a runner that compares any host with them.
//!
//! # The files
//!
//! A file is one documented conversation. It is written from the vendor's page or a client's code, and never
//! from our own output. `source` names that document, `about` says what the conversation shows. An `[[exchange]]`
//! is one request and the expected response.
//!
//! ```toml
//! source = "BIMplus 4.1 Authorization Service, card 'Get remember me token'"
//! [[exchange]]
//! send = '''
//! POST /v2/authorize
//! Content-Type: application/json
//!
//! {"user_id": "test@bimplus.net", "password": "test"}
//! '''
//! expect = '''
//! 200
//! Content-Type: application/json; charset=utf-8
//!
//! {"access_token": "{{token:hex32}}", "expires_in": "{{int:28798..28799}}", "client_id": "{{guid}}", "token_type": "BimPlus"}
//! '''
//! ```
//!
//! `send` is the request. `HTTP/1.1`, `Host`, `Connection: close` and the line ends of the head are added. A blank
//! line starts the body, which is sent as written, without its last newline, with a `Content-Length` unless one is
//! given. `send_hex_body` is a body in hexadecimal, for bytes that are not text.
//!
//! `expect` names the status, then headers (exact; `Name: -` must be absent), then after a blank line the
//! body. Without a blank line the body is not compared. JSON is compared key by key and type by type,
//! anything else byte by byte. `header_case = true` also compares the letter case of header names, `json = true`
//! treats the body as JSON whatever its first character is, and `distinct = ["a", "b"]` requires that these captures
//! differ from each other. `wait = "1500ms"` waits that long before the request.
//!
//! A host accepts a TOTP code once, and an earlier run of the conversation may have used it. A conversation that sends
//! codes and fails is therefore run again as soon as the next code is valid.
//!
//! `settings`, above the first `[[exchange]]`, is the part of the host's configuration file that the conversation needs.
//!
//! | placeholder in `expect` | stands for |
//! | --- | --- |
//! | `{{int}}`, `{{int:1..5}}` | a whole number, with both ends included |
//! | `{{number}}`, `{{bool}}` | any number; `true` or `false` |
//! | `{{hex32}}`, `{{HEX32}}` | 32 hexadecimal digits, lower case or upper case |
//! | `{{guid}}` | a GUID with dashes |
//! | `{{text}}`, `{{string}}` | a string that is not empty; any string |
//! | `{{any}}` | any value |
//! | `{{memsource-token:30}}` | `30-` and 32 lower-case hexadecimal digits |
//! | `{{time+0000}}`, `{{time+0000:5..9}}` | `2014-12-12T16:55:02+0000`, in that many seconds from now |
//! | `{{name:KIND}}` | one of the above, captured under the name, or equal to what was captured before |
//! | `{{name}}` | what was captured under the name |
//!
//! A JSON string that is only a placeholder matches a value of the placeholder's own type. A placeholder may also be a
//! part of a string, of a header's value, or of a text body.
//!
//! | placeholder in `send` | is filled with |
//! | --- | --- |
//! | `{{name}}` | what was captured; `{{name\|upper}}`, `\|lower`, `\|dashed` spell it in another way |
//! | `{{base}}` | the address of the host, like `http://localhost:8080` (in `expect`, too) |
//! | `{{totp:SECRET}}` | the current TOTP code |
//! | `{{totp-1:SECRET}}` | the code of the previous time step; a host that has accepted a later code refuses it |
//! | `{{repeat:a:1000}}` | the text that many times |

mod body;
mod case;
mod conversation;
mod error;
mod exchange;
mod expectation;
mod host;
mod http1;
mod pattern;
mod placeholder;
mod request_template;
mod response;
mod template;
mod totp_code;

pub use case::{Case, cases, read_cases};
pub use conversation::Conversation;
pub use error::{Error, Result};
pub use host::Host;
pub use http1::roundtrip;
pub use response::Response;
pub use totp_code::{TimeStep, totp_code};
