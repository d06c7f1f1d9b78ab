//! The text before it is spoken: without what a speaker would take for commands, in parts of bounded length.

/// Characters of a part at most, unless one word is longer.
const PART: usize = 500;

/// Without control characters (espeak-ng reads commands after U+0001) and square brackets (`[[` begins phonemes there).
pub(super) fn plain(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.replace('[', "(").replace(']', ")").trim().to_owned()
}

/// Whole sentences together up to [`PART`] characters; a longer sentence is cut between words, a longer word anywhere.
pub(super) fn parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    for piece in sentences(text).iter().flat_map(|sentence| pieces(sentence)) {
        if part.chars().count() + piece.chars().count() > PART {
            parts.push(std::mem::take(&mut part));
        }
        part.push_str(&piece);
    }
    parts.push(part);
    parts.retain(|part| part.chars().any(char::is_alphanumeric));
    parts
}

/// Sentences with the space that follows them; joined they are the text.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut ended = false;
    for (at, c) in text.char_indices() {
        if ended && !c.is_whitespace() {
            sentences.push(&text[start..at]);
            start = at;
            ended = false;
        }
        let before = text[start..at].chars().next_back();
        ended |= c.is_whitespace() && before.is_some_and(|c| matches!(c, '.' | '!' | '?' | '…' | '。'));
    }
    sentences.push(&text[start..]);
    sentences
}

fn pieces(sentence: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut length = 0;
    for word in sentence.split_inclusive(char::is_whitespace) {
        let word: Vec<char> = word.chars().collect();
        for word in word.chunks(PART) {
            if length + word.len() > PART {
                pieces.push(String::new());
                length = 0;
            }
            length += word.len();
            if let Some(piece) = pieces.last_mut() {
                piece.extend(word);
            }
        }
    }
    pieces
}
