//! Test vectors of formats that other systems composed of digests and key derivations.

use super::*;

#[test]
fn sha_crypt_of_both_widths() {
    // https://www.akkadia.org/drepper/SHA-crypt.txt
    match_their_passwords(&[
        (
            "Hello world!",
            "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        ),
        (
            "Hello world!",
            "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
        ),
        (
            "This is just a test",
            "$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5",
        ),
        (
            "a very much longer text to encrypt.  This one even stretches over morethan one line.",
            "$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1",
        ),
        (
            "the minimum number is still observed",
            "$5$rounds=1000$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC",
        ),
        (
            "Hello world!",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        ),
        (
            "Hello world!",
            "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
        ),
        (
            "This is just a test",
            "$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0",
        ),
        (
            "a very much longer text to encrypt.  This one even stretches over morethan one line.",
            "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1",
        ),
        (
            "the minimum number is still observed",
            "$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.",
        ),
    ]);
}

#[test]
fn md5_crypt_alone_and_in_ldap() {
    // test_handlers.py of passlib 1.7.4; the first ones are of John the Ripper 1.7.9.
    match_their_passwords(&[
        ("U*U*U*U*", "$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1"),
        ("U*U***U", "$1$dXc3I7Rw$94JPyQc/eAgQ3MFMCoMF.0"),
        ("", "$1$Eu.GHtia$CFkL/nE1BYTlEPiVx1VWX0"),
        (
            "4lpHa N|_|M3r1K W/ Cur5Es: #$%(*)(*%#",
            "$1$jQS7o98J$V6iTcr71CGgwW2laf17pi1",
        ),
        (TABLE, "$1$d6/Ky1lU$/xpf8m7ftmWLF.TjHCqel0"),
        ("test", "{CRYPT}$1$ec6XvcoW$ghEtNK2U1MC5l.Dwgi3020"),
        ("test", "{crypt}$1$SuMrG47N$ymvzYjr7QcEQjaK5m1PGx1"),
    ]);
}

#[test]
fn the_schemes_of_ldap() {
    // test_handlers.py of passlib 1.7.4.
    match_their_passwords(&[
        ("helloworld", "{MD5}/F4DjTilcDIIVEHn/nAQsA=="),
        ("helloworld", "{SHA}at+xg6SiyUovktq1redipHiJpaE="),
        (TABLE, "{SHA}4FmyYo46Pi3glWed6YIsHRRm4PA="),
        ("testing1234", "{SMD5}UjFY34os/pnZQ3oQOzjqGu4yeXE="),
        ("test", "{SMD5}FbAkzOMOxRbMp6Nn4hnZuel9j9Gas7a2lvI+x5hT6j0="),
        ("testing123", "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr"),
        ("test", "{SSHA}P90+qijSp8MJ1tN25j5o1PflUvlqjXHOGeOckw=="),
        (
            "password",
            "{SSHA256}x1tymSTVjozxQ2PtT46ysrzhZxbcskK0o2f8hEFx7fAQQmhtDSEkJA==",
        ),
        (
            "letm\u{e8}\u{ef}n",
            "{SSHA256}km7UjUTBZN8a+gf1ND2/qn15N7LsO/jmGYJXvyTfJKAbI0RoLWWslQ==",
        ),
        (
            "toomanysecrets",
            "{SSHA512}wExp4xjiCHS0zidJDC4UJq9EEeIebAQPJ1PWSwfhxWjfutI9XiiKuHm2AE41cEFfK+8HyI8bh+ztbczUGsvVFIgICWWPt7qu",
        ),
        (
            "password",
            "{SSHA512}f/lFQskkl7PdMsTGJxHZq8LDt/l+UqRMm6/pj4pV7/xZkcOaKCgvQqp+KCeXc/Vd4RY6vEHWn4y0DnFcQ6wgyv9fyxk=",
        ),
    ]);
}

#[test]
fn bare_digests_with_and_without_salt() {
    // RFC 1321, A.5, and FIPS 180-2, A.1.
    match_their_passwords(&[
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "F96B697D7CB7938D525A2F31AAF161D0"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ]);
    // https://hashcat.net/wiki/doku.php?id=example_hashes, modes 10, 20, 110 and 120.
    match_their_passwords(&[
        ("hashcat", "01dfae6e5d4d90d9892622325959afbe:7050461"),
        ("hashcat", "f0fda58630310a6dd91a7d8f0a4ceda2:4225637426"),
        ("hashcat", "2fc5a684737ce1bf7b3b239df432416e0dd07357:2014"),
        (
            "hashcat",
            "cac35ec206d868b7d7cb0b55f31d9425b075082b:5363620024",
        ),
    ]);
}

#[test]
fn aspnet_identity_of_both_versions() {
    // PasswordHasherTest.cs of ASP.NET Core, https://github.com/dotnet/aspnetcore
    match_their_passwords(&[
        (
            "my password",
            "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
        ),
        (
            "my password",
            "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M",
        ),
        (
            "my password",
            "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw==",
        ),
        (
            "my password",
            "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw",
        ),
        (
            "my password",
            "AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAfZ8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw==",
        ),
        (
            "my password",
            "AQAAAAIAACcQAAAAEAABAgMEBQYHCAkKCwwNDg9B0Oxwty+PGIDSp95gcCfzeDvA4sGapUIUov8usXfD6A==",
        ),
    ]);
    for wrong in [
        "AAABAgMEBQYHCAkKCwwNDg+uAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAALtH1uJg==",
        "AQAAAAAAAAD6AAAAEAhftMyfTJyAAAAAAAAAAAAAAAAAAAih5WsjXaR3PA9M",
    ] {
        assert!(!verifies(wrong, "my password"));
    }
}

#[test]
fn django_s_hashers() {
    // test_handlers_django.py of passlib 1.7.4, which checks them with Django itself.
    match_their_passwords(&[
        (
            "not a password",
            "pbkdf2_sha256$10000$kjVJaVz6qsnJ$5yPHw3rwJGECpUf70daLGhOrQ5+AMxIJdz1c3bqK1Rs=",
        ),
        (
            "not a password",
            "pbkdf2_sha1$10000$wz5B6WkasRoF$atJmJ1o+XfJxKq1+Nu1f1i57Z5I=",
        ),
        (
            TABLE,
            "pbkdf2_sha1$10000$KZKWwvqb8BfL$rw5pWsxJEU4JrZAQhHTCO+u0f5Y=",
        ),
        (
            "password",
            "argon2$argon2i$v=19$m=256,t=1,p=1$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A",
        ),
        (
            "l\u{e8}tmein",
            "argon2$argon2i$v=19$m=512,t=2,p=2$V25jN1l4UUJZWkR1$MxpA1BD2Gh7+D79gaAw6sQ",
        ),
        (
            "",
            "bcrypt$$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        ),
        (
            TABLE,
            "bcrypt$$2a$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG",
        ),
        (
            "",
            "bcrypt_sha256$$2a$06$/3OeRpbOf8/l6nPPRdZPp.nRiyYqPobEZGdNRBWihQhiFDh1ws1tu",
        ),
        (
            "l\u{e8}tmein",
            "bcrypt_sha256$$2a$08$NDjSAIcas.EcoxCRiArvT.MkNiPYVhrsrnJsRkLueZOoV1bsQqlmC",
        ),
        ("test", "md5$3OpqnFAHW5CT$54b29300675271049a1ebae07b395e20"),
        (
            "test",
            "sha1$bcwHF9Hy8lxS$6b4cfa0651b43161c6f1471ce9523acf1f751ba3",
        ),
    ]);
    let long = "abc123".repeat(12);
    match_their_passwords(&[
        (
            &long,
            "bcrypt_sha256$$2a$06$Tg/oYyZTyAf.Nb3qSgN61OySmyXA8FoY4PjGizjE1QSDfuL5MXNni",
        ),
        (
            &format!("{long}qwr"),
            "bcrypt_sha256$$2a$06$Tg/oYyZTyAf.Nb3qSgN61Ocy0BEz1RK6xslSNi8PlaLX2pe7x/KQG",
        ),
    ]);
    // tests/auth_tests/test_hashers.py of Django 4.0 and 5.1, test_scrypt and test_pbkdf2.
    match_their_passwords(&[(
        "l\u{e8}tmein",
        "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==",
    )]);
}

#[test]
fn phpass_and_drupal_7() {
    // test_handlers.py of passlib 1.7.4; the first is in phpass' own test.php.
    match_their_passwords(&[
        ("test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
        ("123456", "$H$9PE8jEklgZhgLmZl5.HYJAzfGCQtzi1"),
        ("JohnRipper", "$P$B12345678L6Lpt4BxNotVIMILOa9u81"),
        ("JohnRipper", "$P$612345678si5M0DDyPpmRCmcltU/YW/"),
        (TABLE, "$P$7SMy8VxnfsIy2Sxm7fJxDSdil.h7TW."),
    ]);
    // drupal7_fmt_plug.c of John the Ripper, then a hash that Drupal's own user_update_7000() made.
    match_their_passwords(&[
        (
            "virtualabc",
            "$S$CwkjgAKeSx2imSiN3SyBEg8e0sgE2QOx4a/VIfCHN0BZUNAWCr1X",
        ),
        (
            "password",
            "$S$CFURCPa.k6FAEbJPgejaW4nijv7rYgGc4dUJtChQtV4KLJTPTC/u",
        ),
        (
            "SimpleEasyPassword",
            "U$S$5I5Ht7YwxFRiMiJhBjyt42Ji2WRndX2dCx1jyktH92PeQp0xWdgi",
        ),
    ]);
}

#[test]
fn wordpress_since_6_8() {
    // Made with Python's hmac and base64 and the crypt(3) of libxcrypt, after wp_hash_password() of
    // wp-includes/pluggable.php in WordPress 6.8.
    match_their_passwords(&[
        (
            "test",
            "$wp$2y$05$abcdefghijklmnopqrstuu0gEBJUvPGHSOPEWF02FA26rvpRXOh6a",
        ),
        (
            "correct horse battery staple, and much more than seventy-two bytes of pass phrase",
            "$wp$2y$05$abcdefghijklmnopqrstuu9nGipxhUbNfd35BuGw68hqaV6ZkIfV6",
        ),
        (
            "pä55wörd",
            "$wp$2y$05$abcdefghijklmnopqrstuutxykW17Y8eyp2GflJNkFYANC4d7c6iS",
        ),
    ]);
    let hash = "$wp$2y$05$abcdefghijklmnopqrstuu0gEBJUvPGHSOPEWF02FA26rvpRXOh6a";
    assert!(verifies(hash, " test\n"), "WordPress trims passwords");
    assert!(Hash::parse(hash, STRICT).unwrap().is_current(12));
}

#[test]
fn aspnet_membership_of_each_algorithm() {
    // Made with Python's hashlib and hmac, after SqlMembershipProvider.EncodePassword() of .NET's
    // reference source.
    let vectors = [
        (
            "test",
            "$aspnet-membership$sha1$AAECAwQFBgcICQoLDA0ODw==$RXur15COz3Usax/YboX33NGvZvE=",
        ),
        (
            "test",
            "$aspnet-membership$sha256$AAECAwQFBgcICQoLDA0ODw==$nwli01R6I/TKeZuBH76EU5ijidTymai+J0Mfneb2Ub8=",
        ),
        (
            "test",
            "$aspnet-membership$hmacsha256$AAECAwQFBgcICQoLDA0ODw==$w8M9KbkclDOYzEnhfsI2Fb7vIIYgQHGPZlED3mNsAvE=",
        ),
        (
            "pä55wörd",
            "$aspnet-membership$sha1$AAECAwQFBgcICQoLDA0ODw==$hPe5Wk8hY7uNzsVyPQgzuUHliUw=",
        ),
        (
            "pä55wörd",
            "$aspnet-membership$hmacsha256$AAECAwQFBgcICQoLDA0ODw==$VUZ0QaleS/E7WhYiJjbWb9iN3GReiJ63WuUgFBN72Sg=",
        ),
    ];
    match_their_passwords(&vectors);
    for (_, hash) in vectors {
        assert!(matches!(refusal(hash, STRICT), Some(HashError::Weak(_))));
    }
}
