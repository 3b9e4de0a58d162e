//! The header `Authorization` in the three dialects that read it.
#![no_main]

use actix_web::http::header::HeaderValue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return;
    };
    let bimplus = isogloss_bimplus::fuzzing::authorization(value.clone());
    let crmcom = isogloss_crmcom::fuzzing::authorization(value.clone());
    // Two dialects read `Bearer`: they tell their tokens apart.
    let memsource = isogloss_memsource::fuzzing::authorization(value);
    let memsource = memsource.and_then(|text| isogloss_memsource::fuzzing::token(&text));
    let many = [bimplus.is_some(), crmcom.is_some(), memsource.is_some()];
    let many = many.into_iter().filter(|read| *read);
    assert!(many.count() <= 1, "one header for two dialects");

    if let Some(digits) = bimplus {
        for spelling in [
            format!("BimPlus {digits}"),
            format!("bearer  {}", digits.to_uppercase()),
        ] {
            let value = HeaderValue::from_str(&spelling).unwrap();
            assert_eq!(
                isogloss_bimplus::fuzzing::authorization(value),
                Some(digits.clone())
            );
        }
    }
    if let Some(key) = crmcom {
        assert!(!key.is_empty() && !key.contains(':'));
    }
});
