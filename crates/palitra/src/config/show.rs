//! `config show`: every setting with its value and origin, secrets redacted.

use super::{Loaded, find, layers};
use figment::{
    Figment,
    value::{Dict, Value},
};
use serde_json::json;

/// One setting as it may be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub setting: String,
    /// Secrets read `[redacted]`, or are empty when there is none.
    pub value: serde_json::Value,
    /// `default`, `file palitra.toml`, `env FAL_KEY`, `flag --listen`.
    pub origin: String,
}

pub(super) fn origins(figment: &Figment, defaults: &Dict) -> Vec<Shown> {
    let is_setting = |setting: &String| match find(defaults, setting) {
        Some(Value::Dict(_, inner)) => inner.is_empty(),
        other => other.is_some(),
    };
    let settings = layers::spans(super::DEFAULTS).into_iter().map(|(setting, _)| setting).filter(is_setting);
    settings
        .map(|setting| {
            let value = figment.find_value(&setting).ok();
            let value = value.as_ref().map_or(serde_json::Value::Null, plain);
            let origin = deepest_origin(figment, &setting, &value);
            let hidden = find(defaults, &format!("{setting}_file")).is_some();
            let value = if hidden { hide(&value) } else { hide_inside(&setting, value) };
            Shown { setting, value, origin }
        })
        .collect()
}

/// A table that several layers fill is named after the last one that put something in.
fn deepest_origin(figment: &Figment, setting: &str, value: &serde_json::Value) -> String {
    let inside = value.as_object().and_then(|members| members.keys().next_back());
    let path = inside.map_or_else(|| setting.to_owned(), |name| format!("{setting}.{name}"));
    let metadata = figment.find_metadata(&path).or_else(|| figment.find_metadata(setting));
    metadata.map_or_else(|| "default".to_owned(), |metadata| metadata.name.clone().into_owned())
}

fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::String(_, text) => json!(text),
        Value::Char(_, letter) => json!(letter),
        Value::Bool(_, yes) => json!(yes),
        Value::Num(_, number) => json!(number.to_i128().and_then(|number| i64::try_from(number).ok())),
        Value::Empty(..) => serde_json::Value::Null,
        Value::Dict(_, members) => serde_json::Value::Object(
            members.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        ),
        Value::Array(_, elements) => elements.iter().map(plain).collect(),
    }
}

/// Empty stays empty, so that one sees whether there is a secret. Of URLs all that can hold no password is kept.
fn hide(value: &serde_json::Value) -> serde_json::Value {
    let text = value.as_str().unwrap_or_default();
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        _ if text.is_empty() || text.starts_with("sqlite:") => json!(text),
        Some(scheme) => json!(format!("{scheme}://[redacted]")),
        None => json!("[redacted]"),
    }
}

/// Header values, and the keys in lists of keys.
fn hide_inside(setting: &str, value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(members) => {
            let all = setting.ends_with(".headers");
            let hide = |name: &String, value| if all || name == "key" { hide(value) } else { value.clone() };
            members.iter().map(|(name, value)| (name.clone(), hide(name, value))).collect()
        }
        serde_json::Value::Array(elements) => {
            elements.into_iter().map(|element| hide_inside(setting, element)).collect()
        }
        other => other,
    }
}

/// TOML with the origin of every value as a comment; a copy of it is a settings file again.
pub fn text(loaded: &Loaded) -> String {
    let mut page = String::new();
    let mut section = "";
    for shown in &loaded.origins {
        let (head, name) = shown.setting.rsplit_once('.').unwrap_or(("", &shown.setting));
        if head != section {
            page.push_str(if page.is_empty() { "" } else { "\n" });
            page.push_str(&format!("[{head}]\n"));
            section = head;
        }
        page.push_str(&format!("{name} = {}  # {}\n", toml_text(&shown.value), shown.origin));
    }
    page
}

fn toml_text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(members) => {
            let inside =
                members.iter().map(|(name, value)| format!("{} = {}", json!(name), toml_text(value)));
            let inside = inside.collect::<Vec<_>>().join(", ");
            if inside.is_empty() { "{}".to_owned() } else { format!("{{ {inside} }}") }
        }
        serde_json::Value::Array(elements) => {
            format!("[{}]", elements.iter().map(toml_text).collect::<Vec<_>>().join(", "))
        }
        // JSON's escapes of strings are TOML's.
        other => other.to_string(),
    }
}

/// `{"file": …, "settings": [{"setting", "value", "origin"}]}`
pub fn json(loaded: &Loaded) -> serde_json::Value {
    let settings: Vec<serde_json::Value> = loaded
        .origins
        .iter()
        .map(|shown| json!({ "setting": shown.setting, "value": shown.value, "origin": shown.origin }))
        .collect();
    json!({ "file": loaded.file.as_ref().map(|file| file.display().to_string()), "settings": settings })
}
