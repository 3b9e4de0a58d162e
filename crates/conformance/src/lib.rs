//! Documented conversations with a dialect, and holding them with any host.
//!
//! # The files
//!
//! A file is one documented conversation, written from the vendor's page or a client's code and never
//! from our own output. `source` says where it stands, `about` what it claims; an `[[exchange]]` is one
//! request and what must come back.
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
//! `send` is the request as the wire has it: `HTTP/1.1`, `Host`, `Connection: close` and the line ends of
//! the head are added; a blank line starts the body, which goes out as written but for its last newline, with
//! a `Content-Length` unless one is given. `send_hex_body` is a body in hexadecimal, for bytes that are no text.
//!
//! `expect` names the status, then headers (exact; `Name: -` must be absent), then after a blank line the
//! body. Without a blank line the body is not looked at. JSON is compared key for key and type for type,
//! anything else byte for byte. `header_case = true` also holds header names to their case, `json = true`
//! takes the body for JSON whatever it looks like, and `distinct = ["a", "b"]` asks that the captures named
//! differ from each other. `wait = "1500ms"` lets so much time pass before the request.
//!
//! A host may take a code once, and whoever held the same conversation a moment ago may have used it.
//! So one that sends codes and fails is held once more as soon as there is another code.
//!
//! `settings` stands above the first `[[exchange]]` and names what the host must be set to for the
//! conversation to hold, as a part of its configuration file.
//!
//! | placeholder in `expect` | stands for |
//! | --- | --- |
//! | `{{int}}`, `{{int:1..5}}` | a whole number, with both ends included |
//! | `{{number}}`, `{{bool}}` | any number; `true` or `false` |
//! | `{{hex32}}`, `{{HEX32}}` | 32 hexadecimal digits, lower case or upper case |
//! | `{{guid}}` | a GUID with dashes |
//! | `{{text}}`, `{{string}}` | a string that is not empty; any string |
//! | `{{any}}` | anything at all |
//! | `{{memsource-token:30}}` | `30-` and 32 lower-case hexadecimal digits |
//! | `{{time+0000}}`, `{{time+0000:5..9}}` | `2014-12-12T16:55:02+0000`, so many seconds from now |
//! | `{{name:KIND}}` | one of the above, captured under the name, or equal to what was captured before |
//! | `{{name}}` | what was captured under the name |
//!
//! A JSON string that is nothing but a placeholder matches a value of the placeholder's own type. A placeholder may also be a part
//! of a string, a header's value or a text body.
//!
//! | placeholder in `send` | is filled with |
//! | --- | --- |
//! | `{{name}}` | what was captured; `{{name\|upper}}`, `\|lower`, `\|dashed` spell it in another way |
//! | `{{base}}` | the address of the host, like `http://localhost:8080` (in `expect`, too) |
//! | `{{totp:SECRET}}` | the code of this moment |
//! | `{{totp-1:SECRET}}` | the code of the step before this one, used up with the one after it |
//! | `{{repeat:a:1000}}` | the text so many times |

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

pub use case::{Case, cases};
pub use conversation::Conversation;
pub use error::{Error, Result};
pub use host::Host;
pub use http1::roundtrip;
pub use response::Response;
pub use totp_code::{TimeStep, totp_code};
