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
/// One of each format, with its password. They are of the documents that core's tests cite, cheap ones
/// where those have some.
const HASHES: [(&str, &str); 20] = [
    (
        "U*U",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ),
    (
        "\u{451}",
        "$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS",
    ),
    (
        "password",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    ),
    (
        "password",
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ),
    (
        "passwd",
        "$pbkdf2-sha256$1$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw",
    ),
    (
        "password",
        "$pbkdf2-sha1$i=4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE",
    ),
    (
        "nacl",
        "$scrypt$ln=1,r=4,p=2$yhnD+J+Tci4lZCwFgHCuVQ$fAsEWmxSHuC0cHKMwKVFPzrQukgvK09Sj+NueTSxKds",
    ),
    (
        "pleaseletmein",
        "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
    ),
    (
        "the minimum number is still observed",
        "$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC",
    ),
    (
        "Hello world!",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ),
    ("U*U*U*U*", "$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1"),
    ("JohnRipper", "$P$612345678si5M0DDyPpmRCmcltU/YW/"),
    (
        "SimpleEasyPassword",
        "U$S$5I5Ht7YwxFRiMiJhBjyt42Ji2WRndX2dCx1jyktH92PeQp0xWdgi",
    ),
    ("testing123", "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr"),
    ("test", "{CRYPT}$1$ec6XvcoW$ghEtNK2U1MC5l.Dwgi3020"),
    ("hashcat", "01dfae6e5d4d90d9892622325959afbe:7050461"),
    (
        "my password",
        "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M",
    ),
    (
        "not a password",
        "pbkdf2_sha1$10000$wz5B6WkasRoF$atJmJ1o+XfJxKq1+Nu1f1i57Z5I=",
    ),
    (
        "password",
        "argon2$argon2i$v=19$m=256,t=1,p=1$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A",
    ),
    (
        "",
        "bcrypt_sha256$$2a$06$/3OeRpbOf8/l6nPPRdZPp.nRiyYqPobEZGdNRBWihQhiFDh1ws1tu",
    ),
];
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
    for (password, hash) in HASHES {
        seeds.write("password_hash", format!("{hash}\n{password}"));
    }
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
