//! Hashes that are refused, and the error messages.

use super::*;

const BCRYPT: &str = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

#[test]
fn weak_hashes_are_accepted_only_if_that_is_allowed() {
    for (hash, reason) in [
        (
            "$1$Eu.GHtia$CFkL/nE1BYTlEPiVx1VWX0",
            "MD5 crypt, which its author gave up in 2012",
        ),
        (
            "{SHA}at+xg6SiyUovktq1redipHiJpaE=",
            "one round of a fast digest",
        ),
        (
            "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
            "one round of a fast digest",
        ),
        (
            "{SSHA256}x1tymSTVjozxQ2PtT46ysrzhZxbcskK0o2f8hEFx7fAQQmhtDSEkJA==",
            "one round of a fast digest",
        ),
        (
            "900150983cd24fb0d6963f7d28e17f72",
            "one round of a fast digest",
        ),
        (
            "sha1$bcwHF9Hy8lxS$6b4cfa0651b43161c6f1471ce9523acf1f751ba3",
            "one round of a fast digest",
        ),
        (
            "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M",
            "PBKDF2 with fewer than 1000 iterations",
        ),
        (
            "$P$712345678WhEyvy1YWzT4647jzeOmo0",
            "phpass with fewer than 1000 rounds",
        ),
        (
            "$scrypt$ln=4,r=1,p=1$$d9ZXYjhleyA7GcpCwYoEl/FrSETjB0ro39/6P+3iFEI",
            "scrypt with less than 1 MiB to go through",
        ),
        (
            "$argon2i$v=19$m=256,t=1,p=1$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A",
            "argon2 with less than 1 MiB to go through",
        ),
    ] {
        assert_eq!(
            refusal(hash, STRICT),
            Some(HashError::Weak(reason)),
            "{hash}"
        );
        assert_eq!(refusal(hash, WEAK_ALLOWED), None, "{hash}");
    }
    for strong in [
        BCRYPT,
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
        "$P$B12345678L6Lpt4BxNotVIMILOa9u81",
        "$S$CFURCPa.k6FAEbJPgejaW4nijv7rYgGc4dUJtChQtV4KLJTPTC/u",
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
    ] {
        assert_eq!(refusal(strong, STRICT), None, "{strong}");
    }
}

#[test]
fn every_cost_has_a_limit_that_the_error_names() {
    let salt = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let argon2 = |costs: &str| format!("$argon2id$v=19${costs}${salt}");
    let scrypt = |costs: &str| format!("$scrypt${costs}${salt}");
    let sha256 = "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
    let phpass = "$P$O12345678L6Lpt4BxNotVIMILOa9u81";
    let long = "A".repeat(90);
    for (hash, refused) in [
        (BCRYPT.replace("$05$", "$17$"), "has a bcrypt cost above 16"),
        (
            format!("bcrypt_sha256${}", BCRYPT.replace("$05$", "$31$")),
            "has a bcrypt cost above 16",
        ),
        (
            argon2("m=262145,t=1,p=1"),
            "has an argon2 memory in KiB above 262144",
        ),
        (
            argon2("m=99999999999999999999,t=1,p=1"),
            "has an argon2 memory in KiB above 262144",
        ),
        (argon2("m=8,t=1025,p=1"), "has argon2 passes above 1024"),
        (argon2("m=1024,t=1,p=65"), "has argon2 lanes above 64"),
        (
            argon2("m=262144,t=5,p=1"),
            "has an argon2 memory in KiB, times passes, above 1048576",
        ),
        (
            scrypt("ln=19,r=8,p=1"),
            "has a scrypt memory in KiB above 262144",
        ),
        (
            scrypt("ln=99999,r=8,p=1"),
            "has a scrypt memory in KiB above 262144",
        ),
        (scrypt("ln=1,r=65,p=1"), "has a scrypt r above 64"),
        (scrypt("ln=1,r=8,p=65"), "has a scrypt p above 64"),
        (
            scrypt("ln=18,r=8,p=3"),
            "has a scrypt N, times r and p, above 4194304",
        ),
        (
            "scrypt$18446744073709551615$s$8$1$Qj3+9PPyRjSJIebHnG81".to_owned(),
            "has a scrypt memory in KiB above 262144",
        ),
        (
            format!("$pbkdf2-sha256$4000001${salt}"),
            "has PBKDF2 iterations above 4000000",
        ),
        (
            format!("$pbkdf2-sha1$2000001${salt}"),
            "has PBKDF2 iterations above 2000000",
        ),
        (
            "pbkdf2_sha256$4000001$s$5yPHw3rwJGECpUf70daLGhOrQ5+AMxIJdz1c3bqK1Rs=".to_owned(),
            "has PBKDF2 iterations above 4000000",
        ),
        (
            "AQAAAAH/////AAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw=="
                .to_owned(),
            "has PBKDF2 iterations above 4000000",
        ),
        (
            format!("$5$rounds=1000001$s${sha256}"),
            "has SHA crypt rounds above 1000000",
        ),
        (
            phpass.to_owned(),
            "has a binary logarithm of phpass rounds above 20",
        ),
        (
            format!("$pbkdf2-sha256$1000${long}${}", &long[..43]),
            "has a salt length in bytes above 64",
        ),
        (
            format!("$pbkdf2-sha256$1000$c2FsdA${long}"),
            "has an output length in bytes above 64",
        ),
        ("x".repeat(513), "has a length in bytes above 512"),
    ] {
        let said = refusal(&hash, WEAK_ALLOWED).map(|error| error.to_string());
        assert_eq!(said.as_deref(), Some(refused), "{hash}");
    }
}

