//! Configuration: defaults, settings file, environment and flags, in that order, into one checked [`Config`].
//!
//! The defaults are `config.default.toml` itself. Nothing here reads the process's environment except
//! [`environment::process`], which `main` calls once; everything else takes it as an argument, so tests are alone with what
//! they give. Values that can never work are refused here with the setting's name and the place it was written; whether a
//! model exists or a market answers is the commands' business.

pub mod environment;
mod error;
mod layers;
mod markets;
mod sections;
mod show;
mod wire;

#[cfg(test)]
mod tests;

pub use error::ConfigError;
pub use markets::{Fal, IdleMarket, KeyRing, Kie, MAIN_KEY, MarketKey, Markets, Sandbox};
pub use sections::*;
pub use show::{Shown, json, text};

use crate::{args::Override, failure::Phrase};
use figment::{
    Figment,
    value::{Dict, Value},
};
use layers::{Layer, Origin};
use std::path::{Path, PathBuf};

/// What [`Config::load`] reads. Nothing else is looked at.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Where `palitra.toml` is looked for and relative paths of the environment start.
    pub folder: PathBuf,
    /// Data directory; its `config.toml` is read when there is no other file.
    pub data: PathBuf,
    /// `--config`: must exist when given.
    pub file: Option<PathBuf>,
    /// The whole environment, see [`environment::process`].
    pub environment: Vec<(String, String)>,
    pub flags: Vec<Override>,
}

/// The configuration and the story of how it came to be.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    /// The settings file that was read.
    pub file: Option<PathBuf>,
    /// Every setting with its value and origin, secrets redacted, in the order of the defaults.
    pub origins: Vec<Shown>,
    /// What was accepted and has no effect: for `config check`, `doctor` and the log of `serve`.
    pub warnings: Vec<Phrase>,
}

/// The text of `config.default.toml`.
pub const DEFAULTS: &str = include_str!("../../../../config.default.toml");

impl Config {
    pub fn load(inputs: &Inputs) -> Result<Loaded, ConfigError> {
        let defaults = layers::defaults();
        let file = layers::find_file(inputs)?;
        let (environment, warnings) = environment::layers(&inputs.environment, &defaults)?;
        let mut all = Vec::new();
        if let Some(file) = &file {
            all.push(layers::file(file)?);
        }
        all.extend(environment);
        for flag in &inputs.flags {
            let value = layers::typed(&defaults, flag.setting, &flag.text);
            let value = value.map_err(|why| ConfigError::new(flag.flag, Some(flag.setting), why))?;
            all.push(Layer::of(Origin::Flag(flag.flag), flag.setting, value));
        }
        let mut figment =
            Figment::from(Layer { origin: Origin::Default, dict: defaults.clone(), text: None });
        for layer in &mut all {
            layers::read_secret_files(layer, &inputs.folder)?;
            figment = figment.merge(&*layer);
        }
        let told = |setting: &str, why| layers::locate(&figment, &all, setting, why);
        let config: Config =
            figment.extract().map_err(|error| layers::refused(&figment, &all, &defaults, error))?;
        if let Some(problem) = config.problems().into_iter().next() {
            return Err(told(&problem.setting, problem.why));
        }
        let origins = show::origins(&figment, &defaults);
        Ok(Loaded { config, file, origins, warnings })
    }
}

/// The value at `markets.fal.slots` in nested tables.
fn find<'a>(dict: &'a Dict, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => dict.get(path),
        Some((head, rest)) => find(dict.get(head)?.as_dict()?, rest),
    }
}

/// Every setting of nested tables, as dotted paths; an empty table is a setting itself.
fn paths(dict: &Dict) -> Vec<String> {
    dict.iter()
        .flat_map(|(name, value)| match value.as_dict() {
            Some(inner) if !inner.is_empty() => {
                paths(inner).into_iter().map(|rest| format!("{name}.{rest}")).collect()
            }
            _ => vec![name.clone()],
        })
        .collect()
}

/// The known name that looks most like what was typed; nothing when none is near.
fn nearest(typed: &str, known: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let ranked = known.into_iter().map(|name| {
        let name = name.as_ref().to_owned();
        (palitra_domain::catalogue::distance(typed, &name), name)
    });
    ranked.min().filter(|(distance, name)| *distance <= name.len().div_ceil(3)).map(|(_, name)| name)
}

impl Inputs {
    /// Only a data directory: what tests start from.
    pub fn bare(data: &Path) -> Inputs {
        Inputs {
            folder: data.to_owned(),
            data: data.to_owned(),
            file: None,
            environment: Vec::new(),
            flags: Vec::new(),
        }
    }
}
