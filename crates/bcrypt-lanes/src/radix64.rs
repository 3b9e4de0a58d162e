//! Base 64 in bcrypt's own alphabet.

const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What stands for no six bits.
const NONE: u8 = 0xff;

/// The six bits of each character.
const BITS: [u8; 256] = {
    let mut bits = [NONE; 256];
    let mut value = 0;
    while value < 64 {
        bits[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    bits
};

/// Decodes exactly `BYTES` bytes. `None` if the text has another length, if a character is not of the alphabet, or
/// if the last character has bits that belong to no byte.
pub(crate) fn decode<const BYTES: usize>(text: &[u8]) -> Option<[u8; BYTES]> {
    if text.len() != (8 * BYTES).div_ceil(6) {
        return None;
    }
    let mut bytes = [0; BYTES];
    let mut room = bytes.iter_mut();
    let (mut bits, mut held) = (0_u16, 0);
    for character in text {
        let six = BITS[usize::from(*character)];
        if six == NONE {
            return None;
        }
        bits = (bits << 6) | u16::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            let [_, byte] = (bits >> held).to_be_bytes();
            *room.next()? = byte;
        }
        bits &= (1 << held) - 1;
    }
    (bits == 0).then_some(bytes)
}

/// Encodes bytes, the highest bits first and without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let groups = bytes.chunks(3).flat_map(|group| {
        let bits = group
            .iter()
            .fold(0, |bits, byte| (bits << 8) | usize::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        let shifts = [18, 12, 6, 0].into_iter().take(group.len() + 1);
        shifts.map(move |shift| char::from(ALPHABET[(bits >> shift) % 64]))
    });
    groups.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_become_bytes_from_the_highest_bit_on() {
        assert_eq!(decode(b".."), Some([0]));
        assert_eq!(decode(b"9999"), Some([0xff; 3]));
        assert_eq!(decode(b"/.9u"), Some([0x04, 0x0f, 0xf0]));
        assert_eq!(decode(b""), Some([]));
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        assert_eq!(encode(&[]), "");
        for byte in 0..=u8::MAX {
            let (salt, output) = ([byte; 16], [byte; 23]);
            assert_eq!(decode(encode(&salt).as_bytes()), Some(salt));
            assert_eq!(decode(encode(&output).as_bytes()), Some(output));
        }
    }

    #[test]
    fn nothing_is_made_up_and_nothing_left_over() {
        assert_eq!(decode::<1>(b"./"), None);
        assert_eq!(decode::<1>(b"."), None);
        assert_eq!(decode::<1>(b"..."), None);
        for stranger in [b"=.", b"-.", b"\xff.", b"\0."] {
            assert_eq!(decode::<1>(stranger), None);
        }
    }
}
