//! `data:` addresses: files that came inside an answer.

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
    BASE64.decode(data.trim()).ok().map(Bytes::from)
}
