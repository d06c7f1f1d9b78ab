//! Inputs: from what somebody asks for to what a mode takes, checked strictly before any money moves (S3-21, R-02), and the files that
//! go along.

use crate::{Context, Error, Result, uploads};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use palitra_domain::{
    AccountId, AssetId, ErrorCode, Livemode,
    catalogue::{Fitted, Mode, Model, fit::ORIGINAL_PROMPT, input::Media},
    market::{ErrorClass, InputFile, MarketError},
    media_type::Kind,
};
use palitra_store::assets::StoredAsset;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

/// What is wrong with one field. Doors say it by `violation-<rule>` with `allowed`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// The field, in the words of whoever asked where there is such a word: `prompt`, `images`, `aspect_ratio`.
    pub path: String,
    pub rule: &'static str,
    /// What would have been right: the values, the limit, the type.
    pub allowed: String,
}

/// Compiled schemas that are kept: of two thousand modes few are in use.
const VALIDATORS_MAX: usize = 128;

/// Unknown names that are told at once.
const UNKNOWN_MAX: usize = 20;

/// Schemas of modes as they are checked, made when a mode is first used.
#[derive(Default)]
pub(crate) struct Validators(Mutex<HashMap<(String, String), Arc<Validator>>>);

impl Validators {
    fn of(&self, model: &Model, mode: &Mode) -> Result<Arc<Validator>> {
        let key = (model.id.clone(), mode.name.clone());
        if let Some(known) = self.kept().get(&key) {
            return Ok(known.clone());
        }
        let made = jsonschema::validator_for(&mode.input.schema()).map_err(|error| {
            let why = format!("the schema of `{}`, {} cannot be used: {error}", model.id, mode.name);
            Error::new(ErrorCode::Internal).with("why", why)
        })?;
        let made = Arc::new(made);
        let mut kept = self.kept();
        if kept.len() >= VALIDATORS_MAX {
            kept.clear();
        }
        kept.insert(key, made.clone());
        Ok(made)
    }

