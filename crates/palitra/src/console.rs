//! What commands print: data to stdout, everything else to stderr. A closed pipe is not an error.

use palitra_domain::i18n::{self, Arg, Lang};
use std::io::{self, IsTerminal, Write};

/// Where and how to speak.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    pub lang: Lang,
    /// One JSON document on stdout, nothing else there.
    pub json: bool,
}

impl Console {
    /// Data for people: on stdout, or on stderr when stdout belongs to a document.
    pub fn say(&self, text: &str) {
        if self.json { self.note(text) } else { line(io::stdout().lock(), text) }
    }

    /// Progress, hints, warnings.
    pub fn note(&self, text: &str) {
        line(io::stderr().lock(), text);
    }

    /// The one document of `--json`.
    pub fn document(&self, document: &impl serde::Serialize) {
        if self.json {
            let text = serde_json::to_string_pretty(document).expect("our documents serialize");
            line(io::stdout().lock(), &text);
        }
    }

    pub fn text(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        i18n::text(self.lang, key, args)
    }

    /// Somebody can answer a question.
    pub fn is_interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// The terminal's bell: a long run is over.
    pub fn ring(&self) {
        if io::stderr().is_terminal() {
            drop(io::stderr().lock().write_all(b"\x07"));
        }
    }

    /// Asks; anything but a plain yes is no.
    pub fn ask(&self, question: &str) -> bool {
        let mut err = io::stderr().lock();
        drop(write!(err, "{question} "));
        drop(err.flush());
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).is_ok();
        read && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "д" | "да")
    }
}

fn line(mut out: impl Write, text: &str) {
    drop(writeln!(out, "{text}"));
}
