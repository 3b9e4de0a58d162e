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

/// Creates an encoding that ignores trailing bits which belong to no byte: some writers left random ones there.
fn alphabet(symbols: &str, bit_order: BitOrder) -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str(symbols);
    specification.bit_order = bit_order;
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

/// Parses a number without sign and leading zeros: each number has one spelling. A number that is too large
/// becomes the largest, which is above every limit.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Parses the values of `m=65536,t=2`, which must have these names in this order.
pub(super) fn parameters<const N: usize>(text: &str, names: [&str; N]) -> Option<[u64; N]> {
    let mut fields = text.split(',');
    let mut values = [0; N];
    for (value, name) in values.iter_mut().zip(names) {
        let field = fields.next()?.strip_prefix(name)?;
        *value = number(field.strip_prefix('=')?)?;
    }
    fields.next().is_none().then_some(values)
}

/// Returns the fields between a string's `$`. `None` unless there are exactly `N`.
pub(super) fn fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    let fields: Vec<_> = text.split('$').collect();
    fields.try_into().ok()
}

/// Decodes Base64 without padding, in the usual alphabet or in passlib's, which has a dot instead of the plus.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64_NOPAD.decode(text.replace('.', "+").as_bytes()).ok()
}
