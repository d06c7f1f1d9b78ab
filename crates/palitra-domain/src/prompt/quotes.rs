//! Outer quotes of a text: which marks make a pair, and when the first and the last mark of a text belong together.

const PAIRS: [(char, char); 9] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('«', '»'),
    ('“', '”'),
    ('„', '“'),
    ('„', '”'),
    ('‘', '’'),
    ('‚', '‘'),
];

const FENCE: &str = "```";

/// The text inside its outer quotes, one layer, or the text itself. `"OPEN" and "CLOSED"` has no outer quotes.
pub(super) fn unwrap(text: &str) -> &str {
    if let Some(inside) = fenced(text) {
        return inside;
    }
    match closing(text) {
        Some((at, mark)) if at + mark.len_utf8() == text.len() => {
            &text[text.chars().next().map_or(0, char::len_utf8)..at]
        }
        _ => text,
    }
}

/// The quoted text a text begins with, when its closing mark ends a line; otherwise the whole text.
pub(super) fn quoted_start(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix(FENCE)
        && let Some(end) = rest.find(FENCE)
    {
        return fenced(&text[..FENCE.len() + end + FENCE.len()]).unwrap_or(text);
    }
    match closing(text) {
        Some((at, mark))
            if text[at + mark.len_utf8()..].lines().next().is_none_or(|rest| rest.trim().is_empty()) =>
        {
            &text[text.chars().next().map_or(0, char::len_utf8)..at]
        }
        _ => text,
    }
}

/// Inside of ```` ```lang … ``` ````.
fn fenced(text: &str) -> Option<&str> {
    let inside = text.strip_prefix(FENCE)?.strip_suffix(FENCE)?;
    if inside.contains(FENCE) {
        return None;
    }
    let language_is_alone = |line: &str| line.trim().chars().all(|c| c.is_ascii_alphanumeric());
    Some(match inside.split_once('\n') {
        Some((language, body)) if language_is_alone(language) => body,
        _ => inside,
    })
}

/// Where the quote that opens the text closes: the byte of the closing mark, and the mark.
///
/// Straight quotes do not say which way they look, so their neighbours do: a mark after a space opens, a mark after a letter
/// or at the end of a line closes, a mark between two letters is an apostrophe. Quotes may be nested. A stray mark (`the dogs'
/// bowl`) must not end the text early, so without a partner further on, the last mark closes.
fn closing(text: &str) -> Option<(usize, char)> {
    let first = text.chars().next()?;
    PAIRS.into_iter().filter(|(open, _)| *open == first).find_map(|pair| closing_of(text, pair))
}

fn closing_of(text: &str, (open, close): (char, char)) -> Option<(usize, char)> {
    let mut depth = 1_usize;
    let mut closed: Option<usize> = None;
    let mut previous = (open, Direction::Opens);
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, mark)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let direction = direction(previous, mark, next, (open, close));
        match direction {
            Direction::Opens if closed.is_some() => break,
            Direction::Opens => depth += 1,
            Direction::Closes if depth > 1 => depth -= 1,
            Direction::Closes => closed = Some(at),
            Direction::Neither => {}
        }
        previous = (mark, direction);
    }
    closed.map(|at| (at, close))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Opens,
    Closes,
    Neither,
}

/// Which way a letter looks; a run of marks looks the way its first one does.
fn direction(
    (previous, run): (char, Direction),
    mark: char,
    next: Option<char>,
    (open, close): (char, char),
) -> Direction {
    let is_mark = |c: char| c == open || c == close;
    let apostrophe = previous.is_alphanumeric() && next.is_some_and(char::is_alphanumeric);
    let after_gap = if is_mark(previous) {
        run == Direction::Opens
    } else {
        previous.is_whitespace() || matches!(previous, '(' | '[' | '{' | '-' | '—' | '–')
    };
    if !is_mark(mark) || apostrophe {
        Direction::Neither
    } else if mark == open && after_gap && next.is_some_and(|c| !c.is_whitespace()) {
        Direction::Opens
    } else if mark == close && (!previous.is_whitespace() || next.is_none_or(|c| c == '\n')) {
        Direction::Closes
    } else {
        Direction::Neither
    }
}
