//! Every setting with an address accepts IPv6 addresses.

use crate::config::error_location::check;

#[test]
fn every_setting_with_an_address_takes_an_ipv6_address() {
    for (key, value) in [
        ("server.bind", "'[::1]:8080'"),
        ("server.bind", "'[::]:8080'"),
        ("server.public_url", "'https://[2001:db8::1]:8443'"),
        ("server.trusted_proxies", "['::1', '2001:db8::/32']"),
        ("management.bind", "'[::1]:8081'"),
        ("tokens.store", "'redis://[::1]:6379/0'"),
        ("tokens.store", "'rediss://user:password@[2001:db8::1]/0'"),
        (
            "tokens.store",
            "'redis+sentinel://[::1]:26379,[2001:db8::1]:26379/name'",
        ),
        ("tokens.store", "'redis+cluster://[::1]:7000,[::1]:7001'"),
        ("directory.url", "'postgres://user:password@[::1]:5432/d'"),
        ("directory.url", "'postgres://[::1],[2001:db8::1]/d'"),
        ("mail.transport", "'smtp://[::1]:2525'"),
        ("mail.transport", "'smtps://user:password@[2001:db8::1]'"),
        ("tracing.otlp_endpoint", "'http://[::1]:4318'"),
        ("jwt.issuer", "'https://[2001:db8::1]:8443'"),
        ("dialects.bimplus.portal_url", "'https://[2001:db8::1]/p'"),
        ("dialects.bimplus.team_link", "'https://[2001:db8::1]/t'"),
        ("dialects.bimplus.cors_origins", "['https://[2001:db8::1]']"),
        ("dialects.crmcom.second_factor_allow_from", "['fd00::/8']"),
        (
            "dialects.memsource.redirect_origins",
            "['https://[2001:db8::1]:8443']",
        ),
        (
            "dialects.memsource.default_redirect",
            "'https://[2001:db8::1]/web'",
        ),
        ("sunset.crmcom.link", "'https://[2001:db8::1]/retired'"),
        ("sunset.crmcom.cut_off", "[{ network = '2001:db8:1::/48' }]"),
    ] {
        let said = check(&format!("{key} = {value}"));
        assert_eq!((said.exit, &*said.err), (Some(0), ""), "{key} = {value}");
    }
}
