//! Prompt rules: what of a full prompt goes to a picture model (S0-01…S0-08).
//!
//! A *full prompt* is what an author or a language model wrote: slide number, content, labels, quotes, Russian and English
//! lines. [`clean_prompt`] keeps the English instruction alone. Whether a model needs it is decided by the caller (R-09), and
//! so is what an empty result means: an item error, never an empty call (S0-08). Nothing is translated here.

pub mod extended;
mod labels;
mod quotes;
pub mod retouch;
#[cfg(test)]
mod tests;
pub mod writing;

use unicode_script::{Script, UnicodeScript};

pub use labels::Label;

/// How deep quotes and labels may be nested before the text is taken for no instruction at all. People nest two
/// (`"Prompt: «…»"`); the bound keeps hostile input linear.
const LAYERS_MAX: usize = 16;

/// The English instruction of a full prompt; empty when there is none.
///
/// 1. Outer quotes of every kind go, inner quotes stay (S0-06).
/// 2. With a prompt label (`DALL-E Prompt:`) everything before it goes and the label too; the text after it on the same line
///    stays (S0-05). Without a label the whole text is the instruction.
/// 3. `Слайд N:` and `Slide N:` lines go (S0-03). So do `Содержание:` and `Content:` with their body, whatever language it
///    is in (S0-04): the body ends at the next label, or, when no prompt label follows, at the blank line after it.
/// 4. Lines with a Cyrillic letter go (S0-02), and so do Markdown rules and code fences, which are no words.
/// 5. The lines that are left keep their order and stay lines, joined by `\n`, without blank ones (S0-07): a prompt of one
///    line passes unchanged.
///
/// The steps are repeated until nothing changes, so cleaning twice equals cleaning once.
pub fn clean_prompt(full: &str) -> String {
    let mut text = full.to_owned();
    for _ in 0..LAYERS_MAX {
        let next = clean_once(&text);
        if next == text {
            return text;
        }
        text = next;
    }
    String::new()
}

/// Whether the text has a letter of the Cyrillic script (`\p{Cyrillic}`).
pub fn has_cyrillic(text: &str) -> bool {
    text.chars().any(|letter| letter.script() == Script::Cyrillic)
}

/// The prompt an author wrote ready: what follows the first prompt label of `text`, without outer quotes, Russian lines kept.
///
/// It ends where its quotes close, at the next `Слайд N:` or `Содержание:`, or with the text. `None` without a label or with
/// nothing after it.
pub fn ready_prompt(text: &str) -> Option<String> {
    let mut lines = text.lines();
    let first = lines.find_map(|line| match Label::of(line) {
        Some(Label::Prompt { rest }) => Some(rest),
        _ => None,
    })?;
    let rest = lines
        .take_while(|line| !matches!(Label::of(line), Some(Label::Slide { .. } | Label::Content { .. })));
    let lines: Vec<&str> = std::iter::once(first).chain(rest).map(str::trim).collect();
    let joined = lines.join("\n");
    let prompt = quotes::quoted_start(joined.trim()).trim();
    (!prompt.is_empty()).then(|| prompt.to_owned())
}

fn clean_once(text: &str) -> String {
    let lines: Vec<&str> = quotes::unwrap(text.trim()).lines().map(str::trim).collect();
    let last_prompt_label =
        lines.iter().rposition(|line| matches!(Label::of(line), Some(Label::Prompt { .. })));
    let mut kept: Vec<&str> = Vec::new();
    let mut body = Body::Outside;
    let mut labelled = false;
    for (at, line) in lines.iter().copied().enumerate() {
        let instruction = match Label::of(line) {
            Some(Label::Slide { .. }) => {
                body = Body::Outside;
                continue;
            }
            Some(Label::Content { rest }) => {
                body = if rest.is_empty() { Body::Announced } else { Body::Inside };
                continue;
            }
            Some(Label::Prompt { rest }) => {
                if !labelled {
                    kept.clear();
                }
                labelled = true;
                body = Body::Outside;
                rest
            }
            None if line.is_empty() => {
                if body == Body::Inside && last_prompt_label.is_none_or(|label| label < at) {
                    body = Body::Outside;
                }
                continue;
            }
            None if body != Body::Outside => {
                body = Body::Inside;
                continue;
            }
            None => line,
        };
        if !(instruction.is_empty() || is_structure(instruction) || has_cyrillic(instruction)) {
            kept.push(instruction);
        }
    }
    quotes::unwrap(&kept.join("\n")).trim().to_owned()
}

/// Where a line stands relative to the body of `Содержание:`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Outside,
    /// After the label, before the body's first line: blank lines here do not end it.
    Announced,
    Inside,
}

/// A Markdown rule (`---`, `***`, `___`) or a code fence with its language.
fn is_structure(line: &str) -> bool {
    let rule = ['-', '*', '_'].into_iter().any(|mark| line.len() >= 3 && line.chars().all(|c| c == mark));
    let fence = line.strip_prefix("```").map(|rest| rest.trim_start_matches('`'));
    rule || fence.is_some_and(|language| language.chars().all(|c| c.is_ascii_alphanumeric()))
}
