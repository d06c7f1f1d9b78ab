//! Our XMP packet: the mark of a model's work and the recipe (ISO 16684-1; IPTC Photo Metadata, "Digital Source Type").

use std::borrow::Cow;

/// By this a packet is known as ours.
const TOOLKIT: &str = "x:xmptk=\"Palitra\"";
/// By this a WebP is known to have had no extended header.
const WRAPPED: &str = "palitra:wrapped=\"1\"";
const DESCRIPTION: (&str, &str) = ("<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">", "</rdf:li>");

/// A packet.
pub(super) fn packet(recipe: Option<&str>, wrapped: bool) -> String {
    let recipe = recipe.map_or(String::new(), |recipe| {
        format!("{}{}{}</rdf:Alt></dc:description>", DESCRIPTION.0, escaped(recipe), DESCRIPTION.1)
    });
    let wrapped = if wrapped {
        format!(" xmlns:palitra=\"https://ns.palitra.invalid/1/\" {WRAPPED}")
    } else {
        String::new()
    };
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\" {TOOLKIT}>\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\"{wrapped} \
         Iptc4xmpExt:DigitalSourceType=\"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\">\
         {recipe}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>"
    )
}

pub(super) fn is_ours(packet: &[u8]) -> bool {
    contains(packet, TOOLKIT)
}

pub(super) fn is_wrapped(packet: &[u8]) -> bool {
    is_ours(packet) && contains(packet, WRAPPED)
}

/// The recipe in a packet of ours.
pub(super) fn recipe(packet: &[u8]) -> Option<String> {
    let packet = std::str::from_utf8(packet).ok().filter(|packet| is_ours(packet.as_bytes()))?;
    let (_, text) = packet.split_once(DESCRIPTION.0)?;
    let (text, _) = text.split_once(DESCRIPTION.1)?;
    Some(ESCAPES.iter().rev().fold(text.to_owned(), |text, (char, escape)| text.replace(escape, char)))
}

/// The first one is the escapes' own first letter: escaped first, unescaped last.
const ESCAPES: [(&str, &str); 5] =
    [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"), ("\n", "&#10;")];

/// Characters that XML 1.0 cannot hold are left out.
fn escaped(text: &str) -> String {
    let allowed = |char: &char| !matches!(char, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    let text: String = text.chars().filter(allowed).collect();
    ESCAPES
        .iter()
        .fold(Cow::Owned(text), |text: Cow<'_, str>, (char, escape)| Cow::Owned(text.replace(char, escape)))
        .into_owned()
}

fn contains(packet: &[u8], text: &str) -> bool {
    packet.windows(text.len()).any(|bytes| bytes == text.as_bytes())
}
