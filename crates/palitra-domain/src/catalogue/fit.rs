//! Our words as the fields of a mode: only what the mode has is sent, each value in the type it has there.
//!
//! A field that is given under the market's own name counts first. Nothing is checked here: what does not fit is left as it came, for the
//! schema to refuse (`palitra_engine::inputs`).

use super::input::{Field, Input, Word};
use serde_json::{Map, Value, json};

/// An input in the market's names.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub body: Value,
    /// What was said and is not sent, or not as it was said.
    pub notices: Vec<Notice>,
}

/// Something that the person who asked should know.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "notice", content = "name")]
pub enum Notice {
    /// The mode has no field for it.
    Dropped(String),
    /// `negative` went into the prompt.
    Avoided,
    /// The prompt is put into English first.
    Translated,
    /// The prompt was longer than the mode takes, in characters.
    PromptCut(usize),
}

/// Words of ours for what is around an input; no market gets them.
pub const ORIGINAL_PROMPT: &str = "original_prompt";

impl Input {
    /// The wish in the names of this mode.
    pub fn fit(&self, wish: &Value) -> Fitted {
        let mut used = Used { wish, names: Vec::new() };
        let mut body = Map::new();
        for field in &self.fields {
            let given = used.take(&field.name).cloned();
            let value = given.or_else(|| derived(field, &mut used)).map(|value| typed(&field.schema, value));
            if let Some(value) = value.or_else(|| field.send.clone()) {
                body.insert(field.name.clone(), value);
            }
        }
        let mut notices = Vec::new();
        self.avoid(wish, &mut used, &mut body, &mut notices);
        self.cut(&mut body, &mut notices);
        let said = wish.as_object().into_iter().flatten().filter(|(_, value)| !is_nothing(value));
        let dropped = said.map(|(name, _)| name.as_str()).filter(|name| !used.names.contains(name));
        // Sides are asked of models that have none, and titles of writers that read prompts: that is how doors speak.
        let silent = |name: &str| {
            matches!(
                name,
                "title"
                    | "content"
                    | "system"
                    | "for"
                    | "contradictions"
                    | "language"
                    | "retouch_mode"
                    | "width"
                    | "height"
                    | ORIGINAL_PROMPT
            )
        };
        notices.extend(dropped.filter(|name| !silent(name)).map(|name| Notice::Dropped(name.to_owned())));
        Fitted { body: Value::Object(body), notices }
    }

    fn avoid<'a>(
        &self,
        wish: &'a Value,
        used: &mut Used<'a>,
        body: &mut Map<String, Value>,
        notices: &mut Vec<Notice>,
    ) {
        if self.from_word(Word::Negative).is_some() {
            return;
        }
        let Some(negative) = wish["negative"].as_str().filter(|text| !text.trim().is_empty()) else { return };
        let Some(prompt) = self.from_word(Word::Prompt).and_then(|field| body.get_mut(&field.name)) else {
            return;
        };
        if let Some(text) = prompt.as_str() {
            *prompt = json!(format!("{}\nAvoid: {}", text.trim_end(), negative.trim()));
            used.names.push("negative");
            notices.push(Notice::Avoided);
        }
    }

    fn cut(&self, body: &mut Map<String, Value>, notices: &mut Vec<Notice>) {
        let Some(field) = self.from_word(Word::Prompt) else { return };
        let Some(max) = field.schema["maxLength"].as_u64().and_then(|max| usize::try_from(max).ok()) else {
            return;
        };
        let Some(text) = body.get(&field.name).and_then(Value::as_str) else { return };
        let Some((end, _)) = text.char_indices().nth(max) else { return };
        let head = &text[..end];
        // At a word, unless it would take more than a tenth.
        let word = head.rfind(char::is_whitespace).filter(|at| *at * 10 >= head.len() * 9);
        let kept = json!(head[..word.unwrap_or(end)].trim_end());
        body.insert(field.name.clone(), kept);
        notices.push(Notice::PromptCut(max));
    }
}

/// What of a wish has found its place.
struct Used<'a> {
    wish: &'a Value,
    names: Vec<&'a str>,
}

impl<'a> Used<'a> {
    fn take(&mut self, name: &str) -> Option<&'a Value> {
        let (name, value) = self.wish.as_object()?.get_key_value(name)?;
        (!is_nothing(value)).then(|| {
            self.names.push(name);
            value
        })
    }
}

/// Empty texts and lists are as good as none.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(entries) => entries.is_empty(),
        _ => false,
    }
}

fn derived(field: &Field, used: &mut Used<'_>) -> Option<Value> {
    let word = field.from?;
    match word {
        Word::Text => used.take("text").or_else(|| used.take("prompt")).cloned(),
        Word::Images => used.take("images").or_else(|| used.take("image")).cloned(),
        Word::Size => sized(&field.schema, sides(used.wish)?),
        Word::Ratio => nearest(choices(&field.schema), sides(used.wish)?),
        Word::Resolution => {
            let high = used.wish["quality"] == "high";
            if high {
                used.take("quality");
            }
            resolution(choices(&field.schema), sides(used.wish), high)
        }
        Word::Steps => used.take("steps").or_else(|| used.take("num_inference_steps")).cloned(),
        Word::Guidance => used.take("guidance").or_else(|| used.take("guidance_scale")).cloned(),
        other => used.take(other.as_str()).cloned(),
    }
}

