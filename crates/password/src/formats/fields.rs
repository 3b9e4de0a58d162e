//! The parts of hash strings: numbers, named parameters, alphabets.

use std::sync::LazyLock;

use data_encoding::{BASE64_NOPAD, BitOrder, Encoding, Specification};

/// The alphabet of bcrypt.
pub(super) static BCRYPT64: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    alphabet(
        "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        BitOrder::MostSignificantFirst,
    )
});

/// The alphabet of all other crypts, which take the lowest bits first.
pub(super) static CRYPT64: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    alphabet(
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        BitOrder::LeastSignificantFirst,
    )
});

/// Creates a Base64 encoding with these symbols. Its decoder ignores trailing bits that belong to no byte, because
/// some programs wrote random ones. Returns `None` if the symbols form no encoding.
fn alphabet(symbols: &str, bit_order: BitOrder) -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str(symbols);
    specification.bit_order = bit_order;
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

/// Parses a decimal number without sign and leading zeros, so that each number has one spelling. A number that is
/// too large for `u64` becomes `u64::MAX`, which is above every limit. Returns `None` for other texts.
pub(super) fn parse_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Parses a text like `m=65536,t=2` and returns its numbers, in the order of `names`. Returns `None` unless the
/// text has exactly these names in this order, each with a number that [`parse_number`] accepts.
pub(super) fn parse_parameters<const N: usize>(text: &str, names: [&str; N]) -> Option<[u64; N]> {
    let mut fields = text.split(',');
    let mut values = [0; N];
    for (value, name) in values.iter_mut().zip(names) {
        let field = fields.next()?.strip_prefix(name)?;
        *value = parse_number(field.strip_prefix('=')?)?;
    }
    fields.next().is_none().then_some(values)
}

/// Splits a text at each `$` and returns the fields. Returns `None` unless there are exactly `N` of them.
pub(super) fn split_fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    let fields: Vec<_> = text.split('$').collect();
    fields.try_into().ok()
}

/// Decodes Base64 without padding, in the usual alphabet or in that of passlib, which has a dot instead of the
/// plus. Returns `None` for other texts.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    BASE64_NOPAD.decode(text.replace('.', "+").as_bytes()).ok()
}
