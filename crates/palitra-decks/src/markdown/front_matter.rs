//! Front matter: the YAML block at the very top of a deck, and those Slidev puts before its slides. Only flat `key: value`
//! lines are read; what a theme wants with the rest is its own business.

use crate::text::{Line, lines};

/// Front matter as pairs in order, and where the text after it begins.
#[derive(Debug, Default)]
pub(super) struct FrontMatter {
    pub(super) fields: Vec<(String, String)>,
    pub(super) end: usize,
}

impl FrontMatter {
    /// The front matter of a deck; empty when it has none. A `---` at the top with anything but YAML after it is a separator.
    pub(super) fn of(text: &str) -> FrontMatter {
        let lines = lines(text, 0, text.len());
        let first = lines.iter().position(|line| !line.of(text).trim().is_empty());
        first.and_then(|first| block(text, &lines[first..])).unwrap_or_default()
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub(super) fn has_any(&self, keys: &[&str]) -> bool {
        self.fields.iter().any(|(name, _)| keys.contains(&name.as_str()))
    }
}

/// The block that opens with the first of `lines`, which must be `---`.
pub(super) fn block(text: &str, lines: &[Line]) -> Option<FrontMatter> {
    let (open, rest) = lines.split_first()?;
    if open.of(text).trim_end() != "---" {
        return None;
    }
    let close = rest.iter().position(|line| matches!(line.of(text).trim_end(), "---" | "..."))?;
    let fields = fields(rest[..close].iter().map(|line| line.of(text)))?;
    Some(FrontMatter { fields, end: rest[close].next })
}

/// The pairs of a YAML mapping; `None` when a line cannot be YAML. `style: |` has its own lines under it, indented.
pub(super) fn fields<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<(String, String)>> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut only_blank = true;
    for line in lines {
        let continues = line.starts_with([' ', '\t', '#', ']', '}']) || line.starts_with("- ") || line == "-";
        if line.trim().is_empty() {
            continue;
        }
        only_blank = false;
        match pair(line) {
            Some(pair) => fields.push(pair),
            // A list under its key: `headingDivider:` and then `  - 1`.
            None if continues => {
                if let Some((_, value)) = fields.last_mut()
                    && let Some(item) = line.trim().strip_prefix("- ")
                {
                    value.push(' ');
                    value.push_str(item);
                }
            }
            None => return None,
        }
    }
    (only_blank || !fields.is_empty()).then_some(fields)
}

/// `key: value` at the start of a line, the value without quotes and comment. The space is often forgotten; an address is no
/// pair.
pub(super) fn pair(line: &str) -> Option<(String, String)> {
    let (key, value) = line.split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$' | '.');
    if value.starts_with("//") || key.is_empty() || !key.trim_end().chars().all(plain) || key.starts_with('-')
    {
        return None;
    }
    let value = value.trim();
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let value = match (quoted('"'), quoted('\'')) {
        (Some(value), _) => value.replace("\\\"", "\"").replace("\\\\", "\\"),
        (_, Some(value)) => value.replace("''", "'"),
        _ => value.split(" #").next().unwrap_or_default().trim().to_owned(),
    };
    Some((key.trim_end().to_owned(), value))
}