fn sides(wish: &Value) -> Option<(u64, u64)> {
    let side = |name: &str| wish[name].as_u64().filter(|side| (1..=100_000).contains(side));
    Some((side("width")?, side("height")?))
}

fn choices(schema: &Value) -> &[Value] {
    schema["enum"].as_array().map_or(&[], Vec::as_slice)
}

/// A size in the form the field has: one of a list, a text, or an object.
fn sized(schema: &Value, (width, height): (u64, u64)) -> Option<Value> {
    if !choices(schema).is_empty() {
        return nearest(choices(schema), (width, height));
    }
    match schema["type"].as_str() {
        Some("string") => {
            let by = if schema["pattern"].as_str().is_some_and(|pattern| pattern.contains("\\*")) {
                '*'
            } else {
                'x'
            };
            Some(json!(format!("{width}{by}{height}")))
        }
        _ => Some(json!({ "width": width, "height": height })),
    }
}

/// The choice whose ratio is least far from the asked one: by how much one would have to be stretched to become the other. Of two alike
/// the one with more pixels.
fn nearest(choices: &[Value], (width, height): (u64, u64)) -> Option<Value> {
    let stretch = |choice: &&Value| {
        let (across, down) = ratio_of(choice.as_str()?)?;
        let (a, b) = (width.checked_mul(down)?, height.checked_mul(across)?);
        Some((a.max(b).checked_mul(1_000_000)? / a.min(b).max(1), u64::MAX - across.saturating_mul(down)))
    };
    let known = choices.iter().filter(|choice| stretch(choice).is_some());
    known.min_by_key(stretch).cloned()
}

/// `16:9`, `1024x768`, `1024*768`, `landscape_16_9`, `portrait_4_3` (which is upright: 3 across, 4 down), `square_hd`.
fn ratio_of(word: &str) -> Option<(u64, u64)> {
    let pair = |text: &str, by: char| -> Option<(u64, u64)> {
        let (across, down) = text.split_once(by)?;
        let sides = (across.parse().ok()?, down.parse().ok()?);
        (sides.0 > 0 && sides.1 > 0).then_some(sides)
    };
    match word {
        "square" | "portrait" | "landscape" => {
            return Some(match word {
                "square" => (1, 1),
                "portrait" => (9, 16),
                _ => (16, 9),
            });
        }
        "square_hd" => return Some((2, 2)),
        _ => {}
    }
    if let Some(rest) = word.strip_prefix("landscape_") {
        return pair(rest, '_');
    }
    if let Some(rest) = word.strip_prefix("portrait_") {
        return pair(rest, '_').map(|(long, short)| (short, long));
    }
    [':', 'x', '*'].into_iter().find_map(|by| pair(word, by))
}

/// By the longer side; a larger one than the model has becomes its largest.
fn resolution(choices: &[Value], sides: Option<(u64, u64)>, high: bool) -> Option<Value> {
    let long = sides.map_or(0, |(width, height)| width.max(height));
    let wanted = match long {
        0 if !high => return None,
        0..=1536 if !high => "1K",
        0..=3072 => "2K",
        _ => "4K",
    };
    let same = |choice: &&Value| choice.as_str().is_some_and(|word| word.eq_ignore_ascii_case(wanted));
    choices.iter().find(same).or_else(|| choices.last()).cloned()
}

/// The value in the type of the field, where there is one way to read it so.
fn typed(schema: &Value, value: Value) -> Value {
    let choices = choices(schema);
    if !choices.is_empty() && !choices.contains(&value) {
        let same =
            number(&value).and_then(|wanted| choices.iter().find(|choice| number(choice) == Some(wanted)));
        return same.cloned().unwrap_or(value);
    }
    match (schema["type"].as_str(), &value) {
        (Some("array"), Value::String(_)) => json!([value]),
        (Some("string"), Value::Number(number)) => json!(number.to_string()),
        (Some("string"), Value::Array(list)) if list.len() == 1 => list[0].clone(),
        // JSON Schema takes `4.0` for a whole number, so it is one for the price, too.
        (Some("integer"), Value::Number(number)) if number.is_f64() => {
            let whole = number.to_string();
            whole
                .strip_suffix(".0")
                .and_then(|whole| whole.parse::<i64>().ok())
                .map_or(value, |whole| json!(whole))
        }
        (Some("integer"), Value::String(text)) => {
            text.trim().parse::<i64>().map_or(value, |number| json!(number))
        }
        _ => value,
    }
}

/// `5`, `"5"`, `"5s"`.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
            digits.parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
