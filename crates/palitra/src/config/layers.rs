//! One layer of settings per source, and where in it a refused setting stands.

use super::{ConfigError, DEFAULTS, Inputs, find, nearest, paths};
use crate::failure::Phrase;
use figment::{
    Figment, Metadata, Profile, Provider,
    error::Kind,
    value::{Dict, Map, Value},
};
use palitra_domain::i18n::{self, Lang};
use std::path::{Path, PathBuf};
use toml::de::DeValue;

/// Where a value comes from; `config show` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
    Flag(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Default => out.write_str("default"),
            Origin::File(path) => write!(out, "file {}", path.display()),
            Origin::Environment(name) => write!(out, "env {name}"),
            Origin::Flag(flag) => write!(out, "flag {flag}"),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) origin: Origin,
    pub(super) dict: Dict,
    /// The text of a file, to find lines in.
    pub(super) text: Option<String>,
}

impl Layer {
    /// A layer of one setting.
    pub(super) fn of(origin: Origin, setting: &str, value: Value) -> Layer {
        let nested = |value: Value, name: &str| Value::from(Dict::from([(name.to_owned(), value)]));
        let dict = match setting.rsplit('.').fold(value, nested) {
            Value::Dict(_, dict) => dict,
            _ => Dict::new(),
        };
        Layer { origin, dict, text: None }
    }

    /// How an error names the place of a setting in this layer: `palitra.toml:12`, `FAL_KEY`, `--listen`.
    fn place(&self, setting: &str) -> String {
        match &self.origin {
            Origin::Default => "config.default.toml".to_owned(),
            Origin::Environment(name) => name.clone(),
            Origin::Flag(flag) => (*flag).to_owned(),
            Origin::File(path) => {
                let line = self.text.as_deref().and_then(|text| line_of_setting(text, setting));
                line.map_or_else(|| path.display().to_string(), |line| format!("{}:{line}", path.display()))
            }
        }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.dict.clone())]))
    }
}

/// The defaults as nested tables; they are also the schema that texts are converted by.
pub(super) fn defaults() -> Dict {
    parse(DEFAULTS).expect("`config.default.toml` reads: a test covers it")
}

fn parse(text: &str) -> Result<Dict, toml::de::Error> {
    let table: toml::Table = toml::from_str(text)?;
    let value = Value::serialize(table).map_err(serde::de::Error::custom)?;
    value.into_dict().ok_or_else(|| serde::de::Error::custom("not a table"))
}

/// `--config`, else `palitra.toml` beside the caller, else `config.toml` in the data directory, else none.
pub(super) fn find_file(inputs: &Inputs) -> Result<Option<PathBuf>, ConfigError> {
    if let Some(file) = &inputs.file {
        let there = inputs.folder.join(file).is_file();
        let missing = || ConfigError::new("--config", None, unreadable(file, "not found"));
        return if there { Ok(Some(inputs.folder.join(file))) } else { Err(missing()) };
    }
    let places = [inputs.folder.join("palitra.toml"), inputs.data.join("config.toml")];
    Ok(places.into_iter().find(|place| place.is_file()))
}

pub(super) fn file(path: &Path) -> Result<Layer, ConfigError> {
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::new(&place, None, unreadable(path, &error.to_string())))?;
    let dict = parse(&text).map_err(|error| {
        let line = error.span().map(|span| format!("{place}:{}", line_at(&text, span.start)));
        let why = Phrase::new("setting-syntax").with("why", error.message());
        ConfigError::new(line.unwrap_or(place), None, why)
    })?;
    Ok(Layer { origin: Origin::File(path.to_owned()), dict, text: Some(text) })
}

fn unreadable(path: &Path, why: &str) -> Phrase {
    Phrase::new("setting-unreadable").with("value", path.display().to_string()).with("why", why)
}

/// A text from the environment or a flag as the default's type: `95` stays text where text is wanted.
pub(super) fn typed(defaults: &Dict, setting: &str, text: &str) -> Result<Value, Phrase> {
    let like = find(defaults, setting);
    let value = match like {
        Some(Value::Bool(..)) => match text.trim() {
            "true" | "1" => Some(Value::from(true)),
            "false" | "0" => Some(Value::from(false)),
            _ => None,
        },
        Some(Value::Num(..)) => text.trim().parse::<i64>().ok().map(Value::from),
        Some(Value::Dict(..) | Value::Array(..)) => {
            parse(&format!("value = {text}")).ok().and_then(|mut dict| dict.remove("value"))
        }
        Some(Value::String(..) | Value::Char(..) | Value::Empty(..)) | None => Some(Value::from(text)),
    };
    value.ok_or_else(|| expected(like))
}

/// `a whole number`, in the words of the default's type.
fn expected(like: Option<&Value>) -> Phrase {
    Phrase::new(match like {
        Some(Value::Bool(..)) => "setting-bool",
        Some(Value::Num(..)) => "setting-number",
        Some(Value::Dict(..)) => "setting-table",
        Some(Value::Array(..)) => "setting-list",
        Some(Value::String(..) | Value::Char(..) | Value::Empty(..)) | None => "setting-text",
    })
}

/// Puts what `x_file` names into `x` and clears the twin of a lower layer, so that the last layer to say either decides.
pub(super) fn read_secret_files(layer: &mut Layer, folder: &Path) -> Result<(), ConfigError> {
    let folder = match &layer.origin {
        Origin::File(path) => path.parent().unwrap_or(folder).to_owned(),
        _ => folder.to_owned(),
    };
    let mut dict = std::mem::take(&mut layer.dict);
    let read = read_twins(&mut dict, &folder, "");
    layer.dict = dict;
    read.map_err(|(setting, why)| ConfigError::new(layer.place(&setting), Some(&setting), why))
}

