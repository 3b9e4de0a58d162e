//! Writes where the fuzz targets begin: what the documented conversations send, cut to what each target
//! reads. `fuzz-seeds FOLDER` fills a folder for each target.
#![expect(clippy::unwrap_used, reason = "part of the tests")]

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Fills the holes of a conversation.
const TOKEN: &str = "35eb2b5e94b54d5aafa6b6a7b6e8de01";
const CREDENTIALS: [&str; 7] = [
    "35EB2B5E94B54D5AAFA6B6A7B6E8DE01",
    "35eb2b5e-94b5-4d5a-afa6-b6a7b6e8de01",
    "{35eb2b5e-94b5-4d5a-afa6-b6a7b6e8de01}",
    "urn:uuid:35eb2b5e-94b5-4d5a-afa6-b6a7b6e8de01",
    "30-a3bf70333f8f1316cb7841cd774c9ce8",
    "287082",
    "jbsw y3dp ehpk 3pxp",
];
/// As exported, with every kind of entry.
const DIRECTORY: &str = r#"
[[organisations]]
id = "31cb1181-2cbc-49dc-883a-0620e20140a4"
name = "A"
default_unit = "1"
units = [{ id = "1", name = "One" }, { id = "2" }]

[[users]]
id = "8ec1a795-8688-4430-9af2-53dc591dde9b"
number = 40
user_name = "a"
email = "a@example.com"
role = "ADMIN"
organisation = "A"
units = ["2"]
password_hash = "$2b$04$abcdefghijklmnopqrstuuFrIGEU5iQVnHWwrz8.4ICbuwxv9EE/m"
totp_secret = "JBSWY3DPEHPK3PXP"
access_cards = [
    { code_digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { identifier = "i", pass_code_hash = "$2b$04$abcdefghijklmnopqrstuuFrIGEU5iQVnHWwrz8.4ICbuwxv9EE/m" },
]

[[keys]]
realm = "crmcom"
label = "l"
digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
user = "a"
"#;
/// Refused, and then the secret must not be told.
const WRONG: &str = "[[users]]\nuser_name = 'a'\norganisation = 'A'\ndisabled = 'hush-hush'\n";
/// The first version of a stored record.
const RECORD: &[u8] =
    b"\x01\x04here\x10\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\
    \x06\x00\x01\x03one\0\0\0\0\0\0\0\x80\xc0\xb6\xa9\xde\x66\x80\xe0\xa9\xeb\xde\x66";

fn main() {
    let folder = std::env::args_os().nth(1).expect("a folder for the seeds");
    let mut seeds = Seeds {
        folder: folder.into(),
        written: 0,
    };
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    for dialect in ["bimplus", "crmcom", "memsource", "tokenlogin"] {
        for file in fs::read_dir(tests.join("exchanges").join(dialect)).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let conversation: Table = toml::from_str(&text).unwrap();
            for exchange in conversation["exchange"].as_array().unwrap() {
                seeds.of_exchange(dialect, &Sent::parse(exchange));
            }
        }
    }
    for text in CREDENTIALS {
        seeds.write("credentials", text);
    }
    let demo = fs::read_to_string(tests.join("../config/demo-directory.toml")).unwrap();
    for text in [DIRECTORY, WRONG, &demo] {
        let json: Value = toml::from_str(text).unwrap();
        seeds.write("directory_file", text);
        seeds.write("directory_file", serde_json::to_string(&json).unwrap());
    }
    seeds.write("stored_record", RECORD);
}

struct Seeds {
    folder: PathBuf,
    written: usize,
}

impl Seeds {
    fn of_exchange(&mut self, dialect: &str, sent: &Sent) {
        let Sent { query, body, .. } = sent;
        let authorization = sent.header("Authorization");
        if !authorization.is_empty() {
            self.write("authorization", authorization);
        }
        match dialect {
            "bimplus" => self.write("bimplus_body", body),
            "crmcom" => self.write("crmcom_body", body),
            "tokenlogin" => {
                self.write("tokenlogin_body", body);
                self.write(
                    "tokenlogin_query",
                    format!("{query}\n{}", sent.header("Accept")),
                );
            }
            _ => {
                let media = sent.header("Content-Type");
                self.write("memsource_call", format!("{query}\n{media}\n{body}"));
                for (name, value) in form_urlencoded::parse(query.as_bytes()) {
                    if name == "url" {
                        self.write("memsource_redirect", &*value);
                    }
                }
            }
        }
    }

    fn write(&mut self, target: &str, seed: impl AsRef<[u8]>) {
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(self.written.to_string()), seed).unwrap();
        self.written += 1;
    }
}

/// A request of a conversation.
struct Sent {
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Sent {
    fn parse(exchange: &Value) -> Self {
        let text = without_holes(exchange["send"].as_str().unwrap());
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let target = head.split_whitespace().nth(1).unwrap_or_default();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let headers = head.lines().filter_map(|line| line.split_once(": "));
        Self {
            query: query.to_owned(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: body.strip_suffix('\n').unwrap_or(body).to_owned(),
        }
    }

    fn header(&self, wanted: &str) -> &str {
        let found = self
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map_or("", |(_, value)| value)
    }
}

fn without_holes(text: &str) -> String {
    let mut pieces = text.split("{{");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (_, rest) = piece.split_once("}}").unwrap();
        filled.push_str(TOKEN);
        filled.push_str(rest);
    }
    filled
}
