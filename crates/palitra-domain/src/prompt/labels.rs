//! Labels at the start of a line: `Слайд 10:`, `Содержание:`, `DALL-E Prompt:` and their English twins, plain or with
//! Markdown round them. What follows from a label is decided elsewhere.

/// What a line announces. `rest` is the text after the label on the same line, trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label<'a> {
    /// `Слайд 10: …`, `Slide 10. …`, or the two words alone.
    Slide { number: u32, rest: &'a str },
    /// `Содержание: …`, `Content: …`.
    Content { rest: &'a str },
    /// `DALL-E Prompt: …`, `Prompt: …`, `Промпт: …`, `Image prompt: …`.
    Prompt { rest: &'a str },
}

/// More than any deck has.
const SLIDE_NUMBER_MAX: u32 = 99_999;

/// The longest label is about 30 letters; a colon further on belongs to the text.
const LABEL_CHARS_MAX: usize = 48;

impl<'a> Label<'a> {
    /// The label a line begins with. Case, a heading or list marker, a quote `>`, bold and italics do not matter.
    pub fn of(line: &'a str) -> Option<Label<'a>> {
        let line = without_block_markers(line.trim());
        let emphasis = &line[..line.len() - line.trim_start_matches(['*', '_']).len()];
        let text = &line[emphasis.len()..];
        if let Some((number, rest)) = slide(text, emphasis) {
            return Some(Label::Slide { number, rest });
        }
        let colon = text.char_indices().take(LABEL_CHARS_MAX).find(|(_, c)| matches!(c, ':' | '：'))?;
        let (name, after) = (&text[..colon.0], &text[colon.0 + colon.1.len_utf8()..]);
        let rest = closed(after, emphasis, name.ends_with(['*', '_'])).trim();
        match name_kind(name)? {
            Name::Content => Some(Label::Content { rest }),
            Name::Prompt => Some(Label::Prompt { rest }),
        }
    }
}

enum Name {
    Content,
    Prompt,
}

/// Letters and digits of the name, lower case: hyphens, dots and spaces are written in too many ways (`DALL-E`, `DALL·E`,
/// `Dall E 3`). A note in brackets at the end (`Prompt (EN):`) does not count.
fn name_kind(name: &str) -> Option<Name> {
    let name = name.trim_end_matches(['*', '_']).trim_end();
    let name = if name.ends_with(')') { name.rfind('(').map_or(name, |open| &name[..open]) } else { name };
    let joins = |c: char| c.is_alphanumeric() || c.is_whitespace() || "-‐‑–—·•∙⋅.*_".contains(c);
    if !name.chars().all(joins) {
        return None; // `![Prompt:](a.png)`, `<!-- Prompt: … -->`
    }
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if matches!(letters.as_str(), "содержание" | "содержаниеслайда" | "content" | "slidecontent")
    {
        return Some(Name::Content);
    }
    const WHOSE: [&str; 5] = ["", "dalle", "dalle2", "dalle3", "image"];
    const WHAT_FOR: [&str; 5] = ["dalle", "dalle3", "картинки", "изображения", "иллюстрации"];
    let prompt = WHOSE.into_iter().filter_map(|whose| letters.strip_prefix(whose)).any(|name| {
        let bare = matches!(name, "prompt" | "промпт" | "промт");
        let purpose =
            ["промптдля", "промтдля", "promptfor"].into_iter().find_map(|word| name.strip_prefix(word));
        bare || purpose.is_some_and(|purpose| WHAT_FOR.contains(&purpose))
    });
    prompt.then_some(Name::Prompt)
}

/// `Слайд 10`, then a colon, a dash, a full stop or the end of the line.
fn slide<'a>(text: &'a str, emphasis: &str) -> Option<(u32, &'a str)> {
    let word: String = text.chars().take(5).flat_map(char::to_lowercase).collect();
    if word != "слайд" && word != "slide" {
        return None;
    }
    let after_word = text.char_indices().nth(5).map_or("", |(at, _)| &text[at..]);
    let digits = after_word.trim_start().trim_start_matches(['№', '#']).trim_start();
    if digits.len() == after_word.len() {
        return None; // `Slides`, `Slide1`
    }
    let after = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let number =
        digits[..digits.len() - after.len()].parse().ok().filter(|n| (1..=SLIDE_NUMBER_MAX).contains(n))?;
    let open = after.trim_start_matches(['*', '_']);
    let closed_before = open.len() < after.len();
    let rest = match open.trim_start().strip_prefix([':', '：']) {
        Some(rest) => rest,
        None if open.trim().is_empty() => "",
        None => open
            .trim_start()
            .strip_prefix(['.', ')', '—', '–', '-'])
            .filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))?,
    };
    Some((number, closed(rest, emphasis, closed_before).trim()))
}

/// The text after a label without the mark that closes the label's own bold or italics: `**Prompt:** a cat`,
/// `**Prompt**: a cat`, `**Prompt: a cat**`.
fn closed<'a>(after: &'a str, emphasis: &str, closed_before: bool) -> &'a str {
    if emphasis.is_empty() || closed_before {
        return after;
    }
    let closing: String = emphasis.chars().rev().collect();
    let after = after.trim();
    after.strip_prefix(&closing).or_else(|| after.strip_suffix(&closing)).unwrap_or(after)
}

/// The line after its heading marks, quote marks and one list marker.
fn without_block_markers(line: &str) -> &str {
    let quoted = line.trim_start_matches(['>', ' ']);
    let heading = quoted.trim_start_matches('#');
    let marks = quoted.len() - heading.len();
    if (1..=6).contains(&marks) && heading.starts_with(' ') {
        return heading.trim();
    }
    let item = ["- ", "* ", "+ ", "• "].into_iter().find_map(|marker| quoted.strip_prefix(marker));
    item.unwrap_or(quoted).trim_start()
}
