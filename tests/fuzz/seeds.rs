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
language = "de-AT"
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
/// Refused, by an error that must not contain the secret.
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
/// Salts and hashes, each followed by its password or by another one.
const LANES: [&[u8]; 6] = [
    b"0123456789abcdef\nU*U",
    b"\nsalted with nothing\n\xff\nanother\nof three\nU*U\nof four\nU*V\nfive\n",
    b"a NUL\na\0b\nis a byte\na\ntwice\na\0a\nthe end\na\0",
    b"72 bytes\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567\n\
    and one\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567x",
    b"$2b$04$CCCCCCCCCCCCCCCCCCCCC.K7Qr0se1MxuggH4aP4YgB.U2Em1pGSK\nU*U\n\
    $2x$04$CCCCCCCCCCCCCCCCCCCCC.K7Qr0se1MxuggH4aP4YgB.U2Em1pGSK\nU*V",
    b"$2b$04$CCCCCCCCCCCCCCCCCCCCC/K7Qr0se1MxuggH4aP4YgB.U2Em1pGSK\nU*U\n\
    $2b$04$CCCCCCCCCCCCCCCCCCCCC.K7Qr0se1MxuggH4aP4YgB.U2Em1pGS\nU*U\nsound\nU*U",
];
/// Stored records of both versions: of a plain token, and of one that has everything.
const RECORDS: [&[u8]; 4] = [
    b"\x01\x04here\x10\0\x11\x223DUfw\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x06\0\x01\x03one\0\0\0\0\0\0\
    \0\x80\x98\xd2\xdf\xbfh\x80\x98\xd2\xdf\xbfh\x80\xe8\x8d\xfb\xbfh\0",
    b"\x01\x04here\x10\0\x11\x223DUfw\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x06\0\x01$0106c8ba-ad46-7c08\
    -e26f-026852cb7525\x01\x200106c8baad467c08e26f026852cb7525\x01\x20EE63A82C4FEBE02FF34E90DD1E\
    BA5ABE\x01\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\
    \x02\x02\x02\x02\x02\x02\x01\x01\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\
    \x03\x01\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x01\xe0\xd4\x03\x01\
    \x80\xe8\x8d\xfb\xbfh\x80\x98\xd2\xdf\xbfh\x98\x90\xd2\xdf\xbfh\x82\xd2\x89\xe3\xbfh\x01\x01\
    \x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x01\x01\x0d\x01\x06A\x20tea\
    m\x01$0106C8BA-AD46-7C08-E26F-026852CB7525",
    b"\x02\x04here\0\x11\x223DUfw\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x06\0\x01\x03one\0\x80\x98\xd2\
    \xdf\xbfh\0\x80\xd0\xbb\x1b\0",
    b"\x02\x04here\0\x11\x223DUfw\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x06\0\x02\x01\x06\xc8\xba\xadF|\
    \x08\xe2o\x02hR\xcbu%\x04\x01\x06\xc8\xba\xadF|\x08\xe2o\x02hR\xcbu%\x80\x98\xd2\xdf\xbfh\
    \xe7\x07\x82\xba\xb7\x03\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x0d\x01\x02\x02\x02\
    \x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x01\x01\x03\x03\x03\x03\x03\x03\x03\x03\
    \x03\x03\x03\x03\x03\x03\x03\x03\x01\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\x04\
    \x04\x04\x01\xe0\xd4\x03\x01\x80\xe8\x8d\xfb\xbfh\x01\x01\x05\x05\x05\x05\x05\x05\x05\x05\
    \x05\x05\x05\x05\x05\x05\x05\x05\x01\x05\xeec\xa8,O\xeb\xe0/\xf3N\x90\xdd\x1e\xbaZ\xbe\x01\
    \x06A\x20team\x03\x01\x06\xc8\xba\xadF|\x08\xe2o\x02hR\xcbu%",
];

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
    for record in RECORDS {
        seeds.write("stored_record", record);
    }
    for tries in LANES {
        seeds.write("bcrypt_lanes", tries);
    }
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
            "crmcom" => {
                self.write("crmcom_body", body);
                let media = sent.header("Content-Type");
                self.write("token_search", format!("{media}\n{body}"));
            }
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
                self.write("token_search", format!("{media}\n{body}"));
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