#[test]
fn a_configured_bcrypt_cost_above_the_limit_raises_the_limit() {
    let costly = BCRYPT.replace("$05$", "$18$");
    let policy = |bcrypt_cost| Policy {
        bcrypt_cost,
        ..STRICT
    };
    assert!(refusal(&costly, policy(17)).is_some());
    assert_eq!(refusal(&costly, policy(18)), None);
}

#[test]
fn unknown_formats_are_distinguished_from_malformed_hashes() {
    for (hash, refused) in [
        ("", "is not a known password hash"),
        ("secret", "is not a known password hash"),
        ("$", "is not a known password hash"),
        ("$9$x", "is not a known password hash"),
        ("{X}abc", "is not a known password hash"),
        ("{SHA", "is not a known password hash"),
        ("!", "is not a known password hash"),
        ("U$", "is not a whole phpass hash"),
        (&BCRYPT[..59], "is not a whole bcrypt hash"),
        (
            "$2b$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "is not a whole bcrypt hash",
        ),
        (
            "$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$nf65",
            "is not a whole argon2 hash",
        ),
        (
            "$argon2id$v=18$m=256,t=2,p=1$c29tZXNhbHQ$nf65",
            "is not a whole argon2 hash",
        ),
        // passlib's test_handlers_pbkdf2.py has these as malformed.
        (
            "$pbkdf2$01212$THDqatpidANpadlLeTeOEg$HV3oi1k5C5LQCgG1BMOL.BX4YZc",
            "is not a whole PBKDF2 hash",
        ),
        (
            "$pbkdf2$$THDqatpidANpadlLeTeOEg$HV3oi1k5C5LQCgG1BMOL.BX4YZc",
            "is not a whole PBKDF2 hash",
        ),
        (
            "$pbkdf2$1212$THDqatpidANpadlLeTeOEg$HV3oi1k5C5LQCgG1BMOL.BX4YZc$",
            "is not a whole PBKDF2 hash",
        ),
        (
            "$pbkdf2-sha256$0$c2FsdA$VawEblLjCJ/sFpHCJUS2BfhBIV2xHd0Fbme67EnCIMo",
            "is not a whole PBKDF2 hash",
        ),
        // And test_handlers_scrypt.py these.
        (
            "$scrypt$ln=10,r=1$wvif8/4fg1Cq9V7L2dv73w$bJcLia1lyfQ1X2x0xflehwVXPzWIUQWWdnlGwfVzBeQ",
            "is not a whole scrypt hash",
        ),
        (
            "$scrypt$ln=0,r=1,p=1$wvif8/4fg1Cq9V7L2dv73w$bJcLia1lyfQ1X2x0xflehwVXPzWIUQWWdnlGwfVzBeQ",
            "is not a whole scrypt hash",
        ),
        (
            "$5$rounds=999$s$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
            "is not a whole SHA crypt hash",
        ),
        (
            "$1$dOHYPKoP$tnxS1T8Q6VVn3kpV8cN6o!",
            "is not a whole MD5 crypt hash",
        ),
        (
            "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r!L0",
            "is not a whole phpass hash",
        ),
        (
            "{SSHA}at+xg6SiyUovktq1redipHiJpaE=",
            "is not a whole LDAP hash",
        ),
        (
            "pbkdf2_sha256$10000$kjVJaVz6qsnJ",
            "is not a whole Django hash",
        ),
        // PasswordHasherTest.cs: "incorrect: too short".
        (
            "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4A=",
            "is not a whole ASP.NET Identity hash",
        ),
        (
            "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggE=",
            "is not a known password hash",
        ),
        (
            "{CRYPT}c2M87q...WWcU",
            "is DES crypt, which is not supported",
        ),
        (
            "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/",
            "is Apache's MD5 crypt, which is not supported",
        ),
        (
            "$argon2d$v=19$m=102400,t=2,p=8$g2RodLh8j8WbSdCp+lUy/A$zzAJqL/HSjm809PYQu6qkA",
            "is argon2d, which is not supported",
        ),
        ("$y$j9T$abc$def", "is yescrypt, which is not supported"),
    ] {
        let said = refusal(hash, WEAK_ALLOWED).map(|error| error.to_string());
        assert_eq!(said.as_deref(), Some(refused), "{hash}");
    }
}

#[test]
fn passwords_of_up_to_1024_bytes_are_accepted_except_by_bcrypt() {
    let read = |hash| Hash::parse(hash, WEAK_ALLOWED).ok().unwrap();
    let sha_crypt = read("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5");
    assert!(sha_crypt.accepts(&"x".repeat(1024)));
    assert!(!sha_crypt.accepts(&"x".repeat(1025)));
    assert!(!sha_crypt.accepts("a\0b"));
    assert!(read(BCRYPT).accepts(&"x".repeat(72)));
    assert!(!read(BCRYPT).accepts(&"x".repeat(73)));
}
