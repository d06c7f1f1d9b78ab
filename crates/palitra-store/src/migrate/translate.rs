//! How a database reads a migration file. Files are written in PostgreSQL's words:
//! * SQLite reads `bigint` and `smallint` as `integer` and `bytea` as `blob`, and every `create table` ends
//!   in `strict`;
//! * PostgreSQL reads the type `text` as `text collate "C"`, so that both sort by bytes (not after `as`: that
//!   is a cast);
//! * a line that begins with `--pg ` or `--lite ` is for that database alone, and is taken as it stands;
//!   other comments are dropped.
//!
//! So no column is called `text`, and `bigint` and its like are types and nothing else.

use crate::Dialect;

pub(super) fn for_dialect(file: &str, dialect: Dialect) -> String {
    let out = String::with_capacity(file.len());
    let mut translation =
        Translation { dialect, out, quote: None, opening: Opening::Nothing, after_as: false };
    for line in file.lines() {
        let (own, other) = match dialect {
            Dialect::Lite => ("--lite ", "--pg "),
            Dialect::Pg => ("--pg ", "--lite "),
        };
        let start = line.trim_start();
        if let Some(verbatim) = start.strip_prefix(own) {
            translation.verbatim(verbatim);
        } else if !start.starts_with(other) {
            translation.line(line);
        }
    }
    translation.out
}

struct Translation {
    dialect: Dialect,
    out: String,
    /// The quote we are in; it may span lines.
    quote: Option<char>,
    /// Words of the statement so far, as far as they matter: does it begin with `create table`?
    opening: Opening,
    after_as: bool,
}

#[derive(PartialEq)]
enum Opening {
    Nothing,
    Create,
    CreateTable,
    Other,
}

impl Translation {
    fn verbatim(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
        if line.trim_end().ends_with(';') {
            self.opening = Opening::Nothing;
        }
    }

    fn line(&mut self, line: &str) {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let length = match self.quote {
                Some(quote) => self.quoted(rest, quote),
                None if rest.starts_with("--") => break,
                None if is_word(first) => self.word(rest),
                None => self.mark(first),
            };
            rest = &rest[length..];
        }
        self.out.push('\n');
    }

    /// Copies up to and with the closing quote. Answers how much it read, as the next two do.
    fn quoted(&mut self, rest: &str, quote: char) -> usize {
        let closing = rest.find(quote);
        if closing.is_some() {
            self.quote = None;
        }
        let length = closing.map_or(rest.len(), |at| at + quote.len_utf8());
        self.out.push_str(&rest[..length]);
        length
    }

    fn word(&mut self, rest: &str) -> usize {
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let word = &rest[..length];
        let lower = word.to_ascii_lowercase();
        self.out.push_str(match (self.dialect, lower.as_str()) {
            (Dialect::Lite, "bigint" | "smallint") => "integer",
            (Dialect::Lite, "bytea") => "blob",
            (Dialect::Pg, "text") if !self.after_as => "text collate \"C\"",
            _ => word,
        });
        self.after_as = lower == "as";
        self.opening = match (&self.opening, lower.as_str()) {
            (Opening::Nothing, "create") => Opening::Create,
            (Opening::Create, "table") | (Opening::CreateTable, _) => Opening::CreateTable,
            _ => Opening::Other,
        };
        length
    }

    fn mark(&mut self, mark: char) -> usize {
        match mark {
            '\'' | '"' => self.quote = Some(mark),
            ';' => {
                if self.dialect == Dialect::Lite && self.opening == Opening::CreateTable {
                    self.out.push_str(" strict");
                }
                self.opening = Opening::Nothing;
            }
            _ => {}
        }
        self.out.push(mark);
        mark.len_utf8()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