    /// What modes take has changed.
    pub(crate) fn forget(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String), Arc<Validator>>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Context {
    /// The wish in the names of the mode; everything that is wrong with it is named at once.
    pub fn fitted(&self, model: &Model, mode: &Mode, wish: &Value) -> Result<Fitted> {
        let fitted = mode.input.fit(wish);
        let mut violations = self.unknown_names(mode, wish);
        let validator = self.validators.of(model, mode)?;
        for error in validator.iter_errors(&fitted.body) {
            violations.extend(violation(&error, mode));
        }
        if violations.is_empty() { Ok(fitted) } else { Err(Error::of_input(violations)) }
    }

    /// A name that no mode of any model has is a typing mistake.
    fn unknown_names(&self, mode: &Mode, wish: &Value) -> Vec<Violation> {
        let catalogue = self.catalogue();
        let names = wish.as_object().into_iter().flatten().map(|(name, _)| name);
        let unknown = names.filter(|name| !catalogue.knows(name)).take(UNKNOWN_MAX);
        let own = mode
            .input
            .fields
            .iter()
            .map(|field| field.from.map_or(field.name.as_str(), |word| word.as_str()));
        let own = own.collect::<Vec<_>>().join(", ");
        unknown.map(|name| Violation { path: name.clone(), rule: "unknown", allowed: own.clone() }).collect()
    }

    /// The files of the account that an input names, each of a kind and size that its field takes.
    pub(crate) async fn checked_files(
        &self,
        (account, livemode): (&AccountId, Livemode),
        mode: &Mode,
        body: &Value,
    ) -> Result<()> {
        let named: Vec<(String, Media, String)> = mode
            .input
            .files(body)
            .map(|(field, media, name)| (path(mode, &field.name), media, name.to_owned()))
            .collect();
        if named.is_empty() {
            return Ok(());
        }
        let assets = self.assets_of(account, livemode, named.iter().map(|(.., name)| name.as_str())).await?;
        let mut violations = Vec::new();
        for (path, media, name) in named {
            let wrong = match assets.get(&name) {
                None if is_link(&name) => None,
                None => Some(("file", name)),
                Some(asset) => unfit(asset, media, self.preparer.is_some()),
            };
            violations.extend(wrong.map(|(rule, allowed)| Violation { path, rule, allowed }));
        }
        if violations.is_empty() { Ok(()) } else { Err(Error::of_input(violations)) }
    }

    /// Pictures that many inputs of a mode are to look at, each of the account and one that the mode takes; where it takes none, they have to
    /// be there nevertheless.
    pub(crate) async fn checked_pictures(
        &self,
        (account, livemode): (&AccountId, Livemode),
        mode: &Mode,
        names: &[String],
    ) -> Result<()> {
        let body = mode.input.fit(&serde_json::json!({ "images": names })).body;
        self.checked_files((account, livemode), mode, &body).await?;
        let assets = self.assets_of(account, livemode, names.iter().map(String::as_str)).await?;
        let is_picture = |name: &&String| {
            is_link(name) || assets.get(*name).is_some_and(|asset| asset.kind == Kind::Image.as_str())
        };
        let missing = names.iter().filter(|name| !is_picture(name)).map(|name| Violation {
            path: "references".to_owned(),
            rule: "file",
            allowed: name.clone(),
        });
        let violations: Vec<Violation> = missing.collect();
        if violations.is_empty() { Ok(()) } else { Err(Error::of_input(violations)) }
    }

    async fn assets_of<'a>(
        &self,
        account: &AccountId,
        livemode: Livemode,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, StoredAsset>> {
        let ids: Vec<AssetId> = names.filter_map(|name| AssetId::parse(name).ok()).collect();
        let account = account.clone();
        let found =
            self.store.read(move |tx| palitra_store::assets::of_account(tx, &account, livemode, &ids));
        Ok(found.await?.into_iter().map(|asset| (asset.id.to_string(), asset)).collect())
    }

    /// The bytes of the files that a request names. A file that is gone refuses the submission: nothing has been sent.
    pub(crate) async fn files_of(
        &self,
        (account, livemode): (&AccountId, Livemode),
        mode: &Mode,
        body: &Value,
    ) -> std::result::Result<Vec<InputFile>, MarketError> {
        let names: Vec<String> =
            mode.input.files(body).map(|(.., name)| name.to_owned()).filter(|name| !is_link(name)).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let unread = |why: String| MarketError::new(ErrorClass::InputFetch, why);
        let assets = self.assets_of(account, livemode, names.iter().map(String::as_str)).await;
        let assets = assets.map_err(|error| MarketError::new(ErrorClass::Unavailable, error.to_string()))?;
        let mut files: Vec<InputFile> = Vec::with_capacity(names.len());
        for name in names {
            if files.iter().any(|file| file.id == name) {
                continue;
            }
            let asset = assets.get(&name).ok_or_else(|| unread(format!("the file `{name}` is gone")))?;
            let bytes = self.whole(&asset.object_key).await.map_err(|error| unread(error.to_string()))?;
            files.push(InputFile {
                id: name,
                mime: asset.mime.clone(),
                extension: uploads::extension(&asset.object_key).to_owned(),
                bytes,
            });
        }
        Ok(files)
    }

    /// Pictures as the market takes them: without what says who took them where, and no larger than their fields allow.
    pub(crate) async fn prepared(
        &self,
        mut files: Vec<InputFile>,
        mode: &Mode,
        body: &Value,
    ) -> std::result::Result<Vec<InputFile>, MarketError> {
        let Some(preparer) = &self.preparer else { return Ok(files) };
        for file in files.iter_mut().filter(|file| file.mime.starts_with("image/")) {
            let limits = mode.input.files(body).filter(|(.., name)| *name == file.id);
            let limit = limits.map(|(_, media, _)| media.bytes_max).min().unwrap_or(u64::MAX);
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let prepared = preparer.prepare(file.bytes.clone(), limit).await;
            let prepared = prepared.map_err(|why| MarketError::new(ErrorClass::InputFetch, why))?;
            file.bytes = prepared.bytes;
            (file.mime, file.extension) = (prepared.mime.to_owned(), prepared.extension.to_owned());
        }
        Ok(files)
    }

    /// An object that is small enough to be held.
    pub async fn whole(&self, key: &str) -> std::io::Result<Bytes> {
        let body =
            self.objects.read(key).await.map_err(|error| std::io::Error::new(error.source.kind(), error))?;
        let whole = body.try_fold(BytesMut::new(), |mut whole, chunk| async move {
            whole.extend_from_slice(&chunk);
            Ok(whole)
        });
        Ok(whole.await?.freeze())
    }
}

/// A public address that the market opens itself.
fn is_link(name: &str) -> bool {
    name.starts_with("https://")
}

/// `shrinks`: a picture that has too many bytes is made smaller on its way.
fn unfit(asset: &StoredAsset, media: Media, shrinks: bool) -> Option<(&'static str, String)> {
    if asset.kind != media.kind.as_str() {
        return Some(("media", media.kind.as_str().to_owned()));
    }
    let is_too_large = u64::try_from(asset.bytes).unwrap_or(u64::MAX) > media.bytes_max;
    if is_too_large && !(shrinks && asset.kind == Kind::Image.as_str()) {
        return Some(("file-size", (media.bytes_max / 1_000_000).to_string()));
    }
    let pixels = asset.width.zip(asset.height).map(|(width, height)| width.saturating_mul(height));
    let limit =
        media.pixels_max.filter(|max| pixels.is_some_and(|pixels| u64::try_from(pixels).unwrap_or(0) > *max));
    limit.map(|max| ("pixels", (max / 1_000_000).to_string()))
}

/// The word that people know a field by.
fn path(mode: &Mode, name: &str) -> String {
    let field = mode.input.field(name);
    field.and_then(|field| field.from).map_or(name, |word| word.as_str()).to_owned()
}

/// What a schema says, in rules that doors have words for.
fn violation(error: &ValidationError<'_>, mode: &Mode) -> Vec<Violation> {
    let at = error.instance_path().as_str().trim_start_matches('/').replace('/', ".");
    let (head, rest) = at.split_once('.').map_or((at.as_str(), ""), |(head, rest)| (head, rest));
    let place = if rest.is_empty() { path(mode, head) } else { format!("{}.{rest}", path(mode, head)) };
    let one = |rule, allowed: String| vec![Violation { path: place.clone(), rule, allowed }];
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let path = if head.is_empty() { path(mode, name) } else { format!("{place}.{name}") };
            vec![Violation { path, rule: "missing", allowed: String::new() }]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| Violation { path: format!("{place}.{name}"), rule: "extra", allowed: String::new() })
            .collect(),
        ValidationErrorKind::Enum { options } => one("one-of", listed(options)),
        ValidationErrorKind::Constant { expected_value } => one("one-of", listed(expected_value)),
        ValidationErrorKind::Type { kind } => one("type", types(kind)),
        ValidationErrorKind::Minimum { limit } | ValidationErrorKind::ExclusiveMinimum { limit } => {
            one("least", limit.to_string())
        }
        ValidationErrorKind::Maximum { limit } | ValidationErrorKind::ExclusiveMaximum { limit } => {
            one("most", limit.to_string())
        }
        ValidationErrorKind::MinLength { limit } => one("shortest", limit.to_string()),
        ValidationErrorKind::MaxLength { limit } => one("longest", limit.to_string()),
        ValidationErrorKind::MinItems { limit } => one("fewest", limit.to_string()),
        ValidationErrorKind::MaxItems { limit } => one("many", limit.to_string()),
        // What a pattern or a choice of shapes means is told by who wrote it.
        _ => {
            let described = mode.input.field(head).and_then(|field| field.schema["description"].as_str());
            one("form", described.map_or_else(|| error.to_string(), str::to_owned))
        }
    }
}

fn listed(options: &Value) -> String {
    let options = options.as_array().map_or(std::slice::from_ref(options), Vec::as_slice);
    let texts =
        options.iter().map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned));
    texts.collect::<Vec<_>>().join(", ")
}

fn types(kind: &jsonschema::error::TypeKind) -> String {
    match kind {
        jsonschema::error::TypeKind::Single(kind) => kind.to_string(),
        jsonschema::error::TypeKind::Multiple(kinds) => {
            kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The prompt of an input, and what it was before it was translated.
pub(crate) fn prompt_of(input: &Value) -> &str {
    let text = |name: &str| input.get(name).and_then(Value::as_str);
    text("prompt").or_else(|| text("text")).or_else(|| text(ORIGINAL_PROMPT)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
