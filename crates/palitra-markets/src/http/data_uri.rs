//! Files that came inside an answer: `data:` addresses and bare base64.

use base64::{
    Engine, alphabet, engine::DecodePaddingMode, engine::GeneralPurpose, engine::GeneralPurposeConfig,
};
use bytes::Bytes;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of `data:…;base64,…`; `None` for every other link. The media type is not looked at: content decides.
pub(crate) fn decode(link: &str) -> Option<Bytes> {
    let (head, data) = link.strip_prefix("data:")?.split_once(',')?;
    if !head.to_ascii_lowercase().ends_with(";base64") {
        return None;
    }
    decode_base64(data)
}

/// With padding or without.
pub(crate) fn decode_base64(data: &str) -> Option<Bytes> {
    BASE64.decode(data.trim()).ok().map(Bytes::from)
}
