//! The manifest of a word list: for each word a picture, its sound, or both (S1). Steps of a word wait for nothing but a translation.

use super::manifest::{Manifest, ManifestItem, StepWish, Worked};
use crate::{Engine, Result, generations::Wish};
use palitra_domain::{
    AccountId, ErrorCode, Livemode,
    format::Format,
    prompt,
    state::{BatchKind, Priority, StepKind},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A word to be learnt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    pub number: u32,
    pub word: String,
    pub translation: Option<String>,
    pub example: Option<String>,
    /// Of the word: `ru`, `en`, `kk`; found by its letters where it is not given.
    pub language: Option<String>,
    /// A picture's prompt that the list brings along.
    pub prompt: Option<String>,
    pub image: bool,
    pub audio: bool,
    /// Another picture and another sound than there are, with this seed.
    pub redo: Option<u32>,
}

/// How a list is illustrated and spoken.
#[derive(Debug, Clone)]
pub struct WordsOptions {
    pub account: AccountId,
    pub livemode: Livemode,
    /// Where the list lies: a changed list from there replaces what is left of its earlier run.
    pub source: String,
    pub title: String,
    pub model: String,
    pub speech_model: String,
    /// By language; a language without one is spoken by the model's own.
    pub voices: BTreeMap<String, String>,
    /// In per cent of the usual speed.
    pub speed: Option<u32>,
    /// `mp3`, `ogg`, `wav`, where the model can choose.
    pub audio_format: Option<String>,
    pub format: Format,
    pub seed: u32,
    /// What a picture is asked for: `{word}`, `{translation}` and `{example}` are put in, parts in `[…]` only when all theirs are there.
    /// Empty: what suits the model.
    pub template: String,
    /// 0: as many as there are words.
    pub image_workers: u32,
    pub audio_workers: u32,
    /// 0: each word stands alone.
    pub gate_percent: u32,
    pub priority: Priority,
}

/// What a picture model is asked for.
const TEMPLATE: &str = "A clear illustration of “{word}”[ ({translation})][, as in: {example}]. One subject, plain background, no text.";

impl Engine {
    /// A word that its model cannot take fails alone (its step is refused); a model that is not there is refused at once.
    pub async fn words_manifest(&self, words: &[Word], options: &WordsOptions) -> Result<Manifest> {
        if words.iter().any(|word| word.image) {
            self.model_for(options.livemode, &options.model, "create")?;
        }
        if words.iter().any(|word| word.audio) {
            self.model_for(options.livemode, &options.speech_model, "speak")?;
        }
        let mut items = Vec::with_capacity(words.len());
        for word in words {
            items.push(self.word_item(word, options).await?);
        }
        let shown = json!({
            "model": options.model, "speech_model": options.speech_model, "voices": options.voices,
            "format": options.format.to_string(), "seed": options.seed, "template": options.template,
        });
        let workers = |kind, count| Worked { kind, count, interval: std::time::Duration::ZERO };
        Ok(Manifest {
            account: options.account.clone(),
            livemode: options.livemode,
            key: None,
            kind: BatchKind::Words,
            source: options.source.clone(),
            title: options.title.clone(),
            shown,
            gate_percent: options.gate_percent,
            sequential: false,
            priority: options.priority,
            workers: vec![
                workers(StepKind::Picture, options.image_workers),
                workers(StepKind::Speech, options.audio_workers),
            ],
            faces: Vec::new(),
            items,
        })
    }

    async fn word_item(&self, word: &Word, options: &WordsOptions) -> Result<ManifestItem> {
        let mut steps = Vec::new();
        if word.image {
            let speaks_russian = self.model_for(options.livemode, &options.model, "create")?.0.speaks("ru");
            let asked = picture_prompt(word, options, speaks_russian);
            let input = json!({
                "prompt": asked, "width": options.format.width, "height": options.format.height, "seed": options.seed,
            });
            steps.extend(
                self.word_steps(options, StepKind::Picture, (&options.model, "create"), input).await?,
            );
        }
        if word.audio {
            let mut input = Map::from_iter([("text".to_owned(), json!(word.word))]);
            let language = word.language.as_deref().unwrap_or_else(|| language_of(&word.word));
            input.extend(options.voices.get(language).map(|voice| ("voice".to_owned(), json!(voice))));
            input.extend(options.speed.map(|speed| ("speed".to_owned(), json!(speed))));
            input.extend(
                options.audio_format.as_ref().map(|format| ("output_format".to_owned(), json!(format))),
            );
            let spoken = (options.speech_model.as_str(), "speak");
            steps.extend(self.word_steps(options, StepKind::Speech, spoken, Value::Object(input)).await?);
        }
        if let Some(seed) = word.redo {
            let made = steps.iter_mut().filter(|step| step.kind != StepKind::Prompt);
            made.for_each(|step| step.redo = Some(seed));
        }
        let content = json!({
            "translation": word.translation, "example": word.example, "language": word.language, "prompt": word.prompt,
        });
        Ok(ManifestItem { number: word.number, title: word.word.clone(), content, steps })
    }

