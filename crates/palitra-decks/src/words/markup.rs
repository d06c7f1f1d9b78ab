//! HTML of fields to plain text and back: as much of it as Anki's editor writes.

/// Who reads the text of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Person,
    /// Anki, when it compares and sorts notes.
    Checksum,
}

/// The text of a field: tags gone, `<br>` and blocks are line ends, entities read, sounds and styles gone.
pub(crate) fn text(html: &str) -> String {
    read(html, Reader::Person)
}

/// The text that Anki compares and sorts by: tags gone, the names of pictures kept between spaces, sounds kept (`rslib/src/text.rs`,
/// `strip_html_preserving_media_filenames`).
pub(crate) fn text_as_anki_compares(html: &str) -> String {
    read(html, Reader::Checksum)
}

fn read(html: &str, reader: Reader) -> String {
    let mut text = String::with_capacity(html.len());
    // Behind these nothing can close any more: one look for all, else a field of brackets takes its square in time.
    let (last_tag, last_sound) = (html.rfind('>'), html.rfind(']'));
    let mut at = 0;
    while let Some(found) = html[at..].find(['<', '&', '[']) {
        text.push_str(&html[at..at + found]);
        at += found;
        let rest = &html[at..];
        let closes = |last: Option<usize>| last.is_some_and(|last| last > at);
        let (words, length) = match rest.as_bytes()[0] {
            b'<' if closes(last_tag) => tag(rest, reader),
            b'&' => entity(rest),
            b'[' if closes(last_sound) && reader == Reader::Person => sound(rest),
            _ => (rest[..1].to_owned(), 1),
        };
        text.push_str(&words);
        at += length;
    }
    text.push_str(&html[at..]);
    text
}

/// What stands for a tag, and its bytes. A `<` that opens none stands for itself.
fn tag(html: &str, reader: Reader) -> (String, usize) {
    let Some(end) = html.find('>') else { return ("<".to_owned(), 1) };
    if html.starts_with("<!--") {
        let length = html.find("-->").map_or(html.len(), |end| end + 3);
        return (String::new(), length);
    }
    let mark = html[1..].strip_prefix('/').unwrap_or(&html[1..]);
    let name: String =
        mark.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) && reader == Reader::Person {
        return ("<".to_owned(), 1);
    }
    if matches!(name.as_str(), "style" | "script") && !html.starts_with("</") {
        let close = format!("</{name}");
        let closed = crate::text::find_ignoring_case(&html[end..], &close).map(|at| at + end);
        let length = closed.and_then(|at| html[at..].find('>').map(|end| at + end + 1)).unwrap_or(html.len());
        return (String::new(), length);
    }
    let words = match (reader, name.as_str()) {
        (Reader::Person, "br" | "div" | "p" | "li" | "tr" | "hr" | "ul" | "ol" | "table") => "\n".to_owned(),
        (Reader::Checksum, "img") => source(&html[..end]).map(|name| format!(" {name} ")).unwrap_or_default(),
        _ => String::new(),
    };
    (words, end + 1)
}

/// The file that a picture shows.
fn source(tag: &str) -> Option<&str> {
    let at = crate::text::find_ignoring_case(tag, "src=")? + "src=".len();
    let value = &tag[at..];
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next(),
        _ => value.split([' ', '/']).next(),
    }
}

/// How far from its beginning a gap is looked for the end, in bytes.
const GAP_BYTES_MAX: usize = 2_000;

/// `{{c1::word::hint}}` is `word`.
pub(crate) fn without_cloze(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{c") {
        plain.push_str(before);
        let Some((words, left)) = gap(after) else {
            plain.push_str("{{c");
            rest = after;
            continue;
        };
        plain.push_str(words);
        rest = left;
    }
    plain.push_str(rest);
    plain
}

/// What is asked for in `1::word::hint}}…`, and what follows.
fn gap(text: &str) -> Option<(&str, &str)> {
    let words = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if words.len() == text.len() {
        return None;
    }
    let words = words.strip_prefix("::")?;
    let near = &words.as_bytes()[..words.len().min(GAP_BYTES_MAX)];
    let end = near.windows(2).position(|pair| pair == b"}}")?;
    let (inner, left) = (&words[..end], &words[end + 2..]);
    Some((inner.split_once("::").map_or(inner, |(words, _)| words), left))
}

fn entity(html: &str) -> (String, usize) {
    let kept = ("&".to_owned(), 1);
    let Some(end) = html.bytes().take(12).position(|byte| byte == b';') else { return kept };
    let name = &html[1..end];
    let number = |digits: &str, radix: u32| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let found = match name {
        "nbsp" => Some(' '),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#') {
            Some(hex) if hex.starts_with(['x', 'X']) => number(&hex[1..], 16),
            Some(digits) => number(digits, 10),
            None => None,
        },
    };
    found.map_or(kept, |character| (character.to_string(), end + 1))
}

fn sound(html: &str) -> (String, usize) {
    match html.starts_with("[sound:").then(|| html.find(']')).flatten() {
        Some(end) => (String::new(), end + 1),
        None => ("[".to_owned(), 1),
    }
}

/// Text as a field shows it: nothing of it is markup, lines are lines.
pub(crate) fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>"),
            '\r' => {}
            other => html.push(other),
        }
    }
    html
}
