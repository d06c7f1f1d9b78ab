//! The writer's modes. All answer with a text.
//!
//! | mode | takes | the text |
//! |---|---|---|
//! | `write` | `title` or `prompt`, `content`, `seed` | an English prompt for a slide |
//! | `translate` | `prompt` | the same in English |
//! | `compose` | `prompt`, `language` (`ru`, `en`), `for` (`create`, `edit`), `contradictions`, `seed` | JSON: `object`, `look`, `surroundings`, `light`, `style` |
//! | `check` | `prompt` | JSON: `contradictions`, a list of sentences |

use super::{input::Input, text};
use crate::writer::{self, Language, Order, Purpose};
use palitra_domain::market::{MarketError, Outputs};
use serde_json::json;

pub(super) fn write(input: Input) -> Outputs {
    let (title, content) = (input.word(&["title", "prompt"]), input.word(&["content"]));
    text(writer::write_prompt(&title, &content, input.seed()))
}

pub(super) fn translate(input: Input) -> Result<Outputs, MarketError> {
    Ok(text(writer::translate(&input.needed_word("prompt")?)))
}

/// `contradictions` is what `check` found in an earlier answer: when there is any, the wish is settled first.
pub(super) fn compose(input: Input) -> Result<Outputs, MarketError> {
    let english = input.choice("language", &["ru", "en"])? == "en";
    let edit = input.choice("for", &["create", "edit"])? == "edit";
    let prompt = writer::compose(&Order {
        wish: &input.needed_word("prompt")?,
        language: if english { Language::English } else { Language::Russian },
        purpose: if edit { Purpose::Edit } else { Purpose::Create },
        settle: !input.list("contradictions").is_empty(),
        seed: input.seed(),
    });
    Ok(text(json!(prompt).to_string()))
}

pub(super) fn check(input: Input) -> Result<Outputs, MarketError> {
    let contradictions = writer::contradictions(&input.needed_word("prompt")?);
    Ok(text(json!({"contradictions": contradictions}).to_string()))
}
