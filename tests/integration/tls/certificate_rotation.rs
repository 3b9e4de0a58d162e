//! Certificates that change while connections are open.

use crate::tls::certificate_pair::{Files, Pair};
use crate::tls::client::Client;
use crate::tls::start;

const TAKEN: &str = "took the new certificate";
const REFUSED: &str = "the new certificate cannot be used, the old one stays";

#[test]
fn a_new_certificate_is_taken_when_its_files_change_and_connections_go_on() {
    let (old, new) = (Pair::make(), Pair::make());
    let files = Files::with(&old);
    let gateway = start(&files);
    let mut kept = Client::connect(gateway.public(), &old).unwrap();
    assert_eq!(kept.get("/v2/authorize").unwrap().status, 401);
    files.write(&new);
    assert!(gateway.logs(TAKEN));
    let mut fresh = Client::connect(gateway.public(), &new).unwrap();
    assert_eq!(fresh.certificate(), new.certificate());
    assert_eq!(fresh.get("/v2/authorize").unwrap().status, 401);
    assert!(Client::connect(gateway.public(), &old).is_err());
    assert_eq!(kept.certificate(), old.certificate());
    assert_eq!(kept.get("/v2/authorize").unwrap().status, 401);
}

#[test]
fn a_new_certificate_is_taken_on_sighup_and_connections_go_on() {
    let (old, new) = (Pair::make(), Pair::make());
    let files = Files::with(&old);
    let gateway = start(&files);
    let mut kept = Client::connect(gateway.public(), &old).unwrap();
    assert_eq!(kept.get("/v2/authorize").unwrap().status, 401);
    files.write(&new);
    gateway.hang_up().unwrap();
    assert!(gateway.logs("the configuration is reloaded"));
    let fresh = Client::connect(gateway.public(), &new).unwrap();
    assert_eq!(fresh.certificate(), new.certificate());
    assert_eq!(kept.get("/v2/authorize").unwrap().status, 401);
}

#[test]
fn a_pair_that_does_not_fit_is_refused_once_and_the_old_one_stays() {
    let (old, new) = (Pair::make(), Pair::make());
    let files = Files::with(&old);
    let gateway = start(&files);
    files.put("certificate.pem", &new.certificate);
    assert!(gateway.logs(REFUSED));
    Client::connect(gateway.public(), &old).unwrap();
    assert!(gateway.logs("is not the key of"));
    assert!(!gateway.log().join("\n").contains("PRIVATE"));

    gateway.hang_up().unwrap();
    assert!(gateway.logs("the configuration is not reloaded"));
    Client::connect(gateway.public(), &old).unwrap();

    // Reported once, and not again when the rest arrives.
    files.put("key.pem", &new.key);
    assert!(gateway.logs(TAKEN));
    Client::connect(gateway.public(), &new).unwrap();
    let log = gateway.log();
    let count = log.iter().filter(|line| line.contains(REFUSED)).count();
    assert_eq!(count, 1, "{log:#?}");
}