    /// What the word itself is to blame for refuses its step.
    async fn word_steps(
        &self,
        options: &WordsOptions,
        kind: StepKind,
        (model, mode): (&str, &str),
        input: Value,
    ) -> Result<Vec<StepWish>> {
        let wish = Wish {
            account: options.account.clone(),
            livemode: options.livemode,
            model: model.to_owned(),
            mode: mode.to_owned(),
            input,
            priority: options.priority,
            key: None,
            webhook: None,
            is_own: false,
        };
        match self.steps_of(&wish, kind).await {
            Ok(steps) => Ok(steps),
            Err(error) if is_of_input(error.code) => {
                let refused = Some(error.code);
                Ok(vec![StepWish { refused, ..StepWish::new(kind, model, mode, wish.input) }])
            }
            Err(error) => Err(error),
        }
    }
}

pub(super) fn is_of_input(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::InvalidInput | ErrorCode::EmptyPrompt)
}

/// A model that draws words itself is given the word; one that understands English only its English side, where there is one.
fn picture_prompt(word: &Word, options: &WordsOptions, speaks_russian: bool) -> String {
    if let Some(prompt) = word.prompt.as_deref().filter(|prompt| !prompt.trim().is_empty()) {
        return prompt.to_owned();
    }
    let draws_words = options.model.starts_with("local/");
    if draws_words && options.template.is_empty() {
        return word.word.clone();
    }
    let template = if options.template.is_empty() { TEMPLATE } else { &options.template };
    let is_fit = |text: &&str| !text.trim().is_empty() && (speaks_russian || !prompt::has_cyrillic(text));
    let (translation, example) = (word.translation.as_deref(), word.example.as_deref().filter(is_fit));
    if is_fit(&word.word.as_str()) {
        return filled(template, &word.word, translation.filter(is_fit), example);
    }
    match translation.filter(is_fit) {
        Some(english) => filled(template, english, None, example),
        // Nothing is English: all of it is translated.
        None => filled(template, &word.word, translation, word.example.as_deref()),
    }
}

/// The template with its words put in. A part in `[…]` stays only when everything in it is known.
fn filled(template: &str, word: &str, translation: Option<&str>, example: Option<&str>) -> String {
    let put = |part: &str| -> Option<String> {
        let mut text = part.replace("{word}", word);
        for (name, value) in [("{translation}", translation), ("{example}", example)] {
            if text.contains(name) {
                text = text.replace(name, value?);
            }
        }
        Some(text)
    };
    let mut prompt = String::new();
    let mut rest = template;
    while let Some((before, (part, after))) =
        rest.split_once('[').and_then(|(before, after)| Some((before, after.split_once(']')?)))
    {
        prompt.push_str(&put(before).unwrap_or_default());
        prompt.push_str(&put(part).unwrap_or_default());
        rest = after;
    }
    prompt.push_str(&put(rest).unwrap_or_default());
    prompt
}

/// By its letters; a word without any is English.
pub(super) fn language_of(word: &str) -> &'static str {
    const KAZAKH: &str = "әіңғүұқөһ";
    let lower = word.to_lowercase();
    if lower.chars().any(|letter| KAZAKH.contains(letter)) {
        "kk"
    } else if prompt::has_cyrillic(word) {
        "ru"
    } else {
        "en"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_keeps_what_is_known() {
        for (translation, example, prompt) in [
            (Some("кот"), Some("A cat sleeps"), "a cat (кот): A cat sleeps!"),
            (Some("кот"), None, "a cat (кот)!"),
            (None, Some("A cat sleeps"), "a cat: A cat sleeps!"),
            (None, None, "a cat!"),
        ] {
            assert_eq!(
                filled("{word}[ ({translation})][: {example}]!", "a cat", translation, example),
                prompt
            );
        }
        assert_eq!(filled("open [ {word}", "a", None, None), "open [ a");
    }

    #[test]
    fn s1_35_the_language_of_a_word_is_found_by_its_letters() {
        for (word, language) in [("кот", "ru"), ("cat", "en"), ("мысық", "kk"), ("Қала", "kk"), ("42", "en")]
        {
            assert_eq!(language_of(word), language, "{word}");
        }
    }
}
