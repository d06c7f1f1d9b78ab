//! Plain text as Markdown that reads back as the same text.

/// A picture's description.
pub(super) fn alternative(title: &str) -> String {
    inline(title)
}

/// One line of text inside a paragraph or a heading.
pub(super) fn inline(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' | '~' | '|' | '!' | '{' | '}'
            | '$' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            '\n' | '\r' => escaped.push(' '),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// One line of text as a line of its own, which must not begin a list, a rule or an underline.
pub(super) fn line(text: &str) -> String {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits > 0 && text[digits..].starts_with(['.', ')']) {
        return format!("{}\\{}", &text[..digits], inline(&text[digits..]));
    }
    let mark = if text.starts_with(['-', '+', '=', ':']) { "\\" } else { "" };
    format!("{mark}{}", inline(text))
}

/// Where a picture is: in angle brackets when plain Markdown would not read it whole.
pub(super) fn destination(file: &str) -> String {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | '/' | '-' | '_' | '%' | '~' | '+' | '=' | '@');
    if !file.is_empty() && file.chars().all(plain) {
        return file.to_owned();
    }
    let mut escaped = String::from("<");
    for letter in file.chars() {
        match letter {
            '<' | '>' | '\\' | '&' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            '\n' => escaped.push_str("%0A"),
            '\r' => escaped.push_str("%0D"),
            _ => escaped.push(letter),
        }
    }
    escaped.push('>');
    escaped
}
