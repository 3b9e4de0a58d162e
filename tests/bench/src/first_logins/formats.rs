//! Hashes of other systems, all of one password.

/// Password of all users.
pub(super) const PASSWORD: &str = "first-demo";

/// A format of another system, with the usual cost there.
pub(super) struct Format {
    pub(super) name: &'static str,
    pub(super) hash: &'static str,
    /// Whether the hash is cheap relative to bcrypt, so that first logins must be as fast as later ones.
    pub(super) is_judged: bool,
}

/// Made with Python's `hashlib`.
pub(super) const FORMATS: [Format; 4] = [
    Format {
        name: "SSHA",
        hash: "{SSHA}zUEJVuOeM32UnHWdgtuuIf4K4n9pc29nbG9zcw==",
        is_judged: true,
    },
    Format {
        name: "phpass, 8192 rounds",
        hash: "$P$Bbench123OkCUm91.vwX4rkK1YIp5//",
        is_judged: true,
    },
    Format {
        name: "PBKDF2-SHA256, 29,000 iterations",
        hash: "$pbkdf2-sha256$29000$aXNvZ2xvc3MtYmVuY2gtMQ$Yn02elssQclBJiTVekk6Iq3AHRnDsFUTxvwapr35I2M",
        is_judged: true,
    },
    Format {
        name: "PBKDF2-SHA256, 600,000 iterations",
        hash: "$pbkdf2-sha256$600000$aXNvZ2xvc3MtYmVuY2gtMQ$BalTT02l6TK.PYWbjnS2W3eUzJSXxJm8SrKgl2ykzXE",
        is_judged: false,
    },
];
