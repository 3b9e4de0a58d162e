//! Where Memsource's `authByToken` sends a browser.
#![no_main]

use actix_web::http::header::HeaderValue;
use isogloss_memsource::fuzzing::redirect;
use libfuzzer_sys::fuzz_target;
use url::Url;

const HERE: &str = "https://gateway.example/web/login/authByToken?token=x";
const ALLOWED: &str = "https://app.example.com";

fuzz_target!(|url: &str| {
    let Some(target) = redirect(url, ALLOWED) else {
        return;
    };
    assert!(HeaderValue::from_str(&target).is_ok_and(|value| value.to_str().is_ok()));
    // Wherever it leads is here or allowed, also for a browser that reads `\` as `/`.
    let here = Url::parse(HERE).unwrap();
    let led = here.join(&target).expect("an address that leads somewhere");
    let allowed = Url::parse(ALLOWED).unwrap();
    assert!(led.origin() == here.origin() || led.origin() == allowed.origin());
    assert!(led.username().is_empty() && led.password().is_none());
    // It is no further redirected.
    assert_eq!(redirect(&target, ALLOWED), Some(target));
});