fn read_twins(dict: &mut Dict, folder: &Path, path: &str) -> Result<(), (String, Phrase)> {
    let setting = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for name in dict.keys().cloned().collect::<Vec<_>>() {
        let file = dict.get(&name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match name.strip_suffix("_file") {
            Some(base) if !file.is_empty() => {
                if dict.get(base).and_then(Value::as_str).is_some_and(|given| !given.is_empty()) {
                    return Err((setting(&name), Phrase::new("setting-two-ways").with("value", base)));
                }
                let secret = read_secret(&folder.join(&file)).map_err(|why| (setting(&name), why))?;
                dict.insert(base.to_owned(), Value::from(secret));
            }
            _ if matches!(name.as_str(), "key" | "token") || (name == "url" && path != "server") => {
                dict.entry(format!("{name}_file")).or_insert_with(|| Value::from(""));
            }
            _ => {}
        }
    }
    for (name, value) in dict.iter_mut() {
        match value {
            Value::Dict(_, inner) if name != "headers" => read_twins(inner, folder, &setting(name))?,
            Value::Array(_, elements) => {
                for (index, element) in elements.iter_mut().enumerate() {
                    if let Value::Dict(_, inner) = element {
                        read_twins(inner, folder, &setting(&format!("{name}.{index}")))?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A secret is one line; editors end it with a newline, which is not part of it.
fn read_secret(path: &Path) -> Result<String, Phrase> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error.to_string()))?;
    let secret = text.trim();
    if secret.is_empty() {
        return Err(unreadable(path, "empty"));
    }
    Ok(secret.to_owned())
}

/// An error at the place where the last layer that set `setting` did so.
pub(super) fn locate(figment: &Figment, layers: &[Layer], setting: &str, why: Phrase) -> ConfigError {
    let known = std::iter::successors(Some(setting), |path| path.rsplit_once('.').map(|(head, _)| head));
    let metadata = known.into_iter().find_map(|path| figment.find_metadata(path));
    let layer = metadata.and_then(|metadata| {
        layers.iter().rev().find(|layer| layer.origin.to_string().as_str() == metadata.name)
    });
    let place = layer.map_or_else(|| "config.default.toml".to_owned(), |layer| layer.place(setting));
    ConfigError::new(place, Some(setting), why)
}

/// What serde refused, in our words.
pub(super) fn refused(
    figment: &Figment,
    layers: &[Layer],
    defaults: &Dict,
    error: figment::Error,
) -> ConfigError {
    let mut setting = error.path.join(".");
    let mut hint = None;
    let why = match error.kind {
        Kind::UnknownField(name, siblings) => {
            let section = setting.strip_suffix(name.as_str()).unwrap_or(&setting).trim_end_matches('.');
            let full =
                |name: &str| if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
            let known: Vec<String> =
                siblings.iter().map(|sibling| full(sibling)).chain(paths(defaults)).collect();
            setting = full(&name);
            hint = nearest(&setting, known).map(|near| Phrase::new("setting-nearest").with("value", near));
            hint.get_or_insert_with(|| Phrase::new("setting-see"));
            Phrase::new("setting-unknown")
        }
        Kind::UnknownVariant(_, words) => {
            let words = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            Phrase::new("setting-one-of").with("value", words)
        }
        Kind::MissingField(name) => Phrase::new("setting-missing").with("value", name.into_owned()),
        Kind::Message(key) if i18n::has(Lang::En, &key) => Phrase::new(key),
        Kind::Message(why) => Phrase::new("setting-syntax").with("why", why),
        Kind::InvalidType(..)
        | Kind::InvalidValue(..)
        | Kind::InvalidLength(..)
        | Kind::DuplicateField(_)
        | Kind::ISizeOutOfRange(_)
        | Kind::USizeOutOfRange(_)
        | Kind::Unsupported(_)
        | Kind::UnsupportedKey(..) => expected(find(defaults, &setting)),
    };
    locate(figment, layers, &setting, why).hinted(hint)
}

fn line_at(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

/// The line a setting stands on, or the nearest thing around it.
fn line_of_setting(text: &str, setting: &str) -> Option<usize> {
    let around = std::iter::successors(Some(setting), |path| path.rsplit_once('.').map(|(head, _)| head));
    let spans = spans(text);
    around.into_iter().find_map(|path| {
        spans.iter().find(|(known, _)| known == path).map(|(_, start)| line_at(text, *start))
    })
}

/// Every key of a TOML text, tables included, as dotted path with its first byte, in the order of the text.
pub(super) fn spans(text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    if let Ok(table) = toml::de::DeTable::parse(text) {
        walk_table(table.get_ref(), "", &mut found);
    }
    found.sort_by_key(|(_, start)| *start);
    found
}

fn walk_table(table: &toml::de::DeTable<'_>, path: &str, found: &mut Vec<(String, usize)>) {
    for (key, value) in table {
        let name = key.get_ref();
        let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        walk(value.get_ref(), &path, found);
        found.push((path, key.span().start));
    }
}

fn walk(value: &DeValue<'_>, path: &str, found: &mut Vec<(String, usize)>) {
    match value {
        DeValue::Table(table) => walk_table(table, path, found),
        DeValue::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                let path = format!("{path}.{index}");
                walk(element.get_ref(), &path, found);
                found.push((path, element.span().start));
            }
        }
        _ => {}
    }
}
