//! Full prompts from simple words, without a model: object, look, surroundings, light and style, in Russian or English (S2-018…S2-027).
//!
//! The words of the wish stand at the beginning as they are, in the language asked for; what follows is chosen by what they name (people,
//! animals, places, times of day, styles) and by the seed. It is at least a thousand characters long and speaks of a picture only, never
//! of a model's parameters.

mod english;
mod russian;
mod subject;
#[cfg(test)]
mod tests;

use super::{check, pick, translate};
use palitra_domain::prompt::has_cyrillic;
use serde::Serialize;
use subject::Subject;

/// The most characters of a wish that are used.
const WISH_MAX: usize = 400;

/// The language of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Russian,
    English,
}

/// What a prompt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Create,
    /// A picture is there already: whoever is on it is not described.
    Edit,
}

/// What is asked of the prompt writer.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    pub wish: &'a str,
    pub language: Language,
    pub purpose: Purpose,
    /// The wish was found to contradict itself: of two sides the one that is named first stays.
    pub settle: bool,
    pub seed: u64,
}

/// A prompt in its parts (S2-021). Their order here is their order in the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prompt {
    pub object: String,
    pub look: String,
    pub surroundings: String,
    pub light: String,
    pub style: String,
}

/// What a prompt says in one language, by what its subject is.
struct Phrases {
    /// What follows the wish, and how it looks: two ways for each [`subject::Kind`].
    kinds: [(&'static str, [&'static str; 2]); 5],
    /// The same two for a picture that is there already.
    edit: (&'static str, [&'static str; 2]),
    /// For each [`subject::Place`].
    places: [&'static str; 8],
    /// For each [`subject::Time`].
    times: [&'static str; 5],
    /// For each [`subject::Style`].
    styles: [&'static str; 6],
    /// Surroundings, light and style of a picture that is there already, where the wish names none.
    kept: [&'static str; 3],
    /// In place of a wish that leaves no words.
    nothing: &'static str,
}

/// Writes a prompt.
pub fn compose(order: &Order) -> Prompt {
    let wish = plain(order.wish);
    let wish = if order.settle { check::settled(&wish) } else { wish };
    let subject = Subject::of(&wish);
    let wish = if order.purpose == Purpose::Edit { subject::without_identity(&wish) } else { wish };
    let (phrases, wish) = match order.language {
        Language::Russian => (&russian::PHRASES, in_russian(&wish)),
        Language::English => (&english::PHRASES, translate(&wish)),
    };
    let wish = if wish.trim().is_empty() { phrases.nothing.to_owned() } else { super::capitalized(&wish) };
    let (object, looks) = match order.purpose {
        Purpose::Create => &phrases.kinds[subject.kind.index()],
        Purpose::Edit => &phrases.edit,
    };
    let edits = order.purpose == Purpose::Edit;
    let style = subject.style.unwrap_or_else(|| subject::Style::by(pick(order.seed, 8, 2)));
    let said = [
        (phrases.places[subject.place.index()], subject.place != subject::Place::Plain),
        (phrases.times[subject.time.index()], subject.time != subject::Time::Unsaid),
        (phrases.styles[style.index()], subject.style.is_some()),
    ];
    let mut parts = said.into_iter().zip(phrases.kept);
    let mut next = || {
        let part =
            parts.next().map(|((named, is_named), kept)| if edits && !is_named { kept } else { named });
        part.unwrap_or_default().to_owned()
    };
    Prompt {
        object: format!("{wish}. {object}"),
        look: looks[pick(order.seed, 7, looks.len())].to_owned(),
        surroundings: next(),
        light: next(),
        style: next(),
    }
}

/// The wish in one line, of bounded length, without what only a model's settings mean (S2-024).
fn plain(wish: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut all = wish.split_whitespace().peekable();
    while let Some(word) = all.next() {
        if is_setting(word) {
            // A setting's value goes with it: `--ar 16:9`, `cfg 7`.
            all.next_if(|value| value.starts_with(|c: char| c.is_ascii_digit()));
        } else {
            words.push(word);
        }
    }
    let line = words.join(" ");
    let cut = match line.char_indices().nth(WISH_MAX) {
        None => line.as_str(),
        Some((end, _)) => line[..end].rsplit_once(' ').map_or(&line[..end], |(whole, _)| whole),
    };
    cut.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':')).to_owned()
}

fn is_setting(word: &str) -> bool {
    const NAMES: [&str; 9] = ["steps", "step", "cfg", "px", "seed", "sampler", "ar", "guidance", "denoise"];
    let lower = word.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    let size = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    let measured = size.len() < bare.len()
        && (size == "px"
            || size == "пикс"
            || size.strip_prefix(['x', 'х', '×']).is_some_and(|rest| {
                !rest.is_empty() && rest.trim_end_matches("px").chars().all(|c| c.is_ascii_digit())
            }));
    // Keyboards make one long dash of two.
    let dashed = lower.strip_prefix("--").or(lower.strip_prefix('—'));
    dashed.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        || lower.contains('=')
        || NAMES.contains(&bare)
        || measured
}

/// The wish in Russian: as it is when it has Russian letters, else what of it the dictionary knows, or quoted.
fn in_russian(wish: &str) -> String {
    if wish.is_empty() || has_cyrillic(wish) {
        return wish.to_owned();
    }
    let mut known: Vec<&str> = Vec::new();
    for word in crate::stems::words(wish) {
        known.extend(translate::russian(&word).filter(|russian| !known.contains(russian)));
    }
    if known.is_empty() {
        let start: String = wish.chars().take(80).collect();
        return format!("сюжет «{}»", start.trim());
    }
    known.join(", ")
}
