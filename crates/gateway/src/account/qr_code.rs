//! The QR code of a second factor, as the address of a picture.

use data_encoding::BASE64;
use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};

/// The minimum width and height in pixels.
const SIZE: u32 = 220;

/// Returns a `data:` URL with the QR code of a text as SVG, dark on light. `None` if the text is too long for a QR code: the
/// user then types the secret.
pub(super) fn data_url(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let picture = code
        .render::<Color<'_>>()
        .min_dimensions(SIZE, SIZE)
        .build();
    let encoded = BASE64.encode(picture.as_bytes());
    Some(format!("data:image/svg+xml;base64,{encoded}"))
}
